"""What pools hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from generation import storage
from generation.core.labels import LESION_CLASSES, REAL, LesionClass
from generation.core.patch_set import PatchRow, PatchSetFolder, open_patch_set
from generation.models import Neighbours, PatchSet
from generation.selectors import neighbours as neighbour_selectors
from generation.selectors.neighbours import Neighbour
from readerstudy.core.draw import Supply
from readerstudy.models import Case, Pool, PoolExclusion


def pools() -> QuerySet[Pool]:
    """Every pool with its patch set and what was taken out of it."""
    rows = Pool.objects.select_related("patch_set", "patch_set__cohort", "patch_set__checkpoint")
    return rows.prefetch_related("exclusions")


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


def offered(pool: Pool) -> list[tuple[LesionClass, int]]:
    """Patches per class that studies may draw: without those that were taken out."""
    return [(lesion_class, pool.n_of(lesion_class)) for lesion_class in LESION_CLASSES]


def n_excluded(pool: Pool) -> int:
    """How many patches were taken out."""
    return len(pool.exclusions.all())


def supply(pool: Pool) -> Supply:
    """What a draw needs to know about a pool."""
    folder = opened(pool.patch_set)
    taken_out = [one.patch_index for one in pool.exclusions.all()]
    excluded = np.isin(np.arange(len(folder)), taken_out) if taken_out else None
    return Supply(
        name=pool.name,
        labels=folder.labels(),
        patients=np.array([row.patient for row in folder.rows], dtype=np.str_),
        excluded=excluded,
    )


def indices(
    pool: Pool, lesion_class: LesionClass | None, *, is_excluded: bool | None = None
) -> NDArray[np.intp]:
    """Positions of a pool's patches, of one class or all, taken out, offered or both."""
    folder = opened(pool.patch_set)
    found = np.arange(len(folder)) if lesion_class is None else folder.indices_of(lesion_class)
    if is_excluded is None:
        return found
    return found[np.isin(found, [one.patch_index for one in pool.exclusions.all()], invert=not is_excluded)]


@dataclass(frozen=True, slots=True)
class PatchLine:
    """One patch of a gallery: where it came from, whether it was taken out, what it resembles."""

    index: int
    row: PatchRow
    exclusion: PoolExclusion | None
    neighbour: Neighbour | None
    neighbour_row: PatchRow | None


def described(pool: Pool, chosen: Sequence[int], *, neighbours: Neighbours | None = None) -> list[PatchLine]:
    """Some patches of a pool with their origin, and the real patch nearest to each where that is known."""
    rows = opened(pool.patch_set).rows
    taken_out = {one.patch_index: one for one in pool.exclusions.all()}
    nearest = neighbour_selectors.of_patches(neighbours, chosen)
    others = opened(neighbours.reference).rows if neighbours and nearest else ()
    return [
        PatchLine(
            index,
            rows[index],
            taken_out.get(index),
            found := nearest.get(index),
            others[found.index] if found else None,
        )
        for index in chosen
    ]


def frozen_with(pool: Pool, patch_index: int) -> list[str]:
    """Names of the studies that drew a patch when they were frozen."""
    cases = Case.objects.filter(patch_set=pool.patch_set, patch_index=patch_index)
    return sorted(set(cases.values_list("study__name", flat=True)))


@lru_cache(maxsize=8)
def _opened(folder: Path, sha256: str) -> PatchSetFolder:
    """The SHA-256 is part of the key: a folder made anew is another patch set."""
    return open_patch_set(storage.fetch(folder))
