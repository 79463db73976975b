"""Secrets that lie in the database are sealed with a key made of DJANGO_SECRET_KEY, so that a copy of the database alone opens nothing."""

import base64
from functools import cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Neither base32 nor hexadecimal digits begin so: what lacks it was stored before there were seals.
_MARK: Final = "sealed1:"
_PURPOSE: Final = b"readerstudy.second_factor"


class WrongKey(ValueError):  # noqa: N818 - says what is the matter
    """What was sealed with another key than those of this instance, or changed since."""


def seal(text: str) -> str:
    """Encrypt and sign a secret."""
    return _MARK + _keys().encrypt(text.encode()).decode()


def is_sealed(text: str) -> bool:
    return text.startswith(_MARK)


def unseal(text: str) -> str:
    """Read what `seal` wrote; a secret from before there were seals is returned as it is.

    Raises
    ------
    WrongKey
        If no key of this instance opens it.
    """
    if not is_sealed(text):
        return text
    try:
        return _keys().decrypt(text.removeprefix(_MARK).encode()).decode()
    except InvalidToken:
        raise WrongKey from None


def _keys() -> MultiFernet:
    return _made_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@cache
def _made_of(secret_keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(one))) for one in secret_keys])


def _derived(secret_key: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
