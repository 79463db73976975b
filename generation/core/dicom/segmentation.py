"""DICOM segmentations (SEG): binary segments put onto the grid of the dynamic series."""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array

from generation.core import volumes
from generation.core.dicom import values
from generation.core.dicom.headers import MAX_FRAMES, MAX_SIDE
from generation.core.errors import InputError
from generation.core.labels import LesionClass

OFF_GRID_MM: Final = 0.1  # a frame farther from a voxel plane was drawn on another grid
_WRONG_GRID: Final = "the DICOM segmentation lies on another grid than the dynamic series; draw or export it on the dynamic series."


@dataclass(frozen=True)
class Segments:
    """Segments of one SEG file on a volume's grid.

    Attributes
    ----------
    numbers : (slice, row, col) uint16, segment numbers
    classes : class of a segment where its label or description says benign or malignant
    n_overlapping : voxels that two segments claim; they went to the lower number
    """

    numbers: NDArray[np.uint16]
    classes: dict[int, LesionClass]
    n_overlapping: int


def read(path: Path, t1: Any) -> Segments:
    """Read a binary segmentation onto the grid of T1.

    Parameters
    ----------
    path : DICOM SEG
    t1 : SimpleITK image

    Raises
    ------
    InputError
        If it is damaged, not binary, or on another grid.

    Source: DICOM PS3.3, A.51 and C.8.20.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path)
            if str(dataset.get("SegmentationType", "")).upper() != "BINARY":
                raise InputError("the DICOM segmentation is not binary; export it with one bit per voxel.")
            if (
                int(dataset.get("NumberOfFrames", 1)) > MAX_FRAMES
                or max(dataset.Rows, dataset.Columns) > MAX_SIDE
            ):
                raise InputError("the DICOM segmentation promises more frames or pixels than a scan has.")
            planes = np.atleast_3d(pixel_array(path))
            if int(dataset.get("NumberOfFrames", 1)) == 1:
                planes = planes.reshape(1, dataset.Rows, dataset.Columns)
            frames = list(dataset.PerFrameFunctionalGroupsSequence)
            shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
            return _placed(planes, frames, shared, t1, _classes(dataset))
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"the DICOM segmentation is truncated or damaged ({type(error).__name__}); export it again."
            ) from None


def _placed(
    planes: NDArray[Any], frames: list[Dataset], shared: Dataset, t1: Any, classes: dict[int, LesionClass]
) -> Segments:
    shape = volumes.voxels(t1).shape
    numbers = np.zeros(shape, dtype=np.uint16)
    n_overlapping = 0
    if planes.shape[1:] != shape[1:]:
        raise InputError(_WRONG_GRID)
    for plane, frame in zip(planes, frames, strict=True):
        position = values.numbers(_macro(frame, shared, "PlanePositionSequence").ImagePositionPatient, 3)
        direction = values.numbers(
            _macro(frame, shared, "PlaneOrientationSequence").ImageOrientationPatient, 6
        )
        spacing = values.numbers(_macro(frame, shared, "PixelMeasuresSequence").PixelSpacing, 2)
        index = _slice_of(position, direction, spacing, t1)
        number = int(_macro(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
        drawn, there = plane > 0, numbers[index]
        clash = drawn & (there > 0) & (there != number)
        n_overlapping += int(np.count_nonzero(clash))
        there[drawn & ((there == 0) | (there > number))] = number
    return Segments(numbers, classes, n_overlapping)


def _slice_of(
    position: tuple[float, ...] | None,
    direction: tuple[float, ...] | None,
    spacing: tuple[float, ...] | None,
    t1: Any,
) -> int:
    """Slice of T1 on which a frame lies, its corner pixels on those of the slice."""
    if position is None or direction is None or spacing is None:
        raise InputError("the DICOM segmentation does not say where its frames lie; export it again.")
    rows, columns = t1.GetSize()[1], t1.GetSize()[0]
    along = np.asarray(direction)
    index: int = round(t1.TransformPhysicalPointToContinuousIndex(list(position))[2])
    if not 0 <= index < t1.GetSize()[2]:
        raise InputError(_WRONG_GRID)
    for row, column in ((0, 0), (0, columns - 1), (rows - 1, 0)):
        here = np.asarray(position) + along[:3] * column * spacing[1] + along[3:] * row * spacing[0]
        there = np.asarray(t1.TransformIndexToPhysicalPoint([column, row, index]))
        if np.max(np.abs(here - there)) > OFF_GRID_MM:
            raise InputError(_WRONG_GRID)
    return int(index)


def _macro(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    found = frame.get(name) or shared.get(name)
    if not found:
        raise InputError("the DICOM segmentation does not say where its frames lie; export it again.")
    item: Dataset = found[0]
    return item


def _classes(dataset: Dataset) -> dict[int, LesionClass]:
    """Class of each segment that says benign or malignant itself; other text of the segment is not kept."""
    found = {}
    for segment in dataset.get("SegmentSequence") or []:
        text = f"{segment.get('SegmentLabel', '')} {segment.get('SegmentDescription', '')}".lower()
        words = set(re.findall("[a-z]+", text))
        told = [c for c in (LesionClass.BENIGN, LesionClass.MALIGNANT) if c.value in words]
        if len(told) == 1 and not words & {"no", "non", "not"}:
            found[int(segment.SegmentNumber)] = told[0]
    return found
