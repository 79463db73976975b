"""For each patch, the real patch that lies nearest in pixel space, and how near that is among real patches.

The test of memorisation in evaluation says whether a generator as a whole copies; this finds the one patch to lay beside
another, for a human to look at.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frame_set import FrameSet

BLOCK_BYTES: Final = 32 << 20  # of float32 rows in memory at a time, twice
N_YARDSTICK: Final = 2000  # real patches whose own nearest ones are the yardstick; more say nothing new
DTYPE: Final = np.dtype([("nearest", "<i8"), ("distance", "<f8"), ("n_nearer", "<i8")])

Patches = NDArray[np.int16]
Found = NDArray[Any]  # of DTYPE
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Neighbours:
    """Nearest real patches.

    Attributes
    ----------
    found : (N,) records: position of the nearest reference, root mean square difference of its pixels in stored grey levels,
        and how many of the yardstick's distances are smaller
    yardstick : ascending distances of real patches to their nearest real patch of another patient
    of_patients : the yardstick leaves out patches of the same patient; False where patients have no names
    """

    found: Found
    yardstick: NDArray[np.float64]
    of_patients: bool


def find(
    patches: Patches,
    references: Patches,
    *,
    frame_set: FrameSet,
    rows: NDArray[np.intp] | None = None,
    patients: Sequence[str] = (),
    on_block: Progress | None = None,
) -> Neighbours:
    """Find the nearest reference of every patch.

    Frames that are computed from others are left out: they would count the same difference twice.

    Parameters
    ----------
    patches, references : (N, frames, height, width) and (M, ...) int16, may be memory maps
    frame_set : of both
    rows : positions of the references to compare with, such as those of the training patients; None: all
    patients : one name per reference, "" where unknown; references of one patient are no yardstick for each other
    on_block : called with the pairs of blocks done and all of them

    Raises
    ------
    InputError
        If there is no reference.
    """
    chosen = np.arange(len(references)) if rows is None else rows
    if not len(chosen) or not len(patches):
        raise InputError("There is no patch to compare with; choose a patch set that has some.")
    frames = [place for place, name in enumerate(frame_set.names) if frame_set.subtraction_of(name) is None]
    names = np.array([patients[place] for place in chosen] if patients else [""] * len(chosen))
    of_patients = len(set(names.tolist()) - {""}) > 1
    every = -(-len(chosen) // N_YARDSTICK)  # spread evenly over the references
    probes = np.arange(0, len(chosen), every)
    size = max(1, BLOCK_BYTES // (len(frames) * frame_set.height * frame_set.width * 4))
    n_blocks = -(-len(chosen) // size)
    counter = _Counter((-(-len(patches) // size) + -(-len(probes) // size)) * n_blocks, on_block)
    search = _Search(references, chosen, frames, size, counter)
    nearest, distances = search.of(patches, np.arange(len(patches)))
    own = names[probes] if of_patients else None
    _, between = search.of(references, chosen[probes], is_self=True, groups=own, group_of=names)
    yardstick = np.sort(between[np.isfinite(between)])
    found = np.empty(len(patches), dtype=DTYPE)
    found["nearest"], found["distance"] = nearest, distances
    found["n_nearer"] = np.searchsorted(yardstick, distances)
    return Neighbours(found, yardstick, of_patients)


class _Counter:
    """Pairs of blocks that were compared."""

    def __init__(self, total: int, on_block: Progress | None) -> None:
        self.done, self.total, self.on_block = 0, total, on_block

    def step(self) -> None:
        self.done += 1
        if self.on_block:
            self.on_block(self.done, self.total)


class _Search:
    """Nearest among chosen references, block by block: memory does not grow with the sets."""

    def __init__(
        self,
        references: Patches,
        chosen: NDArray[np.intp],
        frames: Sequence[int],
        size: int,
        counter: _Counter,
    ) -> None:
        self.references, self.chosen = references, chosen
        self.frames, self.size, self.counter = list(frames), size, counter
        sample = self._rows(references, chosen[:: max(1, len(chosen) // 256)][:256])
        self.centre = np.rint(
            sample.mean(axis=0)
        )  # near zero, float32 products keep more; whole, so that all stays exact

    def of(
        self,
        queries: Patches,
        places: NDArray[np.intp],
        *,
        is_self: bool = False,
        groups: NDArray[np.str_] | None = None,
        group_of: NDArray[np.str_] | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Nearest reference and root mean square difference of some patches.

        Parameters
        ----------
        is_self : the queries are references, and none is its own neighbour
        groups, group_of : of the queries and of the chosen references; those of one group do not count
        """
        nearest = np.zeros(len(places), dtype=np.intp)
        distances = np.full(len(places), np.inf)
        for start in range(0, len(places), self.size):
            part = slice(start, start + self.size)
            rows = self._rows(queries, places[part]) - self.centre
            own = groups[part] if groups is not None else None
            for first in range(0, len(self.chosen), self.size):
                positions = self.chosen[first : first + self.size]
                others = self._rows(self.references, positions) - self.centre
                block = (others * others).sum(axis=1)[None] - 2.0 * (rows @ others.T)
                if is_self:
                    block[places[part][:, None] == positions[None]] = np.inf
                if own is not None and group_of is not None:
                    theirs = group_of[first : first + self.size]
                    block[(own[:, None] == theirs[None]) & (own[:, None] != "")] = np.inf
                best = block.argmin(axis=1)
                gaps = rows - others[best]  # of whole numbers: a copy is at 0 exactly
                exact = np.sqrt(np.einsum("ij,ij->i", gaps, gaps, dtype=np.float64) / gaps.shape[1])
                exact[~np.isfinite(block[np.arange(len(block)), best])] = np.inf
                is_nearer = exact < distances[part]
                distances[part] = np.where(is_nearer, exact, distances[part])
                nearest[part] = np.where(is_nearer, positions[best], nearest[part])
                self.counter.step()
        return nearest, distances

    def _rows(self, patches: Patches, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """(n, pixels) float32 of the compared frames."""
        block = np.stack([patches[place][self.frames] for place in places])
        return block.reshape(len(places), -1).astype(np.float32)


def write(path: Path, found: Found) -> None:
    """Store what was found under another name and rename it when it is whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            np.save(file, found, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, *, n_patches: int) -> Found | None:
    """Read what `write` wrote; None where it is missing, damaged or of another number of patches."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.dtype == DTYPE and found.shape == (n_patches,) else None
