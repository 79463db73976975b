"""Making accounts of the desk, and what administrators do with them."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from generation.core.errors import InputError
from readerstudy.models import ApiToken
from readerstudy.selectors.accounts import ADMINISTRATOR, KINDS, STUDY_ADMIN, kind_of
from readerstudy.services import audit

MAX_USER_NAME_LENGTH = 150
_ONLY_ONE = "{name} is the only active administrator of this instance; make somebody else one first."


@transaction.atomic
def create(*, user_name: str, kind: str, by: str, now: datetime, name: str = "", email: str = "") -> User:
    """Make an account that cannot sign in until it has set a password by its link."""
    user_name, name, email = user_name.strip(), name.strip(), email.strip()
    _check_user_name(user_name)
    _check_email(email)
    user = User(username=user_name, first_name=name[:150], email=email, date_joined=now)
    user.set_unusable_password()
    user.save()
    if email:
        # Verified: an administrator vouches for it, and the link to the password goes there.
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    _make(user, kind)
    audit.write(study=None, actor=by, verb="account.made", now=now, user=user_name, kind=kind)
    return user


@transaction.atomic
def change_kind(*, user: User, kind: str, by: str, now: datetime) -> User:
    """Make an account an administrator, a study admin, or neither."""
    user, is_last_administrator = _locked_with_administrators(user)
    if kind == kind_of(user):
        return user
    if user.username == by:
        raise InputError("You cannot change what you are yourself; ask another administrator.")
    if is_last_administrator:
        raise InputError(_ONLY_ONE.format(name=user.username))
    _make(user, kind)
    audit.write(study=None, actor=by, verb="account.kind_changed", now=now, user=user.username, kind=kind)
    return user


@transaction.atomic
def deactivate(*, user: User, by: str, now: datetime) -> User:
    """Shut an account out: its sessions and API tokens stop working now, its roles and traces stay."""
    user, is_last_administrator = _locked_with_administrators(user)
    if user.username == by:
        raise InputError("You cannot deactivate yourself; ask another administrator.")
    if is_last_administrator:
        raise InputError(_ONLY_ONE.format(name=user.username))
    if user.is_active:
        user.is_active = False
        user.save(update_fields=["is_active"])
        n_tokens = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
        audit.write(
            study=None, actor=by, verb="account.deactivated", now=now, user=user.username, n_tokens=n_tokens
        )
    return user


@transaction.atomic
def activate(*, user: User, by: str, now: datetime) -> User:
    """Let a deactivated account in again."""
    user = _locked(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.write(study=None, actor=by, verb="account.activated", now=now, user=user.username)
    return user


@transaction.atomic
def reset_mfa(*, user: User, by: str, now: datetime) -> int:
    """Remove every second factor of an account whose telephone or key is lost; how many there were."""
    user = _locked(user)
    n_removed, _ = Authenticator.objects.filter(user=user).delete()
    if n_removed:
        audit.write(
            study=None, actor=by, verb="account.mfa_reset", now=now, user=user.username, n_removed=n_removed
        )
    return n_removed


def send_link(*, user: User, link: str, host: str, n_days: int, by: str, now: datetime) -> bool:
    """Send the link to set a password to the account's address; False if it has none or no mail could be sent."""
    audit.write(study=None, actor=by, verb="account.link_made", now=now, user=user.username)
    if not user.email:
        return False
    text = (
        f"Hello {user.first_name or user.username},\n\n"
        f"there is an account for you at {host}. Your user name is {user.username}.\n\n"
        f"Set your password here; the link works once and for {n_days} days:\n{link}\n\n"
        "If you did not expect this message, ignore it.\n"
    )
    try:
        send_mail(f"Reader Study: your account at {host}", text, None, [user.email])
    except OSError:
        return False
    return True


def tell(*, user: User, verb: str, now: datetime, **data: Any) -> None:
    """Write what somebody did to the own account into the audit log of the instance."""
    audit.write(study=None, actor=user.username, verb=verb, now=now, **data)


def _check_user_name(user_name: str) -> None:
    try:
        UnicodeUsernameValidator()(user_name)
    except ValidationError:
        raise InputError(
            f'The user name "{user_name}" cannot be used; write letters, digits and @ . + - _ only.',
            field="user_name",
        ) from None
    if len(user_name) > MAX_USER_NAME_LENGTH:
        raise InputError(
            f"The user name has {len(user_name)} characters; write at most {MAX_USER_NAME_LENGTH}.",
            field="user_name",
        )
    if User.objects.filter(username__iexact=user_name).exists():
        raise InputError(
            f'There is already an account with the user name "{user_name}"; choose another one.',
            field="user_name",
        )


def _check_email(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise InputError(f'"{email}" is not an e-mail address; correct or clear it.', field="email") from None
    if (
        User.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email).exists()
    ):
        raise InputError(
            f"Another account has the address {email}; each address is used once.", field="email"
        )


def _make(user: User, kind: str) -> None:
    if kind not in KINDS:
        raise InputError(f'The kind "{kind}" is unknown; choose one of {", ".join(KINDS)}.', field="kind")
    user.is_superuser = user.is_staff = kind == ADMINISTRATOR
    user.save(update_fields=["is_superuser", "is_staff"])
    may_add_study = Permission.objects.get(codename="add_study", content_type__app_label="readerstudy")
    if kind == STUDY_ADMIN:
        user.user_permissions.add(may_add_study)
    else:
        user.user_permissions.remove(may_add_study)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _locked_with_administrators(user: User) -> tuple[User, bool]:
    """Lock an account and every active administrator; whether the account is the only one of these.

    Two administrators who shut each other out at one moment wait here for each other, in the order of their numbers;
    the later one sees what the earlier one did.
    """
    wanted = Q(pk=user.pk) | Q(is_superuser=True, is_active=True)
    rows = list(User.objects.select_for_update().filter(wanted).order_by("pk"))
    [locked] = [row for row in rows if row.pk == user.pk]
    return locked, [row.pk for row in rows if row.is_superuser and row.is_active] == [user.pk]
