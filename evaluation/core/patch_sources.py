"""Patches of one lesion class by their positions in a patch set, in parts that fit in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core import frame_pictures
from evaluation.core.draws import Indices
from evaluation.core.rgb import to_rgb
from generation.core.frame_set import PAPER, FrameSet
from generation.core.frames import MAX_INTENSITY, PATCH_SIZE, SUB, Patches
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchSetFolder

PATCHES_READ: Final = 500  # of the paper's frames, held in memory at once, 29 MB


@dataclass(frozen=True)
class ClassPatches:
    """Chosen patches of one class.

    Parameters
    ----------
    patch_set : where they lie
    rows : (n,) their positions in the patch set
    """

    patch_set: PatchSetFolder
    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def frame_set(self) -> FrameSet:
        """What the frames are."""
        return self.patch_set.frame_set

    @property
    def patients(self) -> tuple[str, ...]:
        """Names of the patients, or nothing if a name is missing."""
        names = tuple(self.patch_set.rows[row].patient for row in self.rows)
        return names if all(names) else ()

    def first(self, n: int, rng: np.random.Generator) -> "ClassPatches":
        """Draw at most n of them, in ascending order."""
        if len(self) <= n:
            return self
        return ClassPatches(self.patch_set, self.rows[np.sort(rng.choice(len(self), n, replace=False))])

    def at(self, positions: Indices) -> "ClassPatches":
        """Choose by position among these."""
        return ClassPatches(self.patch_set, self.rows[positions])

    def patches(self) -> Patches:
        """Read them, (n, frames, height, width) int16."""
        return np.asarray(self.patch_set.patches[self.rows])

    def pictures(self) -> NDArray[np.uint8]:
        """T2, T1_pre and T1_post1 as 8-bit red, green and blue, (n, 3, 64, 64); of other frames see frame_pictures."""
        if not self.frame_set.is_paper:
            parts = [frame_pictures.pictures(part, self.frame_set) for _, part in self._parts()]
            return np.concatenate(parts) if parts else np.empty((0, 3, 1, 1), dtype=np.uint8)
        found = np.empty((len(self), 3, PATCH_SIZE, PATCH_SIZE), dtype=np.uint8)
        for start, part in self._parts():
            found[start : start + len(part)] = to_rgb(part)
        return found

    def small_frames(self) -> NDArray[np.float32]:
        """The six scanned frames at half resolution in 0..1, flattened, (n, 6144); of other frames see frame_pictures."""
        if not self.frame_set.is_paper:
            empty = self.patch_set.patches[:0]
            parts = [frame_pictures.small(part, self.frame_set) for _, part in self._parts()]
            return np.concatenate(parts or [frame_pictures.small(empty, self.frame_set)])
        found = np.empty((len(self), SUB * (PATCH_SIZE // 2) ** 2), dtype=np.float32)
        for start, part in self._parts():
            found[start : start + len(part)] = _halved(part)
        return found

    def _parts(self) -> Iterator[tuple[int, Patches]]:
        n_read = max(1, PATCHES_READ * PAPER.n_bytes // self.frame_set.n_bytes)
        for start in range(0, len(self), n_read):
            yield start, np.asarray(self.patch_set.patches[self.rows[start : start + n_read]])


def of_class(patch_set: PatchSetFolder, lesion_class: LesionClass) -> ClassPatches:
    """All patches of one class."""
    return ClassPatches(patch_set, patch_set.indices_of(lesion_class))


def _halved(patches: Patches) -> NDArray[np.float32]:
    n, _, height, width = patches.shape
    blocks = patches[:, :SUB].reshape(n, SUB, height // 2, 2, width // 2, 2)
    means: NDArray[np.float32] = blocks.mean(axis=(3, 5), dtype=np.float32)
    return means.reshape(n, -1) / np.float32(MAX_INTENSITY)
