"""Scanned volumes: reading them with their geometry, comparing grids, resampling by physical coordinates.

Axial convention everywhere downstream: axes (slice, row, col) run towards superior, posterior and the patient's left
(DICOM "LPS"), so that row 0 is the anterior edge and an axial slice is one index of the first axis.
"""

import errno
import gzip
import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from generation.core import nifti_check, text_header
from generation.core.errors import InputError

SUFFIXES: Final = (".nii.gz", ".nii", ".nrrd", ".mha")
GRID_TOLERANCE_MM: Final = (
    0.01  # scanners and converters round positions; a hundredth of a millimetre is no other grid
)
SPACINGS_MM: Final = (0.01, 1000.0)  # side of a voxel; beyond them a header is damaged, or in other units
MAX_VOXELS: Final = 1 << 30  # of one volume; 512 x 512 x 1000 voxels are a quarter of it
_FORMATS: Final = {
    ".nii.gz": "NiftiImageIO",
    ".nii": "NiftiImageIO",
    ".nrrd": "NrrdImageIO",
    ".mha": "MetaImageIO",
}
_GZIP_LEVEL: Final = 1  # three times as fast as the default for 10 % more bytes

# ITK quotes paths in its warnings, and a path may hold a name.
sitk.ProcessObject.SetGlobalWarningDisplay(False)


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a volume lie.

    Attributes
    ----------
    size : voxels along x, y, z of the stored image
    spacing_mm : voxel size along the same axes
    origin_mm : centre of the first voxel in patient coordinates (LPS)
    direction : nine direction cosines, row by row
    """

    size: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    origin_mm: tuple[float, ...]
    direction: tuple[float, ...]

    def matches(self, other: "Grid") -> bool:
        """Say whether both grids have their corner voxels at the same places."""
        if self.size != other.size:
            return False
        return bool(np.all(np.abs(self._corners() - other._corners()) <= GRID_TOLERANCE_MM))

    def distance_mm(self, other: "Grid") -> float:
        """Largest distance between the corner voxels of two grids of one size."""
        return float(np.linalg.norm(self._corners() - other._corners(), axis=1).max())

    def _corners(self) -> NDArray[np.float64]:
        axes = np.reshape(self.direction, (3, 3)) * np.asarray(self.spacing_mm)
        far = np.asarray(self.size) - 1
        indices = np.array([np.zeros(3), [far[0], 0, 0], [0, far[1], 0], [0, 0, far[2]]])
        return np.asarray(indices @ axes.T + np.asarray(self.origin_mm), dtype=np.float64)

    def __str__(self) -> str:
        size = " x ".join(str(n) for n in self.size)
        spacing = " x ".join(f"{mm:.3g}" for mm in self.spacing_mm)
        origin = ", ".join(f"{mm:.4g}" for mm in self.origin_mm)
        return f"{size} voxels of {spacing} mm at ({origin})"


def find_volume(folder: Path, name: str) -> Path | None:
    """Path of the one file `name` + known suffix in a folder, or None.

    Raises
    ------
    InputError
        If there are several, for instance T2.nii and T2.nii.gz.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        raise InputError(
            f"Patient {folder.name} has {' and '.join(path.name for path in found)}; keep one of them."
        )
    return found[0] if found else None


def read_volume(path: Path) -> Any:
    """Read a three-dimensional scalar image, all of whose voxels are finite numbers.

    Returns
    -------
    SimpleITK.Image

    Raises
    ------
    InputError
        If the file cannot be read, is not three-dimensional and scalar, or holds NaN or infinity.
    """
    is_nifti = path.name.endswith((".nii", ".nii.gz"))
    n_bad = 0
    if is_nifti:
        n_bad = nifti_check.check(path)
    else:
        text_header.check(path)
    try:
        _check_promise(path, reader := _reader(path))
        image = reader.Execute()
    except RuntimeError as error:
        reason = (
            str(error).strip().splitlines()[-1].removeprefix("ITK ERROR: ").replace(str(path), path.name)
            if str(error).strip()
            else "no reason given"
        )
        raise InputError(
            f"{path.name} cannot be read ({reason}); export it again as NIfTI, NRRD or MHA."
        ) from None
    if image.GetDimension() != 3:
        raise InputError(
            f"{path.name} has {image.GetDimension()} dimensions; give one three-dimensional volume per frame."
        )
    if image.GetNumberOfComponentsPerPixel() != 1:
        n = image.GetNumberOfComponentsPerPixel()
        raise InputError(f"{path.name} has {n} values per voxel; give a grey-level volume with one.")
    check_spacing(image.GetSpacing(), path.name)
    values = voxels(image)
    if values.dtype.kind == "f":
        n_bad += int(np.count_nonzero(~np.isfinite(values)))
    if n_bad:
        raise InputError(
            f"{path.name} holds {n_bad} voxels that are NaN or infinite; every voxel needs a finite value."
        )
    return image


def check_spacing(spacing_mm: Sequence[float], name: str) -> None:
    """Refuse voxels of a size that no scan has; a file in metres, or a damaged one.

    Raises
    ------
    InputError
        Naming the size.
    """
    low, high = SPACINGS_MM
    if not all(low <= mm <= high for mm in spacing_mm):
        words = " x ".join(f"{mm:.3g}" for mm in spacing_mm)
        raise InputError(
            f"{name} has voxels of {words} mm; every side has to be between {low:g} and {high:g} mm: mend its header or export it again."
        )


