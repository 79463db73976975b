"""Sample a patch set from a checkpoint."""

import logging
from collections.abc import Callable

from django.utils import timezone

from generation.core import checkpoint
from generation.core.errors import InputError
from generation.core.patch_set import PatchRow, PatchSetFolder, PatchSetWriter
from generation.core.sampling import sample
from generation.jobs import device as devices
from generation.models import PatchSet
from generation.services import generators, jobs, patch_sets

logger = logging.getLogger(__name__)

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
        jobs.finish(row, now=timezone.now(), n_done=row.n_total, step_name="", **patch_sets.counted(folder))


def _sample(row: PatchSet, on_progress: Progress) -> PatchSetFolder:
    device = devices.prepare()
    if row.checkpoint is None or row.seed is None:
        raise InputError(
            f'Patch set "{row.name}" names no checkpoint and seed to sample from; queue a sampling instead.'
        )
    stored = checkpoint.load_generator(row.checkpoint.folder)
    wanted = generators.wanted_per_class(row)
    n_done = 0
    with PatchSetWriter(row.folder, source=row.source) as writer:
        for lesion_class, patches in sample(stored, n_per_class=wanted, seed=row.seed, device=device):
            writer.add(patches, [PatchRow("", lesion_class, None, None, None, None)] * len(patches))
            n_done += len(patches)
            on_progress(n_done, row.n_total)
            jobs.report(row, n_done=n_done, n_total=row.n_total, step_name="sampling", now=timezone.now())
        provenance = {
            "checkpoint": row.checkpoint.name,
            "checkpoint_sha256": dict(stored.sha256),
            "step": stored.step,
        }
        return writer.finish(provenance | {"seed": row.seed, "n_per_class": row.options["n_per_class"]})
