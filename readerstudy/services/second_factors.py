"""Secrets of authenticator apps and recovery codes, as they lie in the database."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import connection, transaction

from readerstudy import sealing


def seal_stored() -> int:
    """Seal what an earlier version stored in the clear; how many rows there were."""
    if Authenticator._meta.db_table not in connection.introspection.table_names():
        return 0
    n_sealed = 0
    with transaction.atomic():
        for row in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).select_for_update():
            sealed = {name: _sealed(value) for name, value in row.data.items()}
            if sealed != row.data:
                Authenticator.objects.filter(pk=row.pk).update(data=sealed)
                n_sealed += 1
    return n_sealed


def _sealed(value: Any) -> Any:
    if isinstance(value, list):
        return [_sealed(one) for one in value]
    return sealing.seal(value) if isinstance(value, str) and not sealing.is_sealed(value) else value
