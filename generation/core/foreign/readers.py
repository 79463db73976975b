"""Read one file of patches or frames as an array; each format says what is wrong in one sentence.

Sentences begin small: whoever reads puts the place of the patch before them.
"""

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from generation.core import npy_file
from generation.core.foreign import dicom_frames, nifti_frames
from generation.core.foreign.files import Kind
from generation.core.foreign.unreadable import UnreadableError
from generation.core.frame_set import MAX_FRAMES, MAX_SIDE, MIN_SIDE

_GREY: Final = {
    "L": np.uint8,
    "I;16": np.uint16,
    "I;16B": np.uint16,
    "I;16L": np.uint16,
    "I": np.int32,
    "F": np.float32,
}
_COLOUR: Final = ("RGB", "RGBA", "P", "PA", "LA", "CMYK", "YCbCr", "HSV", "RGBX")
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

Frames = NDArray[Any]


def n_patches(path: Path) -> int | None:
    """Number of patches in a .npy of four dimensions; None where it holds one patch.

    Raises
    ------
    UnreadableError
        If it is no plain .npy.
    """
    array = open_array(path)
    return len(array) if array.ndim == 4 else None


def open_array(path: Path) -> Frames:
    """Map a .npy of numbers read-only.

    Returns
    -------
    (N, frames, height, width), (frames, height, width) or (height, width) integers or floats; where the frames are
    the last axis, a view that has them first

    Raises
    ------
    UnreadableError
        If it is no plain .npy, is truncated, holds Python objects or other dimensions.
    """
    try:
        array = npy_file.mapped(path)
    except npy_file.PickledError:
        raise UnreadableError(
            "the .npy holds Python objects (pickle), which are never opened; save an array of numbers."
        ) from None
    except (OSError, npy_file.DamagedError):
        raise UnreadableError("the .npy is damaged or truncated; save it again with numpy.save.") from None
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise UnreadableError("the .npy holds no plain numbers; save integers or floats.")
    if array.ndim not in (2, 3, 4) or 0 in array.shape:
        raise UnreadableError(
            f"the .npy has the shape {_shape(array)}; give (N, frames, height, width) for all patches or (frames, height, width) for one."
        )
    if array.ndim >= 3 and array.shape[-1] < MIN_SIDE <= min(array.shape[-3:-1]):
        return np.moveaxis(array, -1, -3)
    return array


def n_frames(path: Path, kind: Kind) -> int:
    """Number of frames in a file."""
    return len(read(path, kind))


def read(path: Path, kind: Kind) -> Frames:
    """Read the frames of one file.

    Returns
    -------
    (frames, height, width) as stored: integers or floats of any width

    Raises
    ------
    UnreadableError
        Beginning with a small letter, naming what is wrong and the mend.
    """
    try:
        if kind is Kind.NPY:
            array = open_array(path)
            if array.ndim == 4:
                raise UnreadableError(
                    "the .npy holds several patches; give one array of all, or one file per patch."
                )
            return np.array(array[None] if array.ndim == 2 else array)
        if kind is Kind.NIFTI:
            return nifti_frames.read(path)
        if kind is Kind.DICOM:
            return dicom_frames.read(path)
        return _picture(path, kind)
    except OSError as error:
        raise UnreadableError(
            f"the file cannot be read ({error.strerror or 'it ends too early'}); copy or export it again."
        ) from None
    except MemoryError:
        raise UnreadableError("the file needs more memory than there is; give smaller frames.") from None


def _picture(path: Path, kind: Kind) -> Frames:
    """Frames of a PNG or of the pages of a TIFF."""
    with path.open("rb") as file:
        start = file.read(8)
    if (start != _PNG_START) if kind is Kind.PNG else not start.startswith(_TIFF_STARTS):
        raise UnreadableError(f"the file is named like {kind.value} but is none; export it again.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=["PNG" if kind is Kind.PNG else "TIFF"]) as image:
                return _pages(image)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, IndexError, OverflowError,
                RuntimeError, Image.DecompressionBombError) as error:  # fmt: skip
            if isinstance(error, UnreadableError):
                raise
            raise UnreadableError(f"the {kind.value} is damaged or truncated; export it again.") from None


def _pages(image: Image.Image) -> Frames:
    count = int(getattr(image, "n_frames", 1))
    if count > MAX_FRAMES:
        raise UnreadableError(f"the file has {count} pages; a patch has at most {MAX_FRAMES} frames.")
    pages = []
    for number in range(count):
        image.seek(number)
        if max(image.size) > MAX_SIDE:
            raise UnreadableError(
                f"a frame has {image.size[1]} x {image.size[0]} pixels; a side has at most {MAX_SIDE}: cut patches first."
            )
        if image.mode in _COLOUR:
            raise UnreadableError("the picture is in colour; export grey values of 16 bits.")
        if image.mode not in _GREY:
            raise UnreadableError(
                f"the picture has pixels of the kind {image.mode}; export grey values of 16 bits."
            )
        pages.append(np.asarray(image, dtype=_GREY[image.mode]))
    if len({page.shape for page in pages}) > 1:
        raise UnreadableError("the pages have different sizes; all frames of a patch have one size.")
    return np.stack(pages)


def _shape(array: Frames) -> str:
    return " x ".join(str(n) for n in array.shape) or "one number"
