"""Pools offer patch sets to studies."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from generation.core.errors import InputError
from generation.core.storable import is_storable
from generation.models import PatchSet
from readerstudy.models import Pool, PoolExclusion
from readerstudy.selectors import pools as selectors
from readerstudy.services import audit
from readerstudy.services.naming import free_slug

MAX_REASON_LENGTH: Final = 200


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


@transaction.atomic
def exclude(*, pool: Pool, patch_index: int, reason: str, by: str, now: datetime) -> PoolExclusion:
    """Take a patch out of a pool: no study draws it from now on; studies that are frozen keep it."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= MAX_REASON_LENGTH:
        raise InputError(
            f"Say why in 1 to {MAX_REASON_LENGTH} characters; it is kept in the audit log.", field="reason"
        )
    if not is_storable(reason):
        raise InputError(
            f'The reason "{reason}" holds a character that no text has; write it again.', field="reason"
        )
    rows = selectors.opened(pool.patch_set).rows
    if not 0 <= patch_index < len(rows):
        raise InputError(f'The pool "{pool.name}" has no patch {patch_index}; it has {len(rows)}.')
    try:
        with transaction.atomic():
            exclusion = PoolExclusion.objects.create(
                pool=pool,
                patch_index=patch_index,
                lesion_class=rows[patch_index].lesion_class.value,
                reason=reason,
                excluded_by=by,
                excluded_at=now,
            )
    except IntegrityError:
        raise InputError(f"Patch {patch_index} is excluded already.") from None
    audit.write(
        study=None,
        actor=by,
        verb="pool.patch_excluded",
        now=now,
        pool=pool.slug,
        patch=patch_index,
        reason=reason,
    )
    return exclusion


@transaction.atomic
def restore(*, pool: Pool, patch_index: int, by: str, now: datetime) -> None:
    """Offer an excluded patch again."""
    n_deleted, _ = PoolExclusion.objects.filter(pool=pool, patch_index=patch_index).delete()
    if not n_deleted:
        raise InputError(f"Patch {patch_index} is not excluded.")
    audit.write(study=None, actor=by, verb="pool.patch_restored", now=now, pool=pool.slug, patch=patch_index)


@transaction.atomic
def delete(*, pool: Pool, by: str, now: datetime) -> None:
    """Delete a pool that no study uses; its patch set stays."""
    pool = Pool.objects.select_for_update().get(pk=pool.pk)
    used = list(pool.studies.values_list("name", flat=True)[:3])
    if used:
        raise InputError(
            f"The pool cannot be deleted: {', '.join(used)} {'draws' if len(used) == 1 else 'draw'} from it."
        )
    slug = pool.slug
    pool.delete()
    audit.write(study=None, actor=by, verb="pool.deleted", now=now, pool=slug)
