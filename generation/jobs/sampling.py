"""Sample a patch set from a checkpoint."""

import logging
import math
import shutil
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from generation import storage
from generation.core import checkpoint
from generation.core.errors import InputError
from generation.core.patch_set import PatchRow, PatchSetFolder, PatchSetWriter
from generation.core.sampling import sample
from generation.jobs import device as devices
from generation.jobs import sharing
from generation.models import PatchSet
from generation.services import generators, jobs, patch_sets
from generation.services.patience import patiently

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0

Progress = Callable[[int, int], None]


def run(patch_set_id: int, *, on_progress: Progress | None = None) -> None:
    """Draw the patches of one queued patch set."""
    row = PatchSet.objects.select_related("checkpoint").get(pk=patch_set_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    try:
        folder = _sample(row, on_progress or (lambda done, total: None))
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except Exception as error:
        logger.exception("sampling of patch set %s failed", row.slug)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        _finish(row, folder)


def give_up(row: PatchSet) -> None:
    """Leave nothing of a sampling that was interrupted."""
    if row.status == PatchSet.Status.STOPPED:
        _remove_remains(row)
        storage.remove(row.folder)


@patiently
def _finish(row: PatchSet, folder: PatchSetFolder) -> None:
    """Finish together with what follows: a worker that is killed here leaves a sampling that is begun again."""
    with transaction.atomic():
        jobs.finish(row, now=timezone.now(), n_done=row.n_total, step_name="", **patch_sets.counted(folder))
        _follow(row)


def _follow(row: PatchSet) -> None:
    """Call what the settings name, so that others can use what was drawn; their failure is no failure of it."""
    if settings.AFTER_SAMPLING and row.status == PatchSet.Status.FINISHED:
        try:
            with transaction.atomic():
                import_string(settings.AFTER_SAMPLING)(row.pk)
        except Exception:
            logger.exception("%s failed for patch set %s", settings.AFTER_SAMPLING, row.slug)


def _sample(row: PatchSet, on_progress: Progress) -> PatchSetFolder:
    device = devices.prepare()
    if row.checkpoint is None or row.seed is None:
        raise InputError(
            f'Patch set "{row.name}" names no checkpoint and seed to sample from; queue a sampling instead.'
        )
    _remove_remains(row)
    stored = checkpoint.load_generator(sharing.fetch(row.checkpoint.folder, row))
    wanted = generators.wanted_per_class(row)
    n_done, told_at = 0, -math.inf
    with PatchSetWriter(row.folder, source=row.source) as writer:
        for lesion_class, patches in sample(stored, n_per_class=wanted, seed=row.seed, device=device):
            writer.add(patches, [PatchRow("", lesion_class, None, None, None, None)] * len(patches))
            n_done += len(patches)
            on_progress(n_done, row.n_total)
            if monotonic() - told_at >= REPORT_SECONDS or n_done == row.n_total:
                jobs.report(row, n_done=n_done, n_total=row.n_total, step_name="sampling", now=timezone.now())
                told_at = monotonic()
        provenance = {
            "checkpoint": row.checkpoint.name,
            "checkpoint_sha256": dict(stored.sha256),
            "step": stored.step,
        }
        folder = writer.finish(provenance | {"seed": row.seed, "n_per_class": row.options["n_per_class"]})
    sharing.publish(row.folder, row)
    return folder


def _remove_remains(row: PatchSet) -> None:
    """Remove what a worker left that was killed after its last line, or while it published the patches."""
    for path in (row.folder, *row.folder.parent.glob(f".{row.slug}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)
