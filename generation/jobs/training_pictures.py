"""Contact sheets of a training: real patches once, and what the generator draws at every checkpoint."""

from pathlib import Path

import torch

from generation import storage
from generation.core import checkpoint, contact_sheet
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchSetFolder, open_patch_set
from generation.core.sampling import sample
from generation.models import TrainingRun

GRID_SEED = 1  # the same noise in every grid, so that progress can be seen
GRID_ROWS_PER_CLASS = 4


def draw_reference(row: TrainingRun, patch_set: PatchSetFolder) -> None:
    """Draw real patches once, under the window that the generated grids use too."""
    path = row.reference_grid_path
    if path.exists():
        return
    groups = _groups(patch_set)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet.draw(groups, white=_white(patch_set), n_columns=2).save(path)


def draw_grid(row: TrainingRun, folder: Path, step: int) -> None:
    """Draw what the generator of a checkpoint draws."""
    stored = checkpoint.load_generator(folder)
    wanted = {LESION_CLASSES[index]: GRID_ROWS_PER_CLASS for index in stored.classes}
    drawn = sample(stored, n_per_class=wanted, seed=GRID_SEED, device=torch.device("cpu"))
    groups = [(f"{row.source}, {lesion_class.words}", patches) for lesion_class, patches in drawn]
    white = _white(open_patch_set(storage.fetch(row.patch_set.folder)))
    path = row.grid_path(step)
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet.draw(groups, white=white, n_columns=2).save(path)


def _groups(patch_set: PatchSetFolder) -> list[tuple[str, Patches]]:
    groups = []
    for lesion_class in LESION_CLASSES:
        members = patch_set.indices_of(lesion_class)
        spread = members[:: max(1, len(members) // GRID_ROWS_PER_CLASS)][:GRID_ROWS_PER_CLASS]
        if len(spread):
            groups.append((f"real, {lesion_class.words}", patch_set.patches[spread]))
    return groups


def _white(patch_set: PatchSetFolder) -> tuple[float, float]:
    step = max(1, len(patch_set.patches) // 200)
    return contact_sheet.window(patch_set.patches[::step])
