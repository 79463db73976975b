"""Frames of one multi-frame DICOM file; nothing of it but pixels is kept."""

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array

from generation.core.dicom.headers import names_in
from generation.core.foreign.unreadable import UnreadableError
from generation.core.frame_set import MAX_FRAMES, MAX_SIDE

_HEADER_TAGS: Final = [
    "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "BurnedInAnnotation", "RescaleSlope",
    "RescaleIntercept", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "BitsAllocated", "SOPClassUID",
]  # fmt: skip


def read(path: Path) -> NDArray[Any]:
    """Read the pixels of a file as measured values: slope and intercept are applied.

    Returns
    -------
    (frames, height, width)

    Raises
    ------
    UnreadableError
        Beginning with a small letter; it quotes nothing of the file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_HEADER_TAGS)
            count, rows, columns = (
                int(header.get(name) or 1) for name in ("NumberOfFrames", "Rows", "Columns")
            )
        except OSError:
            raise
        except Exception:  # whatever a damaged header makes pydicom raise; its words may quote the file
            raise UnreadableError("the DICOM file is damaged or truncated; export it again.") from None
        try:
            _check(header, count, rows, columns)
            slopes = _slopes(header, count)
        except UnreadableError:
            raise
        except Exception:
            raise UnreadableError(
                "the DICOM file holds values in its header that cannot be read; export it again."
            ) from None
        try:
            pixels = np.asarray(pixel_array(path)).reshape(-1, rows, columns)
        except Exception:
            raise UnreadableError(
                "the pixels of the DICOM file are truncated, damaged or compressed in a way that is not read; export it uncompressed."
            ) from None
    if np.all(slopes == (1.0, 0.0)):
        return pixels
    measured = pixels * slopes[:, :1, None] + slopes[:, 1:, None]
    return measured if np.any(slopes % 1) else np.rint(measured).astype(np.int32)


def identity_words(path: Path) -> frozenset[str]:
    """Words of the patient's name and number, to compare typed words with; never kept."""
    return names_in(path)


def _check(header: Dataset, count: int, rows: int, columns: int) -> None:
    if int(header.get("SamplesPerPixel") or 1) != 1:
        raise UnreadableError("the DICOM file is in colour; it may be a screenshot: export the grey values.")
    if str(header.get("BurnedInAnnotation") or "").upper() == "YES":
        raise UnreadableError(
            "the DICOM file says that text is burned into its pixels; give files without it."
        )
    if str(header.get("PhotometricInterpretation") or "") == "MONOCHROME1":
        raise UnreadableError("the DICOM file is stored inverted (MONOCHROME1); export it as MONOCHROME2.")
    if count > MAX_FRAMES or max(rows, columns) > MAX_SIDE:
        raise UnreadableError(
            f"the DICOM file has {count} frames of {rows} x {columns}; a patch has at most {MAX_FRAMES} of {MAX_SIDE} x {MAX_SIDE}: cut patches first."
        )


def _slopes(header: Dataset, count: int) -> NDArray[np.float64]:
    """Slope and intercept of each frame, (frames, 2): the file's own, the shared ones, or one pair per frame."""
    found = np.tile(
        [float(header.get("RescaleSlope") or 1), float(header.get("RescaleIntercept") or 0)], (count, 1)
    )
    for groups, frames in (
        ("SharedFunctionalGroupsSequence", slice(None)),
        ("PerFrameFunctionalGroupsSequence", None),
    ):
        for number, group in enumerate(list(header.get(groups) or [])[:count]):
            values = group.get("PixelValueTransformationSequence")
            if values:
                chosen = frames if frames is not None else slice(number, number + 1)
                found[chosen] = [
                    float(values[0].get("RescaleSlope") or 1),
                    float(values[0].get("RescaleIntercept") or 0),
                ]
    return found
