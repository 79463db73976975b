"""The picture under construction: how much fat a voxel holds and what its water signals in each frame."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import SCANNED_FRAMES
from generation.core.phantom.grids import Array, Grid

Box = tuple[slice, slice, slice]


@dataclass
class Canvas:
    """Fat share and water signal of every voxel; painting replaces what was there, by shares."""

    grid: Grid
    fat: Array = field(init=False)  # (n_z, n_y, n_x) in 0..1
    water: Array = field(init=False)  # (6, n_z, n_y, n_x), frames in the order of SCANNED_FRAMES

    def __post_init__(self) -> None:
        self.fat = np.zeros(self.grid.shape, dtype=np.float32)
        self.water = np.zeros((len(SCANNED_FRAMES), *self.grid.shape), dtype=np.float32)

    def paint(self, where: NDArray[np.intp], share: Array, signal: Array) -> None:
        """Paint scattered voxels.

        Parameters
        ----------
        where : (n,) flat voxel indices, each at most once
        share : (n,) share of the voxel that the new tissue takes, 0..1
        signal : (6,) or (6, n) signal of the new tissue
        """
        touched = np.flatnonzero(share > 0.0)
        where, share = where[touched], share[touched]
        signal = signal[:, touched] if signal.ndim > 1 else signal
        rest = 1.0 - share
        self.fat.reshape(-1)[where] *= rest
        flat = self.water.reshape(len(self.water), -1)
        per_voxel = signal.reshape(len(signal), -1)
        for frame, values in zip(flat, per_voxel, strict=True):
            frame[where] = frame[where] * rest + values * share

    def paint_box(self, box: Box, share: Array, signal: Array) -> None:
        """Paint a box of voxels; `share` has its shape, `signal` is (6,) or (6, *shape)."""
        rest = 1.0 - share
        self.fat[box] *= rest
        per_voxel = signal.reshape(len(signal), *(share.shape if signal.ndim > 1 else (1, 1, 1)))
        water = self.water[(slice(None), *box)]
        water *= rest
        water += per_voxel * share


def box_around(grid: Grid, centre: tuple[float, float, float], reach: tuple[float, float, float]) -> Box:
    """Return the voxels within `reach` mm of `centre` along each axis (z, y, x), cut at the border."""
    slices = []
    for n, spacing, origin, mm, half in zip(
        grid.shape, grid.spacing, grid.origin, centre, reach, strict=True
    ):
        first = int(np.floor((mm - half - origin) / spacing))
        last = int(np.ceil((mm + half - origin) / spacing))
        slices.append(slice(min(max(first, 0), n), min(max(last + 1, 0), n)))
    return slices[0], slices[1], slices[2]


def offsets_in(grid: Grid, box: Box, centre: tuple[float, float, float]) -> tuple[Array, Array, Array]:
    """Distances in mm from `centre` along z (n, 1, 1), y (n, 1) and x (n,) for the voxels of a box."""
    z, y, x = (
        (origin + spacing * np.arange(part.start, part.stop) - mm).astype(np.float32)
        for part, spacing, origin, mm in zip(box, grid.spacing, grid.origin, centre, strict=True)
    )
    return z[:, None, None], y[:, None], x