def has_plain_path(path: Path) -> bool:
    """Say whether ITK can be given a path; one that is no UTF-8 would end the process."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _reader(path: Path) -> Any:
    """A reader for the format that the name says, and for no other of the many that ITK knows."""
    if not has_plain_path(path):
        raise InputError(
            f"The path of {path.name} holds bytes that are no UTF-8, which the reader cannot open; rename its folders."
        )
    reader = sitk.ImageFileReader()
    reader.SetImageIO(_FORMATS[next(suffix for suffix in SUFFIXES if path.name.endswith(suffix))])
    reader.SetFileName(str(path))
    return reader


def _check_promise(path: Path, reader: Any) -> None:
    """Refuse a header that promises more voxels than a scan has, before memory is taken for them."""
    reader.ReadImageInformation()
    n_voxels = math.prod(reader.GetSize()) * reader.GetNumberOfComponents()
    if n_voxels > MAX_VOXELS:
        raise InputError(f"{path.name} promises {n_voxels} voxels; the limit is {MAX_VOXELS}.")


def grid_of(image: Any) -> Grid:
    """Grid of a SimpleITK image."""
    return Grid(
        size=tuple(image.GetSize()),
        spacing_mm=tuple(image.GetSpacing()),
        origin_mm=tuple(image.GetOrigin()),
        direction=tuple(image.GetDirection()),
    )


def axial(image: Any) -> Any:
    """Flip and permute an image so that its axes run towards left, posterior, superior."""
    return sitk.DICOMOrient(image, "LPS")


def voxels(image: Any) -> NDArray[Any]:
    """View of an image's voxels, (slice, row, col), valid as long as the image lives."""
    return np.asarray(sitk.GetArrayViewFromImage(image))


def prepared_grid(image: Any, *, n_pixels: int, n_slices: int) -> Any:
    """Lay the grid of the prepared volume over a scan.

    The in-plane field of view is widened evenly to a square, so that pixels stay square, and divided
    into n_pixels x n_pixels; the slices cover the scanned slab.

    Parameters
    ----------
    image : scan of any orientation
    n_pixels : rows and columns of the result
    n_slices : axial slices of the result

    Returns
    -------
    SimpleITK.Image without content, in the axial convention

    Source: Haarburger 2019, section 3 (512x512x32); the square field of view is ours: scans need not be square.
    """
    scan = axial(image)
    size, spacing = np.asarray(scan.GetSize(), dtype=float), np.asarray(scan.GetSpacing())
    side_mm = float(max(size[0] * spacing[0], size[1] * spacing[1]))
    new_spacing = np.array([side_mm / n_pixels, side_mm / n_pixels, size[2] * spacing[2] / n_slices])
    centre = np.asarray(scan.TransformContinuousIndexToPhysicalPoint([float(n - 1) / 2 for n in size]))
    axes = np.reshape(scan.GetDirection(), (3, 3))
    half = (np.array([n_pixels, n_pixels, n_slices]) - 1) / 2
    grid = sitk.Image([n_pixels, n_pixels, n_slices], sitk.sitkUInt8)
    grid.SetSpacing(new_spacing.tolist())
    grid.SetDirection(scan.GetDirection())
    grid.SetOrigin((centre - axes @ (new_spacing * half)).tolist())
    return grid


def resample_linear(image: Any, grid: Any, *, outside: float) -> Any:
    """Interpolate an image linearly at the voxel centres of a grid.

    Parameters
    ----------
    outside : value where the image has no voxels

    Returns
    -------
    SimpleITK.Image of float32 on the grid
    """
    values = sitk.Cast(image, sitk.sitkFloat32)
    return sitk.Resample(values, grid, sitk.Transform(), sitk.sitkLinear, outside, sitk.sitkFloat32)


def resample_labels(image: Any, grid: Any) -> NDArray[np.uint16]:
    """Take the nearest voxel of a label image at the voxel centres of a grid; 0 outside.

    Returns
    -------
    (slice, row, col) uint16
    """
    result = sitk.Resample(
        sitk.Cast(image, sitk.sitkUInt16),
        grid,
        sitk.Transform(),
        sitk.sitkNearestNeighbor,
        0.0,
        sitk.sitkUInt16,
    )
    return np.asarray(sitk.GetArrayFromImage(result), dtype=np.uint16)


def write_volume(image: Any, path: Path) -> None:
    """Write voxels and geometry as .nii.gz, and nothing else of the file the image came from.

    Raises
    ------
    OSError
        If the disk is full; ITK would only print a line and leave half a file.
    """
    bare = like(image, voxels(image))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        plain = Path(folder) / "plain.nii"
        sitk.WriteImage(bare, str(plain))
        if plain.stat().st_size < voxels(bare).nbytes:
            raise OSError(errno.ENOSPC, "the file system took only a part of the file")
        with (
            plain.open("rb") as source,
            path.open("wb") as target,
            gzip.GzipFile("", "wb", _GZIP_LEVEL, target, mtime=0) as packed,
        ):
            shutil.copyfileobj(source, packed, 1 << 20)


def like(image: Any, array: NDArray[Any]) -> Any:
    """Make an image of other voxels in the same place; nothing but geometry is taken over."""
    result = sitk.GetImageFromArray(array)
    result.SetSpacing(image.GetSpacing())
    result.SetOrigin(image.GetOrigin())
    result.SetDirection(image.GetDirection())
    return result


def volume_from(
    array: NDArray[Any], *, spacing_mm: Sequence[float], origin_mm: Sequence[float] = (0.0, 0.0, 0.0)
) -> Any:
    """Make an image in the axial convention from (slice, row, col) voxels and spacing along x, y, z."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([float(mm) for mm in spacing_mm])
    image.SetOrigin([float(mm) for mm in origin_mm])
    return image
