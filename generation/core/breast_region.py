"""The breasts in a prepared volume: body -> in front of the chest wall -> right and left.

The rule is a few lines of anatomy, no trained network: two breasts rise in front of the sternum, so what lies
anterior to the skin over the sternum (and a little behind it) is breast, and the column where that skin is
deepest divides right from left.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

RIGHT: Final = 1  # of the patient: lower columns in the axial convention of `volumes`
LEFT: Final = 2

BEHIND_STERNUM_MM: Final = 10.0  # breast tissue reaches beside the sternum; the pectoral muscle lies deeper
MIN_PROTRUSION_MM: Final = 10.0  # a flatter slice lies above or below the breast
MIN_AREA_MM2: Final = 400.0  # of a breast in one slice, in front of the sternum
MAX_CUT_MM: Final = (
    20.0  # a nipple may leave the field of view; a wider contact with its edge is shoulder or arm
)
SKIN_MM: Final = 4.0  # centres lie under the skin, not in it
BLUR_MM: Final = 1.5
AIR_SHARE: Final = 0.02  # of the brightest tissue: about the level of noise in air
MAX_HOLE_MM2: Final = 400.0  # dark fluid or gland inside the breast is tissue; a lung is not
MIN_BODY_SHARE: Final = 0.02  # smaller components than this share of the largest are coil or noise
MIN_PIECE_SHARE: Final = 0.1  # a breast is one piece but for a thin slice between
MIDLINE_BAND_MM: Final = 10.0
_STEP: Final = 2  # the region is found on every second pixel


@dataclass(frozen=True)
class BreastRegion:
    """Where healthy tissue may be sampled.

    Attributes
    ----------
    breasts : (S, H, W) uint8, 0, RIGHT or LEFT
    body : (S, H, W) bool, tissue as against air
    midline : column between the breasts
    """

    breasts: NDArray[np.uint8]
    body: NDArray[np.bool_]
    midline: int


def find(
    volume: NDArray[np.integer], spacing_mm: tuple[float, float, float], *, first_row: int = 0
) -> BreastRegion:
    """Find both breasts.

    Parameters
    ----------
    volume : (S, H, W), any contrast in which tissue is brighter than air; H and W even
    spacing_mm : along slice, row, col
    first_row : most anterior row inside the scanned field of view

    Returns
    -------
    BreastRegion with empty `breasts` where the volume shows none
    """
    height, width = volume.shape[1:]
    coarse = volume.reshape(len(volume), height // _STEP, _STEP, width // _STEP, _STEP).mean(
        axis=(2, 4), dtype=np.float32
    )
    pixel_mm = (spacing_mm[1] * _STEP, spacing_mm[2] * _STEP)
    body = find_body(coarse, pixel_mm)
    surface = _surface_rows(body)
    midline = _midline(body, surface)
    deep = _erode(body, SKIN_MM / pixel_mm[0])
    is_cut = surface <= first_row / _STEP + SKIN_MM / pixel_mm[0]
    breasts = np.zeros(body.shape, dtype=np.uint8)
    for position in range(len(body)):
        breasts[position] = _breasts_of_slice(
            deep[position], surface[position], is_cut[position], midline, pixel_mm
        )
    for number in (RIGHT, LEFT):
        breasts[(breasts == number) & ~_largest_parts(breasts == number, MIN_PIECE_SHARE)] = 0
    if not breasts.any():
        breasts = _front_half(deep, midline)
    return BreastRegion(breasts=_enlarge(breasts), body=_enlarge(body), midline=midline * _STEP)


def find_body(volume: NDArray[np.float32], pixel_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Tell tissue from air.

    Parameters
    ----------
    volume : (S, H, W)
    pixel_mm : along row, col

    Returns
    -------
    (S, H, W) bool
    """
    blurred = ndimage.gaussian_filter(volume, (0.0, BLUR_MM / pixel_mm[0], BLUR_MM / pixel_mm[1]))
    if blurred.min() == blurred.max():
        return np.zeros(volume.shape, dtype=np.bool_)
    # In logarithms the step from air to muscle is larger than the one from muscle to fat; the summand keeps
    # the step from padding to noise small.
    logs = np.log(blurred - blurred.min() + AIR_SHARE * max(float(np.percentile(blurred, 99.5)), 1.0))
    body = logs > otsu_threshold(logs)
    body = ndimage.binary_opening(body, _CROSS)
    body = _largest_parts(body, MIN_BODY_SHARE)
    return _fill_small_holes(body, MAX_HOLE_MM2 / (pixel_mm[0] * pixel_mm[1]))


