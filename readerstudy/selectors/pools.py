"""What pools hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from generation.core.labels import LESION_CLASSES, REAL, LesionClass
from generation.core.patch_set import PatchRow, PatchSetFolder, open_patch_set
from generation.models import PatchSet
from readerstudy.core.draw import Supply
from readerstudy.models import Pool


def pools() -> QuerySet[Pool]:
    """Every pool with its patch set."""
    return Pool.objects.select_related("patch_set", "patch_set__cohort", "patch_set__checkpoint")


def pools_by_source(chosen: Iterable[Pool]) -> dict[str, list[Pool]]:
    """Pools grouped by source, real first."""
    grouped: dict[str, list[Pool]] = {}
    for pool in sorted(chosen, key=lambda pool: (pool.source != REAL, pool.source, pool.name)):
        grouped.setdefault(pool.source, []).append(pool)
    return grouped


def offered_patch_sets() -> QuerySet[PatchSet]:
    """Finished patch sets, newest first."""
    return PatchSet.objects.filter(status=PatchSet.Status.FINISHED)


def opened(patch_set: PatchSet) -> PatchSetFolder:
    """Open a patch set; its index is read once per process."""
    return _opened(patch_set.folder, patch_set.sha256)


def counts(patch_set: PatchSet) -> list[tuple[LesionClass, int]]:
    """Patches per class, as the row says."""
    return [(lesion_class, patch_set.n_of(lesion_class)) for lesion_class in LESION_CLASSES]


def supply(pool: Pool) -> Supply:
    """What a draw needs to know about a pool."""
    folder = opened(pool.patch_set)
    return Supply(
        name=pool.name,
        labels=folder.labels(),
        patients=np.array([row.patient for row in folder.rows], dtype=np.str_),
    )


def indices(pool: Pool, lesion_class: LesionClass | None) -> NDArray[np.intp]:
    """Positions of a pool's patches, of one class or all."""
    folder = opened(pool.patch_set)
    return np.arange(len(folder)) if lesion_class is None else folder.indices_of(lesion_class)


@dataclass(frozen=True, slots=True)
class PatchLine:
    """One patch of a gallery and where it came from."""

    index: int
    row: PatchRow


def described(pool: Pool, chosen: Iterable[int]) -> list[PatchLine]:
    """Some patches of a pool with their origin."""
    rows = opened(pool.patch_set).rows
    return [PatchLine(index, rows[index]) for index in chosen]


@lru_cache(maxsize=8)
def _opened(folder: Path, sha256: str) -> PatchSetFolder:
    """The SHA-256 is part of the key: a folder made anew is another patch set."""
    return open_patch_set(folder)
