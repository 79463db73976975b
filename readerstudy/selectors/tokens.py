"""Read tokens of the JSON interface."""

import hashlib
import hmac
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from readerstudy.models import ApiToken


def of_account(user: User) -> "QuerySet[ApiToken]":
    """Tokens of an account, newest first, with those that are over."""
    return ApiToken.objects.filter(user=user)


def behind(secret: str, *, now: datetime) -> ApiToken | None:
    """The token that somebody shows; None if it is unknown, revoked or over, or if its account is.

    It is looked up by its SHA-256, so that how long the look-up takes tells nothing about other tokens.
    """
    sha256 = sha256_of(secret)
    row = ApiToken.objects.select_related("user").filter(sha256=sha256).first()
    if row is None or not hmac.compare_digest(row.sha256, sha256):
        return None
    return row if is_valid(row, now=now) and row.user.is_active else None


def is_valid(row: ApiToken, *, now: datetime) -> bool:
    """Whether a token is neither revoked nor over."""
    return row.revoked_at is None and now < row.expires_at


def sha256_of(secret: str) -> str:
    """All that is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
