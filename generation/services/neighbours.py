"""Ask for the nearest real patch of every patch of a set."""

from datetime import datetime

from django.db import transaction

from generation.core.errors import InputError
from generation.models import Job, Neighbours, PatchSet


@transaction.atomic
def request(*, patch_set: PatchSet, reference: PatchSet, now: datetime) -> Neighbours:
    """Queue the search; an earlier one of the patch set is replaced."""
    for one in (patch_set, reference):
        if one.status != Job.Status.FINISHED:
            raise InputError(f'The patch set "{one.name}" is {one.status}; wait until it is finished.')
    if patch_set.pk == reference.pk:
        raise InputError("A patch set is not compared with itself; choose the real patches.")
    if difference := patch_set.frames.difference_words(reference.frames):
        raise InputError(
            f'"{patch_set.name}" and "{reference.name}" have different frames ({difference}); choose real patches with the same ones.'
        )
    earlier = Neighbours.objects.select_for_update().filter(patch_set=patch_set).first()
    if earlier is not None and earlier.is_active:
        raise InputError("The nearest patches are already being looked for; wait, or stop that first.")
    if earlier is not None:
        earlier.delete()
    run = patch_set.checkpoint.run if patch_set.checkpoint else None
    return Neighbours.objects.create(
        patch_set=patch_set,
        reference=reference,
        is_training_set=run is not None and run.patch_set_id == reference.pk,
        created_at=now,
    )