def otsu_threshold(values: NDArray[np.floating], n_bins: int = 256) -> float:
    """Split values into two groups of least variance within.

    Source: Otsu 1979, IEEE Trans. Syst. Man Cybern. 9:62, eq. 18.
    """
    counts, edges = np.histogram(values, bins=n_bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    weighted = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_below = weighted / below
        mean_above = (weighted[-1] - weighted) / above
        between = below * above * (mean_below - mean_above) ** 2
    return float(edges[1:][np.nanargmax(between[:-1])])


_CROSS: Final = ndimage.generate_binary_structure(2, 1)[None]


def _breasts_of_slice(
    deep: NDArray[np.bool_],
    surface: NDArray[np.intp],
    is_cut: NDArray[np.bool_],
    midline: int,
    pixel_mm: tuple[float, float],
) -> NDArray[np.uint8]:
    """Keep what protrudes in front of the sternum; without a sternum in the slice, all tissue hangs free."""
    height, width = deep.shape
    reach = max(1, round(MIDLINE_BAND_MM / pixel_mm[1]))
    band = surface[max(midline - reach, 0) : midline + reach + 1]
    has_sternum = np.count_nonzero(band < height) * 2 > len(band)
    sternum = int(np.median(band[band < height])) if has_sternum else height
    limit = sternum + round(BEHIND_STERNUM_MM / pixel_mm[0])
    breasts = np.zeros((height, width), dtype=np.uint8)
    gap = reach if has_sternum else 0  # over the sternum there is skin and fat, no breast
    for number, side in ((RIGHT, slice(0, max(midline - gap, 0))), (LEFT, slice(midline + gap, width))):
        if (sternum - surface[side].min(initial=height)) * pixel_mm[0] < MIN_PROTRUSION_MM:
            continue
        if np.count_nonzero(is_cut[side]) * pixel_mm[1] > MAX_CUT_MM:
            continue
        if np.count_nonzero(deep[:sternum, side]) * pixel_mm[0] * pixel_mm[1] >= MIN_AREA_MM2:
            breasts[:limit, side] = deep[:limit, side] * np.uint8(number)
    return breasts


def _surface_rows(body: NDArray[np.bool_]) -> NDArray[np.intp]:
    """First body row of every column, (S, W); H where the column is air."""
    return np.asarray(np.where(body.any(axis=1), body.argmax(axis=1), body.shape[1]))


def _midline(body: NDArray[np.bool_], surface: NDArray[np.intp]) -> int:
    """Column in the middle part of the body where the anterior skin lies deepest."""
    width = int(body.shape[2])
    columns = np.flatnonzero(body.any(axis=(0, 1)))
    if not len(columns):
        return width // 2
    middle, extent = (int(columns[0]) + int(columns[-1])) // 2, int(columns[-1]) - int(columns[0]) + 1
    window = slice(max(middle - extent // 6, 0), middle + extent // 6 + 1)
    depth = ndimage.gaussian_filter1d(surface.mean(axis=0), max(extent / 40, 1.0))
    deepest = np.flatnonzero(depth[window] >= depth[window].max() - 1e-9)
    return max(middle - extent // 6, 0) + int(deepest[len(deepest) // 2])


def _front_half(deep: NDArray[np.bool_], midline: int) -> NDArray[np.uint8]:
    """Fall back for one breast alone, which has no sternum beside it: the anterior half of the body."""
    breasts = np.zeros(deep.shape, dtype=np.uint8)
    rows = np.flatnonzero(deep.any(axis=(0, 2)))
    if len(rows):
        limit = (int(rows[0]) + int(rows[-1])) // 2 + 1
        side = (
            RIGHT
            if np.count_nonzero(deep[:, :, :midline]) >= np.count_nonzero(deep[:, :, midline:])
            else LEFT
        )
        breasts[:, :limit] = deep[:, :limit] * np.uint8(side)
    return breasts


def _erode(body: NDArray[np.bool_], n_pixels: float) -> NDArray[np.bool_]:
    """Keep the pixels of each slice whose disc lies in the body; the border of the volume is no outline."""
    radius = max(n_pixels, 1.5)
    reach = np.arange(-int(radius), int(radius) + 1)
    disc = reach[:, None] ** 2 + reach**2 <= radius**2
    return ndimage.binary_erosion(body, disc[None], border_value=1)


def _largest_parts(mask: NDArray[np.bool_], min_share: float) -> NDArray[np.bool_]:
    """Keep the connected parts that have at least a share of the largest one's voxels."""
    parts, n_parts = ndimage.label(mask)
    if n_parts < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= min_share * sizes.max())[parts])


def _fill_small_holes(body: NDArray[np.bool_], max_pixels: float) -> NDArray[np.bool_]:
    """Fill enclosed holes of each slice up to a size."""
    filled = body.copy()
    for plane in filled:
        holes, n_holes = ndimage.label(~plane)
        if n_holes:
            sizes = np.bincount(holes.ravel())
            small = sizes <= max_pixels
            small[0] = False
            border = np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]])
            small[border] = False
            plane |= small[holes]
    return filled


def _enlarge(coarse: NDArray[Any]) -> NDArray[Any]:
    return coarse.repeat(_STEP, axis=1).repeat(_STEP, axis=2)
