"""The real patches of a training and which of them it may see."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generation.core.errors import InputError
from generation.core.frames import N_FRAMES, PATCH_SIZE, Patches
from generation.core.presets import ClassSampling


@dataclass(frozen=True)
class TrainingPatches:
    """Real patches and their classes, sampled by index; `patches` may be a memory map.

    Attributes
    ----------
    patches : (N, 7, 64, 64) int16
    labels : (N,) int64, indices into LESION_CLASSES
    rows : (M,) positions that may be trained on, ascending; None: all of them
    """

    patches: Patches
    labels: NDArray[np.int64]
    rows: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        if len(self.patches) == 0:
            raise InputError("The patch set is empty; extract patches before training on them.")
        if self.patches.shape[1:] != (N_FRAMES, PATCH_SIZE, PATCH_SIZE):
            raise InputError(
                f"Patches of {' x '.join(map(str, self.patches.shape[1:]))} cannot be trained on; the networks draw "
                f"{N_FRAMES} frames of {PATCH_SIZE} x {PATCH_SIZE}, so import patches of your own generator instead."
            )
        if len(self.patches) != len(self.labels):
            raise InputError(
                f"There are {len(self.patches)} patches but {len(self.labels)} labels; both numbers must agree."
            )
        if self.rows is not None and len(self.rows) == 0:
            raise InputError(
                "No patch belongs to a training patient; train on all patients, or extract the patches again with another seed."
            )

    def __len__(self) -> int:
        return len(self.patches) if self.rows is None else len(self.rows)

    @cached_property
    def trained_labels(self) -> NDArray[np.int64]:
        """Class of every patch that may be trained on, (M,)."""
        return self.labels if self.rows is None else self.labels[self.rows]

    @property
    def classes(self) -> tuple[int, ...]:
        """Indices of the classes that occur."""
        return tuple(int(label) for label in np.unique(self.trained_labels))

    @property
    def n_bytes(self) -> int:
        """Bytes of the patches that may be trained on."""
        return len(self) * int(self.patches[0].nbytes)

    def at(self, positions: NDArray[np.int64]) -> Patches:
        """Read patches by their positions among those that may be trained on, (n, 7, 64, 64) int16."""
        return np.asarray(self.patches[positions if self.rows is None else self.rows[positions]])


@dataclass(frozen=True)
class ClassIndex:
    """Positions of patches by class, where the random numbers are drawn, so that a draw waits for nothing.

    Attributes
    ----------
    labels : (M,) class of every patch
    positions : (M,) sorted by class
    first, count : (K,) where each class begins in `positions`, and how many patches it has
    classes : (K,) the classes that occur
    """

    labels: Tensor
    positions: Tensor
    first: Tensor
    count: Tensor
    classes: Tensor

    @staticmethod
    def of(data: TrainingPatches, device: torch.device) -> "ClassIndex":
        """Sort the patches of a training by class."""
        labels = data.trained_labels
        classes, first, count = np.unique(np.sort(labels), return_index=True, return_counts=True)
        arrays = (labels, np.argsort(labels, kind="stable"), first, count, classes)
        return ClassIndex(*(torch.from_numpy(np.array(a, np.int64)).to(device) for a in arrays))

    def draw(self, n: int, sampling: ClassSampling, rng: torch.Generator) -> Tensor:
        """Draw positions of n patches with replacement: each class equally often, or as often as it occurs."""
        if sampling == "shuffle":
            return torch.randint(len(self.labels), (n,), generator=rng, device=rng.device)
        which = torch.randint(len(self.classes), (n,), generator=rng, device=rng.device)
        place = torch.rand(n, generator=rng, dtype=torch.float64, device=rng.device)
        return self.positions[self.first[which] + (place * self.count[which]).long()]

    def draw_classes(self, n: int, sampling: ClassSampling, rng: torch.Generator) -> Tensor:
        """Draw n classes as often as `draw` draws their patches."""
        if sampling == "shuffle":
            return self.labels[torch.randint(len(self.labels), (n,), generator=rng, device=rng.device)]
        return self.classes[torch.randint(len(self.classes), (n,), generator=rng, device=rng.device)]
