"""Giving and taking roles in a study."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from readerstudy.core.errors import Refused
from readerstudy.models import Study, StudyRole
from readerstudy.services import audit

Role = StudyRole.Role


@transaction.atomic
def grant(*, study: Study, user: User, role: str, by: str, now: datetime) -> StudyRole:
    """Give an account a role; giving it again changes nothing."""
    _check(role)
    study = Study.objects.select_for_update().get(pk=study.pk)
    row, is_new = StudyRole.objects.get_or_create(
        study=study, user=user, role=role, defaults={"granted_by": by, "granted_at": now}
    )
    if is_new:
        audit.write(study=study, actor=by, verb="role.granted", now=now, user=user.username, role=role)
    return row


@transaction.atomic
def withdraw(*, study: Study, user: User, role: str, by: str, now: datetime) -> None:
    """Take a role away; a study keeps at least one owner."""
    _check(role)
    study = Study.objects.select_for_update().get(pk=study.pk)
    rows = StudyRole.objects.filter(study=study, user=user, role=role)
    if not rows.exists():
        return
    if role == Role.OWNER and not study.roles.filter(role=Role.OWNER).exclude(user=user).exists():
        raise Refused(
            f'{user.username} is the only owner of "{study.name}"; make somebody else an owner first.'
        )
    rows.delete()
    audit.write(study=study, actor=by, verb="role.withdrawn", now=now, user=user.username, role=role)


def _check(role: str) -> None:
    if role not in Role.values:
        raise Refused(f'The role "{role}" is unknown; choose one of {", ".join(Role.values)}.')


def make_owner_of_new(study: Study, *, by: str, now: datetime) -> None:
    """Whoever makes a study owns it; a command line without an account leaves it to the administrators."""
    if user := User.objects.filter(username=by).first():
        StudyRole.objects.create(study=study, user=user, role=Role.OWNER, granted_by=by, granted_at=now)
