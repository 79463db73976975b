"""Preparation of one patient: every frame on one 512 x 512 x 32 grid with integers in 0..1023."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core import intensity, volumes
from generation.core.frames import DYNAMIC, SCANNED_FRAMES, T2
from generation.core.intensity import IntensityRange

N_PIXELS: Final = 512  # Haarburger 2019, section 3: "a fixed resolution of 512 x 512 x 32"
N_SLICES: Final = 32


@dataclass(frozen=True)
class PreparedPatient:
    """One patient on the prepared grid, axes (slice, row, col) in the axial convention of `volumes`.

    Attributes
    ----------
    frames : (6, 32, 512, 512) int16 in 0..1023, in the order of SCANNED_FRAMES
    lesions : (32, 512, 512) uint16, 0 or the number of a lesion
    spacing_mm : along slice, row, col
    first_row : most anterior row inside the scanned field of view; rows before it were added to make a square
    t1_limits, t2_limits : scanned values that became 0 and 1023
    """

    frames: NDArray[np.int16]
    lesions: NDArray[np.uint16]
    spacing_mm: tuple[float, float, float]
    first_row: int
    t1_limits: tuple[float, float]
    t2_limits: tuple[float, float]


def prepare(
    images: Mapping[str, Any],
    lesions: Any,
    *,
    intensity_range: IntensityRange = IntensityRange.MIN_MAX,
    n_pixels: int = N_PIXELS,
    n_slices: int = N_SLICES,
) -> PreparedPatient:
    """Bring one patient's frames and lesion mask onto the prepared grid.

    Every frame is interpolated once, straight from the grid it was scanned on (T2 by its own physical
    coordinates), because a second interpolation would blur it. Outside the scanned field of view lies air:
    the lowest value of the series.

    Parameters
    ----------
    images : SimpleITK images by frame name, all of SCANNED_FRAMES; the five T1 on one grid
    lesions : SimpleITK image of lesion numbers on the T1 grid

    Source: Haarburger 2019, section 3; intensity limits joint over the T1 series, so that Sub keeps its meaning.
    """
    grid = volumes.prepared_grid(images["T1_pre"], n_pixels=n_pixels, n_slices=n_slices)
    t1_limits = _t1_limits(images, intensity_range)
    t2_limits = intensity.limits_of([volumes.voxels(images[SCANNED_FRAMES[T2]])], intensity_range)
    frames = np.empty((len(SCANNED_FRAMES), n_slices, n_pixels, n_pixels), dtype=np.int16)
    for position, name in enumerate(SCANNED_FRAMES):
        frames[position] = _on_grid(images[name], grid, t2_limits if position == T2 else t1_limits)
    return PreparedPatient(
        frames=frames,
        lesions=volumes.resample_labels(lesions, grid),
        spacing_mm=_spacing_mm(grid),
        first_row=_first_scanned_row(images["T1_pre"], grid),
        t1_limits=t1_limits,
        t2_limits=t2_limits,
    )


@dataclass(frozen=True)
class PreparedT1Pre:
    """T1_pre of one patient as `prepare` makes it.

    Attributes
    ----------
    frame : (32, 512, 512) int16
    grid : SimpleITK image without content
    spacing_mm, first_row : as in PreparedPatient
    """

    frame: NDArray[np.int16]
    grid: Any
    spacing_mm: tuple[float, float, float]
    first_row: int


def prepare_t1_pre(images: Mapping[str, Any]) -> PreparedT1Pre:
    """Bring T1_pre alone onto the prepared grid, with the limits of the whole series.

    Parameters
    ----------
    images : SimpleITK images by frame name, all five T1
    """
    grid = volumes.prepared_grid(images["T1_pre"], n_pixels=N_PIXELS, n_slices=N_SLICES)
    return PreparedT1Pre(
        frame=_on_grid(images["T1_pre"], grid, _t1_limits(images, IntensityRange.MIN_MAX)),
        grid=grid,
        spacing_mm=_spacing_mm(grid),
        first_row=_first_scanned_row(images["T1_pre"], grid),
    )


def _t1_limits(images: Mapping[str, Any], intensity_range: IntensityRange) -> tuple[float, float]:
    return intensity.limits_of(
        [volumes.voxels(images[name]) for name in SCANNED_FRAMES[DYNAMIC]], intensity_range
    )


def _on_grid(image: Any, grid: Any, limits: tuple[float, float]) -> NDArray[np.int16]:
    resampled = volumes.resample_linear(image, grid, outside=limits[0])
    return intensity.to_integers(volumes.voxels(resampled), limits)


def _spacing_mm(grid: Any) -> tuple[float, float, float]:
    spacing = grid.GetSpacing()
    return spacing[2], spacing[1], spacing[0]


def _first_scanned_row(image: Any, grid: Any) -> int:
    scan = volumes.axial(image)
    added_mm = grid.GetSize()[1] * grid.GetSpacing()[1] - scan.GetSize()[1] * scan.GetSpacing()[1]
    return max(0, round(float(added_mm / 2 / grid.GetSpacing()[1])))
