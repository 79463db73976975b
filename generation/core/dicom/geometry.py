"""Where images lie: positions along the slice normal, stacks without gaps, volumes in patient coordinates."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from generation.core import volumes
from generation.core.dicom.headers import ImageHeader
from generation.core.errors import InputError

SAME_POSITION_MM: Final = (
    0.05  # positions are written with rounding; slices lie at least half a millimetre apart
)
GAP_TOLERANCE: Final = 0.05  # of the slice spacing; beyond it a slice is missing or moved
MAX_SHEAR_MM: Final = 1.0  # in-plane drift over the whole stack


def normal(image: ImageHeader) -> NDArray[np.float64]:
    """Unit normal of an image: cross product of its row and column directions."""
    direction = np.asarray(image.orientation, dtype=np.float64)
    cross = np.cross(direction[:3], direction[3:])
    return np.asarray(cross / np.linalg.norm(cross), dtype=np.float64)


def place(image: ImageHeader) -> float:
    """Distance of an image from the scanner's centre along its own normal, mm.

    Source: DICOM PS3.3, C.7.6.2.1.1: ImagePositionPatient projected on the cross product of ImageOrientationPatient.
    """
    return float(normal(image) @ np.asarray(image.position_mm))


def by_place(images: Sequence[ImageHeader]) -> list[list[ImageHeader]]:
    """Collect the images that lie at the same place; places ascend."""
    ordered = sorted(images, key=place)
    groups: list[list[ImageHeader]] = []
    last = 0.0
    for image in ordered:
        here = place(image)
        if groups and here - last <= SAME_POSITION_MM:
            groups[-1].append(image)
        else:
            groups.append([image])
            last = here
    return groups


def slice_spacing_mm(images: Sequence[ImageHeader]) -> float:
    """Distance between neighbouring slices of a stack in ascending order.

    Raises
    ------
    InputError
        If a slice is missing, or slices drift sideways.
    """
    if len(images) == 1:
        return images[0].slice_thickness_mm or 1.0
    places = np.array([place(image) for image in images])
    gaps = np.diff(places)
    usual = float(np.median(gaps))
    worst = int(np.argmax(np.abs(gaps - usual)))
    if abs(gaps[worst] - usual) > GAP_TOLERANCE * usual:
        raise InputError(
            f"slices {worst + 1} and {worst + 2} of {named(images[0])} lie {gaps[worst]:.2f} mm apart where {usual:.2f} mm is usual; "
            "add the slice that is missing, or export the series again."
        )
    positions = np.array([image.position_mm for image in images])
    drift = (positions[-1] - positions[0]) - normal(images[0]) * (places[-1] - places[0])
    if float(np.linalg.norm(drift)) > MAX_SHEAR_MM:
        raise InputError(
            f"the slices of {named(images[0])} are shifted against each other by {np.linalg.norm(drift):.1f} mm; export it as an unsheared stack."
        )
    return float((places[-1] - places[0]) / (len(places) - 1))


def volume(images: Sequence[ImageHeader], planes: NDArray[Any]) -> Any:
    """Make a SimpleITK image of planes and the places of their headers.

    Parameters
    ----------
    images : n headers in ascending order along the normal
    planes : (n, rows, columns)
    """
    first = images[0]
    rows_mm, columns_mm = first.pixel_spacing_mm or (1.0, 1.0)
    along = np.asarray(first.orientation, dtype=np.float64)
    axes = np.column_stack([along[:3], along[3:], normal(first)])
    image = sitk.GetImageFromArray(planes)
    spacing_mm = [columns_mm, rows_mm, slice_spacing_mm(images)]
    volumes.check_spacing(spacing_mm, named(first))
    image.SetSpacing(spacing_mm)
    image.SetOrigin([float(mm) for mm in first.position_mm or (0.0, 0.0, 0.0)])
    image.SetDirection(_orthonormal(axes).ravel().tolist())
    return image


def angle_deg(first: ImageHeader, second: ImageHeader) -> float:
    """Angle between the slice normals of two images, 0 to 90 degrees."""
    cosine = abs(float(normal(first) @ normal(second)))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def axis_of(image: ImageHeader) -> str:
    """Axial, sagittal or coronal: the anatomical axis nearest to the slice normal."""
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(normal(image))))]


def overlap(image: Any, other: Any) -> float:
    """Share of an image's voxel centres (every few) that lie inside another image, 0 to 1."""
    size = np.asarray(image.GetSize())
    points = [np.linspace(0, n - 1, min(int(n), 9)) for n in size]
    inside = [
        other.TransformPhysicalPointToContinuousIndex(
            image.TransformContinuousIndexToPhysicalPoint([float(i), float(j), float(k)])
        )
        for i in points[0]
        for j in points[1]
        for k in points[2]
    ]
    indices, limit = np.asarray(inside), np.asarray(other.GetSize())
    return float(np.mean(np.all((indices >= -0.5) & (indices <= limit - 0.5), axis=1)))


def named(image: ImageHeader) -> str:
    """Name a series without its description, which may hold a name."""
    return f"series {image.series_number}" if image.series_number is not None else "a series without a number"


def _orthonormal(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest rotation: headers round direction cosines, and ITK refuses what is not orthonormal."""
    left, _, right = np.linalg.svd(axes)
    return np.asarray(left @ right, dtype=np.float64)
