"""Read which real patch lies nearest to a patch."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from generation import storage
from generation.core import neighbours as core
from generation.core.labels import REAL
from generation.models import Job, Neighbours, PatchSet
from generation.selectors import patch_sets


@dataclass(frozen=True)
class Neighbour:
    """The nearest real patch of one patch.

    Attributes
    ----------
    index : its position in the reference
    distance : root mean square difference of the pixels, grey levels
    n_nearer, n_yardstick : so many of the real patches lie nearer to a real patch of another patient
    """

    index: int
    distance: float
    n_nearer: int
    n_yardstick: int

    @property
    def is_copy(self) -> bool:
        return self.distance == 0

    @property
    def is_close(self) -> bool:
        """Nearer than nineteen in twenty real patches are to one of another patient."""
        return self.n_nearer < 0.05 * self.n_yardstick


def of(patch_set: PatchSet) -> Neighbours | None:
    """The search for neighbours of a patch set, in any state."""
    return Neighbours.objects.select_related("reference", "patch_set").filter(patch_set=patch_set).first()


def training_set(patch_set: PatchSet) -> PatchSet | None:
    """What the generator of a patch set was trained on, where this software trained it."""
    run = patch_set.checkpoint.run if patch_set.checkpoint else None
    return run.patch_set if run else None


def references(patch_set: PatchSet) -> QuerySet[PatchSet]:
    """Real patch sets of the same frame size that a patch set may be compared with."""
    frames = patch_set.frames
    return patch_sets.with_size(frames.height, frames.width).filter(source=REAL).exclude(pk=patch_set.pk)


def of_patches(row: Neighbours | None, indices: Iterable[int]) -> dict[int, Neighbour]:
    """Neighbours of some patches by their positions; empty before the search has finished."""
    if row is None or row.status != Job.Status.FINISHED:
        return {}
    found = _found(row)
    if found is None:
        return {}
    n_yardstick = int(row.summary.get("n_yardstick", 0))
    return {
        index: Neighbour(
            int(found["nearest"][index]),
            float(found["distance"][index]),
            int(found["n_nearer"][index]),
            n_yardstick,
        )
        for index in indices
    }


def nearest_first(row: Neighbours | None, indices: Iterable[int]) -> list[int]:
    """Positions of patches, those nearest to a real one first; as they come before the search has finished."""
    listed = list(indices)
    if row is None or row.status != Job.Status.FINISHED:
        return listed
    found = _found(row)
    return listed if found is None else sorted(listed, key=lambda index: float(found["distance"][index]))


def _found(row: Neighbours) -> core.Found | None:
    """What the search stored, whichever machine searched."""
    path = storage.piece(row.path)
    return core.read(path, n_patches=row.patch_set.n_patches) if path else None
