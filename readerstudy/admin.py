"""Django's admin, for support staff: everything can be looked at, nothing changed behind the services' back."""

from django.contrib import admin
from django.http import HttpRequest

from readerstudy.models import AuditEvent, Invitation, Pool, Reader, ReadingSession, Study


class ReadOnly(admin.ModelAdmin):
    """Rows can be seen only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Pool)
class PoolAdmin(ReadOnly):
    list_display = ("name", "patch_set", "created_at")


@admin.register(Study)
class StudyAdmin(ReadOnly):
    list_display = ("name", "status", "created_at", "frozen_at", "closed_at")


@admin.register(Reader)
class ReaderAdmin(ReadOnly):
    list_display = ("pseudonym", "study", "group")
    exclude = ("name", "email", "language")  # nobody needs to know who it is in order to help


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("reader", "created_at", "revoked_at")
    exclude = ("public_id", "version")  # what a personal link is made of


@admin.register(ReadingSession)
class ReadingSessionAdmin(ReadOnly):
    list_display = ("invitation", "state", "started_at", "seen_at", "finished_at")
    exclude = ("public_id", "seat", "expertise", "seed", "algorithm")  # the way in, who it is, and the order


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("at", "study", "actor", "verb")
