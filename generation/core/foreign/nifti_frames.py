"""Frames of one NIfTI file."""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from generation.core import nifti_check, volumes
from generation.core.errors import InputError
from generation.core.foreign.unreadable import UnreadableError
from generation.core.frame_set import MAX_FRAMES, MAX_SIDE


def read(path: Path) -> NDArray[Any]:
    """Read the slices of a 3D file, or the points in time of a 4D one, as frames.

    Pixels are taken as they lie in the file: nothing is turned or resampled.

    Returns
    -------
    (frames, height, width) as stored

    Raises
    ------
    UnreadableError
        Beginning with a small letter.
    """
    try:
        n_bad = nifti_check.check(path)
    except InputError as error:
        raise UnreadableError(
            str(error).replace(path.name, "the NIfTI")
        ) from None  # it may be a patient's name
    if n_bad:
        raise UnreadableError(f"{n_bad} pixels are NaN or infinite; write numbers.")
    if not volumes.has_plain_path(path):
        raise UnreadableError("the name of the NIfTI or of a folder around it is no UTF-8; rename it.")
    reader = sitk.ImageFileReader()
    reader.SetImageIO("NiftiImageIO")
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        _check_size(list(reader.GetSize()))
        found = np.asarray(sitk.GetArrayFromImage(reader.Execute()))
    except RuntimeError:
        raise UnreadableError("the NIfTI is damaged or truncated; write it again.") from None
    return found.reshape(-1, *found.shape[-2:]) if found.ndim > 2 else found[None]


def _check_size(size: list[int]) -> None:
    n_planes = [n for n in size[2:] if n > 1]
    words = " x ".join(map(str, size))
    if len(n_planes) > 1:
        raise UnreadableError(f"the NIfTI has {words} voxels; a patch has frames along one axis only.")
    if max(size[:2]) > MAX_SIDE or max(n_planes, default=1) > MAX_FRAMES:
        raise UnreadableError(
            f"the NIfTI has {words} voxels; a patch has at most {MAX_FRAMES} frames of {MAX_SIDE} x {MAX_SIDE}: cut patches first."
        )
