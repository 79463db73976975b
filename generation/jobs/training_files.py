"""What other machines need of a training: each checkpoint with the losses up to it, and the pictures.

A checkpoint is published before the row that names it is written. So whichever worker takes a training up finds its newest
checkpoint, and goes on with the losses that led there. Without a bucket nothing here does anything.
"""

import logging
import shutil
from pathlib import Path

from generation import storage
from generation.jobs import sharing
from generation.models import Checkpoint, TrainingRun

logger = logging.getLogger(__name__)

HISTORY_SECONDS = 20.0  # between two looks at the losses from other machines


def patch_set_of(row: TrainingRun, *, is_first: bool) -> Path:
    """Folder of the patches, here; of several processes only the first one may speak for the row."""
    folder = row.patch_set.folder
    return sharing.fetch(folder, row) if is_first else storage.fetch(folder)


def begin(row: TrainingRun) -> None:
    """Have the losses of the published checkpoints here, or nothing of a training that has none."""
    if not storage.is_shared():
        return
    if not row.checkpoints.exists():
        storage.remove(row.folder)  # of a run of the same name, or of a worker that came to no checkpoint
        return
    try:
        found = storage.piece(row.history_path)
    except storage.StorageError as error:
        logger.warning("the losses of training run %s begin anew: %s", row.slug, error)
        return
    if found is not None and found != row.history_path:
        row.history_path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, row.history_path)


def fetch_checkpoint(stored: Checkpoint, row: TrainingRun) -> Path:
    """Folder of a checkpoint, here, with every byte compared."""
    return sharing.fetch(stored.folder, row, verify=True)


def share_checkpoint(row: TrainingRun, step: int, *, is_last: bool) -> bool:
    """Publish a checkpoint with its picture and losses; False where the bucket does not take it.

    A training goes on over a bucket that is away for a while: its next checkpoint will do. The last one has no next.
    """
    try:
        sharing.publish(row.grid_path(step), row)
        sharing.publish(row.history_path, row)
        sharing.publish(row.checkpoint_folder(step), row)
    except storage.StorageError as error:
        if is_last:
            raise
        logger.warning("the checkpoint of step %s of training run %s is not kept: %s", step, row.slug, error)
        return False
    return True


def share_picture(path: Path, row: TrainingRun) -> None:
    """Publish a picture; a training does not end for the lack of one."""
    try:
        sharing.publish(path, row)
    except storage.StorageError as error:
        logger.warning("a picture of training run %s was not published: %s", row.slug, error)


def share_history(row: TrainingRun) -> None:
    """Publish the losses so far, for the curves on other machines."""
    share_picture(row.history_path, row)
