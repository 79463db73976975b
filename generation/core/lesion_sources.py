"""From what a user has to an instance mask: label masks, boxes, points, or only the class of each breast.

Where a box, a point or a breast is all that is known, the lesion is what enhances there: the largest connected
part of T1_post1 - T1_pre above a threshold. It only serves to find centres, and what placed it is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from generation.core import breast_region, volumes
from generation.core.errors import InputError
from generation.core.labels import LesionClass
from generation.core.lesion_table import LesionRow
from generation.core.patient_scan import MAX_LESION

BLUR_MM: Final = 1.0  # noise must not break a lesion into voxels
MIN_SHARE_OF_BOX: Final = 0.02  # a smaller part is a vessel in the box, not its lesion
POINT_REACH_MM: Final = 25.0  # no part of a lesion lies farther from its point
SEED_REACH_MM: Final = 5.0  # points are set by hand
FALLBACK_RADIUS_MM: Final = 5.0
MIN_ENHANCEMENT: Final = 0.5  # of the signal before contrast; BI-RADS calls less than 50 % slow
STRONGEST_PERCENTILE: Final = 99.9  # of the breast; half of it separates a lesion from glandular tissue
MIN_AUTOMATIC_MM3: Final = 30.0  # a ball of 4 mm: smaller foci are not described as lesions
_FULL: Final = ndimage.generate_binary_structure(3, 3)


SliceOf = Callable[
    [int], int | None
]  # index on the stored slice axis of a slice counted from 1; None outside


@dataclass(frozen=True)
class PlacedLesions:
    """Lesions of one patient on the T1 grid.

    Attributes
    ----------
    mask : SimpleITK image, uint16 lesion numbers
    classes : class of each number
    origins : what placed each number: mask, segmentation, box, point or automatic
    told : sentences for the dry run
    """

    mask: Any
    classes: Mapping[int, LesionClass]
    origins: Mapping[int, str]
    told: tuple[str, ...] = ()


def from_labels(mask: Any, classes: Mapping[int, LesionClass], *, origin: str = "mask") -> PlacedLesions:
    """Turn a label mask, one value per class, into an instance mask, one number per connected part.

    Parameters
    ----------
    mask : SimpleITK image, uint16
    classes : class of each value of the mask; no_findings says that a value, for instance 0, is no lesion

    Raises
    ------
    InputError
        If the mask holds a value that has no class, or 0 is called a lesion.
    """
    values = volumes.voxels(mask)
    if classes.get(0, LesionClass.NO_FINDINGS) is not LesionClass.NO_FINDINGS:
        raise InputError("the value 0 of the mask is healthy tissue; give classes of lesions numbers from 1.")
    unknown = sorted({int(value) for value in np.unique(values) if value} - set(classes))
    if unknown:
        raise InputError(
            f"the mask holds the value {unknown[0]}, which has no lesion class; name it in the table."
        )
    numbers = np.zeros(values.shape, dtype=np.uint16)
    found: dict[int, LesionClass] = {}
    for value in sorted(one for one in classes if classes[one] is not LesionClass.NO_FINDINGS):
        parts, n_parts = ndimage.label(values == value, structure=_FULL)
        if len(found) + n_parts > MAX_LESION:
            raise InputError(f"the mask has more than {MAX_LESION} connected parts; draw lesions, not noise.")
        for part in range(1, n_parts + 1):
            found[len(found) + 1] = classes[value]
            numbers[parts == part] = len(found)
    told = (f"The mask holds classes; its {len(found)} connected parts became lesions.",)
    return PlacedLesions(volumes.like(mask, numbers), found, dict.fromkeys(found, origin), told)


def from_rows(rows: Sequence[LesionRow], images: Mapping[str, Any], *, slice_of: SliceOf) -> PlacedLesions:
    """Place lesions by the rows of a table.

    Parameters
    ----------
    rows : rows of one patient with a place each, or no_findings
    images : SimpleITK images with T1_pre and T1_post1
    slice_of : index along the stored slice axis of a slice counted from 1, None outside

    Raises
    ------
    InputError
        If a place lies outside the scan, or nothing enhances in a breast.
    """
    pre = images["T1_pre"]
    blurred = _enhancement(images)
    numbers = np.zeros(blurred.shape, dtype=np.uint16)
    classes: dict[int, LesionClass] = {}
    origins: dict[int, str] = {}
    told = []
    breasts: NDArray[np.uint8] | None = None
    for row in rows:
        if row.lesion_class is LesionClass.NO_FINDINGS:
            continue
        if row.box:
            found, how, origin = *_in_box(row.box, blurred, slice_of), "box"
        elif row.point or row.point_mm:
            found, how, origin = *_at_point(row, pre, blurred, slice_of), "point"
        else:
            breasts = _breasts(pre) if breasts is None else breasts
            found, how, origin = *_in_breast(row.breast, breasts, pre, blurred), "automatic"
        number = len(classes) + 1
        classes[number], origins[number] = row.lesion_class, origin
        numbers[found & (numbers == 0)] = number
        told.append(f"Lesion {number} ({row.lesion_class.words}) was placed by {how}.")
        if not np.any(numbers == number):
            raise InputError(f"lesion {number} lies wholly inside another one; give each lesion one row.")
    return PlacedLesions(volumes.like(pre, numbers), classes, origins, tuple(told))


def _enhancement(images: Mapping[str, Any]) -> NDArray[np.float32]:
    """T1_post1 - T1_pre, blurred, (slice, row, col)."""
    pre, post = (volumes.voxels(images[name]).astype(np.float32) for name in ("T1_pre", "T1_post1"))
    sigma = [BLUR_MM / mm for mm in reversed(images["T1_pre"].GetSpacing())]
    return np.asarray(ndimage.gaussian_filter(post - pre, sigma), dtype=np.float32)


def _in_box(
    box: tuple[int, ...], blurred: NDArray[np.float32], slice_of: SliceOf
) -> tuple[NDArray[np.bool_], str]:
    n_slices = min(box[1] - box[0] + 1, blurred.shape[0] + 1)  # a table may say billions
    slices = [slice_of(number) for number in range(box[0], box[0] + n_slices)]
    inside = np.zeros(blurred.shape, dtype=np.bool_)
    known = [number for number in slices if number is not None]
    if len(known) < len(slices) or box[3] > blurred.shape[1] or box[5] > blurred.shape[2]:
        size = " x ".join(str(n) for n in blurred.shape)
        raise InputError(
            f"a box (slices {box[0]} to {box[1]}, rows {box[2]} to {box[3]}, columns {box[4]} to {box[5]}) leaves the scan of {size} "
            "slices, rows and columns; count from 1 on the dynamic series."
        )
    region = (slice(min(known), max(known) + 1), slice(box[2] - 1, box[3]), slice(box[4] - 1, box[5]))
    part = blurred[region]
    bright = (
        part > breast_region.otsu_threshold(part) if part.min() < part.max() else np.zeros(part.shape, bool)
    )
    largest = _largest(bright & (part > 0))
    if np.count_nonzero(largest) >= MIN_SHARE_OF_BOX * part.size:
        inside[region] = largest
        return inside, "a box, as the largest part that enhances in it"
    grids = np.ogrid[tuple(slice(-1 + 1 / n, 1, 2 / n) for n in part.shape)]
    inside[region] = sum(grid**2 for grid in grids) <= 1
    return inside, "a box, in which nothing enhances: the ellipsoid that it encloses"


def _at_point(
    row: LesionRow, pre: Any, blurred: NDArray[np.float32], slice_of: SliceOf
) -> tuple[NDArray[np.bool_], str]:
    if row.point_mm:
        index = np.array(pre.TransformPhysicalPointToContinuousIndex(list(row.point_mm)))[::-1]
    else:
        position, line, column = row.point or (0, 0, 0)
        found = slice_of(position)
        index = np.array([-1.0 if found is None else found, line - 1, column - 1], dtype=np.float64)
    if np.any(index < -0.5) or np.any(index > np.array(blurred.shape) - 0.5):
        raise InputError(
            "a point lies outside the scan; write x_mm, y_mm, z_mm in patient coordinates, or slice, row, column counted from 1 on the dynamic series."
        )
    spacing = np.array(pre.GetSpacing())[::-1]
    axes = np.ogrid[tuple(slice(0, n) for n in blurred.shape)]
    distance = np.sqrt(
        sum(((axis - at) * mm) ** 2 for axis, at, mm in zip(axes, index, spacing, strict=True))
    )
    near = distance <= max(SEED_REACH_MM, float(distance.min()))
    seed = np.unravel_index(np.argmax(np.where(near, blurred, -np.inf)), blurred.shape)
    parts, _ = ndimage.label((blurred > blurred[seed] / 2) & (distance <= POINT_REACH_MM), structure=_FULL)
    if blurred[seed] > 0 and parts[seed]:
        return np.asarray(parts == parts[seed]), "a point, as the part around it above half its enhancement"
    ball = distance <= max(FALLBACK_RADIUS_MM, float(distance.min()))
    return np.asarray(ball), f"a point where nothing enhances: a ball of {FALLBACK_RADIUS_MM:g} mm"


def _breasts(pre: Any) -> NDArray[np.uint8]:
    """Breast region on the stored grid, (slice, row, col): RIGHT or LEFT of the patient."""
    scan = volumes.axial(pre)
    values = volumes.voxels(scan)
    padding = [(0, 0), *((0, n % 2) for n in values.shape[1:])]
    scaled = np.pad(np.asarray(values, dtype=np.float64), padding, mode="edge")
    low, high = float(scaled.min()), float(scaled.max())
    integers = np.rint((scaled - low) / (high - low) * 1023).astype(np.int16)
    spacing = scan.GetSpacing()
    region = breast_region.find(integers, (spacing[2], spacing[1], spacing[0]))
    kept = region.breasts[:, : values.shape[1], : values.shape[2]]
    return volumes.resample_labels(volumes.like(scan, kept), pre).astype(np.uint8)


def _in_breast(
    side: str, breasts: NDArray[np.uint8], pre: Any, blurred: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], str]:
    breast = breasts == (breast_region.LEFT if side == "left" else breast_region.RIGHT)
    if not breast.any():
        raise InputError(
            f"the {side} breast was not found in T1_pre; give the lesion a mask, a box or a point."
        )
    before = volumes.voxels(pre).astype(np.float32)
    # Voxel by voxel: fat, bright where it is not suppressed, would hide what enhances if the breast were averaged.
    enhances = breast & (blurred > MIN_ENHANCEMENT * before)
    limit = float(np.percentile(blurred[breast], STRONGEST_PERCENTILE)) / 2
    largest = _largest(enhances & (blurred > limit))
    volume_mm3 = np.count_nonzero(largest) * float(np.prod(pre.GetSpacing()))
    if volume_mm3 < MIN_AUTOMATIC_MM3:
        raise InputError(
            f"nothing of at least {MIN_AUTOMATIC_MM3:g} mm3 enhances by {MIN_ENHANCEMENT:.0%} in the {side} breast; give the lesion a mask, a box or a point."
        )
    return (
        largest,
        f"the label of the {side} breast: automatically, as the largest part that enhances ({volume_mm3:.0f} mm3); look at it",
    )


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Largest connected part of a mask."""
    parts, n_parts = ndimage.label(mask, structure=_FULL)
    if not n_parts:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())
