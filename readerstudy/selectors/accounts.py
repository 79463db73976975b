"""Accounts of the desk, for administrators and for their owners."""

from typing import Any, Final

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse

from readerstudy.models import AuditEvent

ADMINISTRATOR: Final = "administrator"
STUDY_ADMIN: Final = "study admin"
PLAIN: Final = "plain account"

# What each kind of account may do, for the pages that offer the choice.
KINDS: Final[dict[str, str]] = {
    ADMINISTRATOR: "Makes accounts, and holds an owner’s rights in every study of this instance.",
    STUDY_ADMIN: "Imports cohorts, trains generators, makes pools and studies; sees the studies it has a role in.",
    PLAIN: "Sees the studies it has a role in, nothing else.",
}


def accounts() -> "QuerySet[User]":
    """Every account with its kind, its studies, and whether it has a second factor."""
    may_add_study = Q(
        user_permissions__codename="add_study", user_permissions__content_type__app_label="readerstudy"
    )
    study_admins = User.objects.filter(may_add_study).values("pk")
    kind = Case(
        When(is_superuser=True, then=Value(ADMINISTRATOR)),
        When(pk__in=study_admins, then=Value(STUDY_ADMIN)),
        default=Value(PLAIN),
        output_field=CharField(),
    )
    state = Case(
        When(is_active=False, then=Value("deactivated")),
        When(last_login=None, then=Value("never signed in")),
        default=Value("active"),
        output_field=CharField(),
    )
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    return User.objects.annotate(
        kind=kind,
        state=state,
        has_mfa=Exists(factors),
        n_studies=Count("study_roles__study", distinct=True),
    )


def kind_of(user: User) -> str:
    """The kind of one account."""
    return str(vars(accounts().get(pk=user.pk))["kind"])


def factors_of(user: User) -> dict[str, Any]:
    """What an account signs in with besides its password."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    single = {row.type: row.wrap() for row in rows if row.type != Authenticator.Type.WEBAUTHN}
    return {
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "app": single.get(Authenticator.Type.TOTP),
        "codes": single.get(Authenticator.Type.RECOVERY_CODES),
        "is_protected": bool(rows),
    }


def password_path(user: User) -> str:
    """The address under which an account sets a password: works once, for some days, until it is used."""
    named = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return reverse("account_reset_password_from_key", kwargs=named)


def instance_events() -> "QuerySet[AuditEvent]":
    """The audit log of the instance, newest first: what belongs to no study."""
    return AuditEvent.objects.filter(study=None)
