"""What people do to their own accounts, told to the audit log of the instance."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.utils import timezone

from readerstudy.services import accounts as services

_FACTORS = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def _password_set(user: User, **_: Any) -> None:
    services.tell(user=user, verb="account.password_set", now=timezone.now())


def _email_changed(user: User, **_: Any) -> None:
    services.tell(user=user, verb="account.email_changed", now=timezone.now())


def _factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    factor = _FACTORS[Authenticator.Type(authenticator.type)]
    services.tell(user=user, verb="account.mfa_added", now=timezone.now(), factor=factor)


def _factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    factor = _FACTORS[Authenticator.Type(authenticator.type)]
    services.tell(user=user, verb="account.mfa_removed", now=timezone.now(), factor=factor)


def listen() -> None:
    """Connect to the signals of django-allauth."""
    for signal in (account.password_changed, account.password_set, account.password_reset):
        signal.connect(_password_set)
    account.email_changed.connect(_email_changed)
    mfa.authenticator_added.connect(_factor_added)
    mfa.authenticator_removed.connect(_factor_removed)
