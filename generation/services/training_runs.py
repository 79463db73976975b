"""Start, stop and resume training runs, and record what they produce."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from generation import storage
from generation.core import presets
from generation.core.counting import counted
from generation.core.errors import InputError
from generation.core.seeds import check_seed
from generation.models import Checkpoint, Job, PatchSet, TrainingRun
from generation.services import naming
from generation.services.patience import patiently


@transaction.atomic
def create(
    *,
    patch_set: PatchSet,
    preset: str,
    seed: int,
    now: datetime,
    name: str = "",
    changes: Mapping[str, Any] | None = None,
) -> TrainingRun:
    """Queue a training of a preset on a finished patch set."""
    if patch_set.status != Job.Status.FINISHED:
        raise InputError(
            f'Patch set "{patch_set.name}" is {patch_set.status}; wait until it is finished, then train on it.'
        )
    if not patch_set.frames.is_paper:
        raise InputError(
            f'Patch set "{patch_set.name}" has {patch_set.frames.words}; the generators here learn only '
            "the seven frames of 64 x 64 pixels of the paper: train on these elsewhere and import what was drawn."
        )
    check_seed(seed)
    config = presets.preset(preset, **(changes or {}))
    name = naming.clean_name(name, default=f"{preset} on {patch_set.name}", kind="Training run")
    return TrainingRun.objects.create(
        name=name,
        slug=naming.numbered_slug(TrainingRun, name),
        patch_set=patch_set,
        preset=preset,
        config=config.to_dict(),
        seed=seed,
        n_total=config.n_steps,
        created_at=now,
    )


@transaction.atomic
def requeue(*, run: TrainingRun) -> bool:
    """Queue a stopped or failed run again; it goes on from its newest sound checkpoint."""
    closed = TrainingRun.objects.filter(pk=run.pk, status__in=[Job.Status.STOPPED, Job.Status.FAILED])
    reopened = closed.update(status=Job.Status.QUEUED, error="", finished_at=None, resumed_at_step=None)
    return reopened == 1


def delete(*, run: TrainingRun) -> None:
    """Delete a run that is not active, with its files; patch sets sampled from it forbid that."""
    with transaction.atomic():
        locked = TrainingRun.objects.select_for_update().get(pk=run.pk)
        if locked.is_active:
            raise InputError(f'Training run "{run.name}" is {locked.status}; stop it before deleting it.')
        sampled = PatchSet.objects.filter(checkpoint__run=locked).count()
        if sampled:
            n_sets, them = counted(sampled, "patch set"), "it" if sampled == 1 else "them"
            raise InputError(f'Training run "{run.name}" has {n_sets} sampled from it; delete {them} first.')
        folder = locked.folder
        locked.delete()
    storage.remove(folder)


@patiently
def describe_device(run: TrainingRun, *, device: str) -> None:
    """Store what the run computes on."""
    TrainingRun.objects.filter(pk=run.pk).update(device=device)


@patiently
def record_rate(run: TrainingRun, *, images_per_second: float) -> None:
    """Store the current speed in real patches per second."""
    TrainingRun.objects.filter(pk=run.pk).update(images_per_second=images_per_second)


def record_checkpoint(
    run: TrainingRun,
    *,
    step: int,
    sha256: Mapping[str, str],
    now: datetime,
    summary: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Store the row of a checkpoint whose folder is already complete."""
    row, _ = Checkpoint.objects.update_or_create(
        run=run,
        step=step,
        defaults={
            "name": f"{run.slug}-{step}",
            "source": run.source,
            "path": str(run.checkpoint_folder(step).relative_to(settings.READERSTUDY_DATA)),
            "sha256": dict(sha256),
            "summary": {**(summary or {}), "config": run.config, "seed": run.seed},
            "created_at": now,
        },
    )
    return row
