"""Pools offer patch sets to studies."""

from datetime import datetime

from django.db import transaction

from generation.core.errors import InputError
from generation.models import PatchSet
from readerstudy.models import Pool
from readerstudy.services import audit
from readerstudy.services.naming import free_slug


@transaction.atomic
def create(*, name: str, patch_set: PatchSet, by: str, now: datetime) -> Pool:
    """Offer a finished patch set to studies."""
    name = name.strip()
    if patch_set.status != PatchSet.Status.FINISHED:
        raise InputError(
            f'The patch set "{patch_set.name}" is {patch_set.status}; a pool needs a finished one.'
        )
    pool = Pool.objects.create(name=name, slug=free_slug(Pool, name), patch_set=patch_set, created_at=now)
    audit.write(
        study=None,
        actor=by,
        verb="pool.created",
        now=now,
        pool=pool.slug,
        source=pool.source,
        patches_sha256=patch_set.sha256,
    )
    return pool
