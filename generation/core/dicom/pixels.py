"""Pixels of DICOM images as measured values."""

import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.pixels import iter_pixels, pixel_array

from generation.core import volumes
from generation.core.dicom.geometry import named
from generation.core.dicom.headers import ImageHeader
from generation.core.errors import InputError

MAX_BYTES: Final = 4 << 30  # of one phase
# Little endian implicit and explicit, big endian, RLE: what pydicom reads by itself. JPEG kinds go through GDCM.
_OWN_SYNTAXES: Final = {"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"}  # fmt: skip


def read_planes(images: Sequence[ImageHeader]) -> NDArray[Any]:
    """Read the pixels of images in the given order.

    Stored values become measured ones: slope and intercept, and for Philips the private scale slope, without
    which series of one study are on different scales. Integers stay integers where nothing is scaled.

    Returns
    -------
    (n, rows, columns), int16, int32 or float32

    Raises
    ------
    InputError
        If a file is truncated, cannot be decoded, or all of them together are too large.

    Source: Chenevert et al. 2014, Transl. Oncol. 7:65: FP = PV / (RS * SS).
    """
    first = images[0]
    n_bytes = len(images) * first.rows * first.columns * 4
    if n_bytes > MAX_BYTES:
        raise InputError(
            f"{named(first)} would need {n_bytes} bytes of memory; the limit for one phase is {MAX_BYTES}."
        )
    planes = np.empty(
        (len(images), first.rows, first.columns), dtype=np.float64 if _is_scaled(images) else np.int32
    )
    for path, group in groupby(enumerate(images), key=lambda item: item[1].path):
        items = list(group)
        frames = [image.frame for _, image in items]
        for (index, image), pixels in zip(items, _stored(path, frames, image=items[0][1]), strict=True):
            if pixels.shape != planes.shape[1:]:
                raise InputError(
                    f"an image of {named(image)} holds {' x '.join(map(str, pixels.shape))} pixels where its header says "
                    f"{image.rows} x {image.columns}; export the series again."
                )
            planes[index] = _measured(pixels, image)
    if planes.dtype == np.float64:
        return planes.astype(np.float32)
    is_short = planes.min() >= np.iinfo(np.int16).min and planes.max() <= np.iinfo(np.int16).max
    return planes.astype(np.int16) if is_short else planes


def _is_scaled(images: Sequence[ImageHeader]) -> bool:
    return any(
        image.scale_slope or image.slope != 1.0 or image.intercept != int(image.intercept) for image in images
    )


def _measured(pixels: NDArray[Any], image: ImageHeader) -> NDArray[Any]:
    if image.scale_slope:
        return (pixels * image.slope + image.intercept) / (image.slope * image.scale_slope)
    if image.slope != 1.0 or image.intercept != int(image.intercept):
        return np.asarray(pixels * image.slope + image.intercept)
    return np.asarray(pixels.astype(np.int64) + int(image.intercept))


def _stored(path: Path, frames: Sequence[int | None], *, image: ImageHeader) -> list[NDArray[Any]]:
    """Stored values of the wanted frames of one file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if image.transfer_syntax not in _OWN_SYNTAXES:
                return _by_gdcm(path, frames)
            if frames == [None]:
                return [pixel_array(path)]
            return list(iter_pixels(path, indices=[int(frame or 0) for frame in frames]))
        except (
            Exception
        ) as error:  # pydicom raises what it meets; its words may quote the file's name or content
            raise InputError(
                f"an image of {named(image)} is truncated or damaged ({type(error).__name__}); copy or export the series again."
            ) from None


def _by_gdcm(path: Path, frames: Sequence[int | None]) -> list[NDArray[Any]]:
    if not volumes.has_plain_path(path):
        raise InputError("its path is no UTF-8")
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    # GDCM applies slope and intercept; they are taken back here, so that there is one place that applies them.
    image = reader.Execute()
    array = np.asarray(sitk.GetArrayFromImage(image))
    slope, intercept = (
        float(image.GetMetaData(tag)) if image.HasMetaDataKey(tag) else usual
        for tag, usual in (("0028|1053", 1.0), ("0028|1052", 0.0))
    )
    if slope != 1.0 or intercept:
        array = np.rint((array - intercept) / slope).astype(np.int64)
    return [array[int(frame or 0)] for frame in frames]
