"""Find the nearest real patch of every patch of a set."""

import logging
from collections.abc import Callable

import numpy as np
from django.utils import timezone

from generation.core import neighbours as core
from generation.core import presets, split_use
from generation.core.errors import InputError
from generation.core.neighbours import N_YARDSTICK
from generation.core.patch_set import PatchSetFolder, open_patch_set
from generation.jobs import sharing
from generation.jobs.patch_looking import reporter
from generation.models import Neighbours
from generation.services import jobs

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def run(neighbours_id: int, *, on_progress: Progress | None = None) -> None:
    """Do one queued search."""
    row = (
        Neighbours.objects.select_related("patch_set__checkpoint__run", "reference")
        .filter(pk=neighbours_id)
        .first()
    )
    if row is None or not jobs.claim(row, now=timezone.now()):
        return
    try:
        summary = _find(row, on_progress)
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        logger.exception("search for neighbours %s failed", row.pk)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        jobs.finish(row, now=timezone.now(), n_done=row.n_total, step_name="", summary=summary)


def _find(row: Neighbours, on_progress: Progress | None) -> dict[str, object]:
    patches = open_patch_set(sharing.fetch(row.patch_set.folder, row), verify=True)
    references = open_patch_set(sharing.fetch(row.reference.folder, row), verify=True)
    rows = _training_rows(row, references)
    found = core.find(
        patches.patches,
        references.patches,
        frame_set=patches.frame_set,
        rows=rows,
        patients=[one.patient for one in references.rows],
        on_block=reporter(row, "comparing", on_progress),
    )
    core.write(row.path, found.found)
    sharing.publish(row.path, row)
    median = float(np.median(found.yardstick)) if len(found.yardstick) else None
    return {
        "n_yardstick": len(found.yardstick),
        "of_patients": found.of_patients,
        "n_references": len(references) if rows is None else len(rows),
        "is_part": rows is not None,
        "median_real": median,
        "median": float(np.median(found.found["distance"])),
        "n_copies": int((found.found["distance"] == 0).sum()),
        "n_most": N_YARDSTICK,
    }


def _training_rows(
    row: Neighbours, references: PatchSetFolder
) -> "np.ndarray[tuple[int], np.dtype[np.intp]] | None":
    """Positions of the patches that the generator was trained on, where it saw only some patients."""
    run = row.patch_set.checkpoint.run if row.patch_set.checkpoint else None
    if not row.is_training_set or run is None:
        return None
    return split_use.training_rows(references, use_split=presets.from_dict(run.config).use_split)
