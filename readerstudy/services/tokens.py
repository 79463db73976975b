"""Make and revoke tokens of the JSON interface."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from readerstudy.core.errors import Refused
from readerstudy.models import ApiToken
from readerstudy.selectors import tokens as selectors
from readerstudy.services import audit

PREFIX: Final = "rst_"  # so that a token in a wrong place can be told for what it is
START_LENGTH: Final = len(PREFIX) + 5
MAX_NAME_LENGTH: Final = 100
MAX_DAYS: Final = 366
MAX_TOKENS: Final = 50  # of one account that are neither revoked nor over
USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; the secret is known only now."""

    row: ApiToken
    secret: str = field(repr=False)


@transaction.atomic
def make(*, user: User, name: str, can_write: bool, n_days: int, now: datetime) -> NewToken:
    """Give an account a token that acts with its rights until it is over."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH:
        raise Refused(f"The name has {len(name)} characters; write 1 to {MAX_NAME_LENGTH}.")
    if not 1 <= n_days <= MAX_DAYS:
        raise Refused(f"{n_days} days is outside 1 to {MAX_DAYS}; give a number in that range.")
    usable = selectors.of_account(user).filter(revoked_at=None, expires_at__gt=now)
    if usable.count() >= MAX_TOKENS:
        raise Refused(f"The account has {MAX_TOKENS} tokens, the most there can be; revoke one first.")
    secret = PREFIX + secrets.token_urlsafe(32)  # 256 random bits
    row = ApiToken.objects.create(
        user=user,
        name=name,
        start=secret[:START_LENGTH],
        sha256=selectors.sha256_of(secret),
        can_write=can_write,
        created_at=now,
        expires_at=now + timedelta(days=n_days),
    )
    audit.write(
        study=None,
        actor=user.get_username(),
        verb="token.made",
        now=now,
        name=name,
        start=row.start,
        can_write=can_write,
        expires_at=row.expires_at.isoformat(),
    )
    return NewToken(row, secret)


@transaction.atomic
def revoke(*, token: ApiToken, by: str, now: datetime) -> None:
    """End a token for good; revoking it again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1:
        audit.write(study=None, actor=by, verb="token.revoked", now=now, name=token.name, start=token.start)


def note_use(*, token: ApiToken, now: datetime) -> None:
    """Remember when a token was last used, to the minute: most requests write nothing."""
    if token.used_at is not None and now - token.used_at < USE_IS_NOTED_EVERY:
        return
    is_due = Q(used_at=None) | Q(used_at__lte=now - USE_IS_NOTED_EVERY)
    ApiToken.objects.filter(is_due, pk=token.pk).update(used_at=now)
