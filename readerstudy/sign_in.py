"""What this instance decides for django-allauth: nobody signs up, and what its forms say."""

import base64
import logging
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from readerstudy import sealing

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Administrators make accounts; the sentences are ours."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "The user name or the password is wrong.",
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "too_many_login_attempts": "Too many failed attempts. Wait five minutes, then try again.",
        "rate_limited": "Too many attempts. Wait a few minutes, then try again.",
        "incorrect_password": "The password is wrong.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):
    """Names for new passkeys; secrets are stored sealed."""

    def encrypt(self, text: str) -> str:
        """Seal the secret of an authenticator app, or the seed of recovery codes."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Read a stored secret; one that this instance's key does not open matches no code that anybody can type."""
        try:
            return sealing.unseal(encrypted_text)
        except sealing.WrongKey:
            logger.error(
                "a second factor was stored with another DJANGO_SECRET_KEY and cannot be used; give the old key back, "
                "or remove the second factors of that account"
            )
            return base64.b32encode(secrets.token_bytes(40)).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - named by allauth
        from allauth.mfa.models import Authenticator  # models are not there yet when this module is read

        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"


class SignInForm(LoginForm):
    """User name or e-mail, and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password, remember = (self.fields[name] for name in ("login", "password", "remember"))
        login.label, remember.label = "Username or e-mail", "Stay signed in here for 14 days"
        login.widget.attrs = {"autocomplete": "username webauthn", "autofocus": True}
        password.widget.attrs = {"autocomplete": "current-password"}
        password.help_text = ""
