"""Headers of DICOM images: the few tags that importing needs, read without pixels.

Who was scanned, when and where is not read, with one exception: PatientID (or PatientName, or the UID of the
study) goes through a keyed hash at once, so that two patients can be told apart.
"""

import hashlib
import hmac
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset

from generation.core.dicom import values

# pydicom quotes values, also names, in warnings and in its log; neither may reach ours.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
ENHANCED_MR: Final = "1.2.840.10008.5.1.4.1.1.4.1"
SEGMENTATION: Final = "1.2.840.10008.5.1.4.1.1.66.4"
SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kinds .7.1 to .7.4
_IMAGES: Final = {"1.2.840.10008.5.1.4.1.1.4", ENHANCED_MR, SEGMENTATION, SECONDARY_CAPTURE}
_DIRECTORY: Final = "1.2.840.10008.1.3.10"  # DICOMDIR
MAX_SIDE: Final = 4096  # pixels of a row or column; the largest MR matrix in use is 1024
MAX_FRAMES: Final = 20_000

_GE_LOCATIONS: Final = 0x0021104F
_PHILIPS_SCALE_SLOPE: Final = 0x2005100E
_TAGS: Final[list[Any]] = [
    "SOPClassUID", "Modality", "PatientID", "PatientName", "PatientIdentityRemoved", "StudyInstanceUID", "SeriesInstanceUID",
    "SeriesNumber", "SeriesDescription", "ProtocolName", "FrameOfReferenceUID", "Manufacturer", "Rows", "Columns",
    "BitsAllocated", "SamplesPerPixel", "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
    "SliceThickness", "SpacingBetweenSlices", "ImageType", "ScanningSequence", "SequenceName", "PulseSequenceName",
    "EchoPulseSequence", "AcquisitionContrast", "ScanOptions", "MRAcquisitionType", "EchoTime", "RepetitionTime", "FlipAngle",
    "DiffusionBValue", "TemporalPositionIdentifier", "NumberOfTemporalPositions", "TemporalResolution", "TriggerTime",
    "ContentTime", "AcquisitionTime", "AcquisitionDateTime", "AcquisitionNumber", "InstanceNumber", "ImagesInAcquisition",
    "ContrastBolusAgent", "BurnedInAnnotation", "RescaleSlope", "RescaleIntercept", _GE_LOCATIONS, _PHILIPS_SCALE_SLOPE,
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
]  # fmt: skip


class Defect(StrEnum):
    """Why a file that begins as DICOM cannot be used at all."""

    TRUNCATED = "ends before its image begins"
    DEFLATED = "is stored deflated, which could unpack to any size"
    OVERSIZE = "promises more pixels than an MR image has"
    UNREADABLE = "cannot be opened"
    GARBLED = "holds values in its header that cannot be read"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """One image: a file, or one frame of a multi-frame file. Times are seconds of the day; dates are never read."""

    path: Path
    frame: int | None
    identity: str
    is_deidentified: bool
    sop_class: str
    modality: str
    study: str
    series: str
    series_number: int | None
    frame_of_reference: str
    manufacturer: str
    description_words: tuple[str, ...]
    stated_seconds: float | None
    transfer_syntax: str
    rows: int
    columns: int
    bits: int
    samples: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None
    slice_thickness_mm: float | None
    image_type: tuple[str, ...]
    sequence: tuple[str, ...]
    sequence_name: str
    scan_options: tuple[str, ...]
    echo_ms: float | None
    repetition_ms: float | None
    flip_deg: float | None
    b_value: float | None
    temporal_position: int | None
    n_temporal_positions: int | None
    temporal_resolution_ms: float | None
    trigger_ms: float | None
    content_s: float | None
    acquisition_s: float | None
    acquisition_number: int | None
    instance_number: int | None
    n_locations: int | None
    has_contrast_tag: bool
    is_burned_in: bool
    slope: float
    intercept: float
    scale_slope: float | None


def has_dicom_prefix(path: Path) -> bool:
    """Say whether a file has the letters DICM at byte 128, or is named like DICOM of the time before."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM" or path.suffix.lower() in {".dcm", ".ima"}
    except OSError:
        return path.suffix.lower() in {".dcm", ".ima"}


def read_images(path: Path, *, key: bytes) -> list[ImageHeader] | Defect:
    """Read the headers of all images of one file.

    Parameters
    ----------
    path : DICOM file
    key : secret of this instance, for the hash of the patient's identity

    Returns
    -------
    one header per frame; empty for DICOM that holds no image (a report, a presentation state); or what is wrong
    """
    dataset, defect = _read(path)
    if dataset is None:
        return defect or Defect.UNREADABLE
    try:
        return _images(path, dataset, key)
    except Exception:  # whatever a damaged header makes of its values
        return Defect.GARBLED


def _images(path: Path, dataset: Dataset, key: bytes) -> list[ImageHeader] | Defect:
    meta = getattr(dataset, "file_meta", Dataset())
    sop_class = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or ""
    if sop_class == _DIRECTORY:
        return []
    rows, columns = values.whole(dataset.get("Rows")), values.whole(dataset.get("Columns"))
    if not rows or not columns:
        # Reports, raw data and presentation states have none; an image that has none was cut off before.
        return Defect.TRUNCATED if sop_class in _IMAGES or not sop_class else []
    n_frames = values.whole(dataset.get("NumberOfFrames")) or 1
    if max(rows, columns) > MAX_SIDE or n_frames > MAX_FRAMES:
        return Defect.OVERSIZE
    if dataset.get("SOPClassUID") != ENHANCED_MR:
        return [_header(path, None, dataset, [dataset], key)]
    shared = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if len(frames) != n_frames:
        return Defect.TRUNCATED
    outer = list(_inside(shared[0]))
    return [
        _header(path, index, dataset, [*_inside(frame), *outer, dataset], key)
        for index, frame in enumerate(frames)
    ]


def identity_of(text: str, *, key: bytes) -> str:
    """Keyed hash of a patient's identity; without the key nobody can try names against it."""
    return hmac.new(key, text.strip().encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def patient_id(path: Path) -> str:
    """PatientID of a file that says it was de-identified; empty for any other."""
    dataset, _ = _read(path)
    if dataset is None or str(dataset.get("PatientIdentityRemoved", "")).upper() != "YES":
        return ""
    return str(dataset.get("PatientID", "")).strip()


def names_in(path: Path) -> frozenset[str]:
    """Words of PatientName and PatientID, in small letters: to be compared with, never to be kept.

    Empty where the file says that identity was removed (0012,0062).
    """
    dataset, _ = _read(path)
    if dataset is None or str(dataset.get("PatientIdentityRemoved", "")).upper() == "YES":
        return frozenset()
    text = f"{dataset.get('PatientName', '')} {dataset.get('PatientID', '')}".lower()
    return frozenset(word for word in text.replace("^", " ").replace(",", " ").split() if len(word) > 2)


def _read(path: Path) -> tuple[Dataset | None, Defect | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            meta = pydicom.filereader.read_file_meta_info(path)
            if meta.get("TransferSyntaxUID") == DEFLATED:
                return None, Defect.DEFLATED
        except OSError:
            return None, Defect.UNREADABLE
        except Exception:  # noqa: S110 - a file without meta information may still be read by force
            pass
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=_TAGS)
            dataset.decode()
        except OSError:
            return None, Defect.UNREADABLE
        except Exception:  # pydicom raises what it meets inside a damaged file
            return None, Defect.TRUNCATED
    return dataset, None


def _inside(group: Dataset) -> Iterator[Dataset]:
    """Items one level below a functional group: plane position, echo, timing, ..."""
    for element in group:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _header(path: Path, frame: int | None, file: Dataset, levels: list[Dataset], key: bytes) -> ImageHeader:
    def first(*names: str | int) -> Any:
        for name in names:
            for level in levels:
                value = level.get(name)
                value = getattr(value, "value", value) if isinstance(name, int) else value
                if value not in (None, ""):
                    return value
        return None

    who = file.get("PatientID") or file.get("PatientName") or file.get("StudyInstanceUID") or ""
    syntax = getattr(file, "file_meta", Dataset()).get("TransferSyntaxUID", "")
    return ImageHeader(
        path=path,
        frame=frame,
        identity=identity_of(str(who), key=key),
        is_deidentified=str(file.get("PatientIdentityRemoved", "")).upper() == "YES",
        sop_class=str(file.get("SOPClassUID", "")),
        modality=str(file.get("Modality", "")).upper(),
        study=str(file.get("StudyInstanceUID", "")),
        series=str(file.get("SeriesInstanceUID", "")),
        series_number=values.whole(file.get("SeriesNumber")),
        frame_of_reference=str(file.get("FrameOfReferenceUID", "")),
        manufacturer=_vendor(file.get("Manufacturer")),
        description_words=values.known_words(file.get("SeriesDescription"), file.get("ProtocolName")),
        stated_seconds=values.stated_seconds(file.get("SeriesDescription")),
        transfer_syntax=str(syntax),
        rows=int(file.Rows),
        columns=int(file.Columns),
        bits=values.whole(file.get("BitsAllocated")) or 0,
        samples=values.whole(file.get("SamplesPerPixel")) or 1,
        position_mm=values.numbers(first("ImagePositionPatient"), 3),
        orientation=values.numbers(first("ImageOrientationPatient"), 6),
        pixel_spacing_mm=values.numbers(first("PixelSpacing"), 2),
        slice_thickness_mm=values.number(first("SliceThickness")),
        image_type=values.words(first("FrameType", "ImageType")),
        sequence=values.words(first("ScanningSequence")) or _sequence(file.get("EchoPulseSequence")),
        sequence_name=str(first("SequenceName", "PulseSequenceName") or "").lower(),
        scan_options=values.words(first("ScanOptions")),
        echo_ms=values.number(first("EffectiveEchoTime", "EchoTime")),
        repetition_ms=values.number(first("RepetitionTime")),
        flip_deg=values.number(first("FlipAngle")),
        b_value=values.number(first("DiffusionBValue")),
        temporal_position=values.whole(first("TemporalPositionIndex", "TemporalPositionIdentifier")),
        n_temporal_positions=values.whole(first("NumberOfTemporalPositions")),
        temporal_resolution_ms=values.number(first("TemporalResolution")),
        trigger_ms=values.number(first("NominalCardiacTriggerDelayTime", "TriggerTime")),
        content_s=values.seconds_of_day(file.get("ContentTime")),
        acquisition_s=values.seconds_of_day(
            first("FrameAcquisitionDateTime", "AcquisitionTime", "AcquisitionDateTime")
        ),
        acquisition_number=values.whole(first("FrameAcquisitionNumber", "AcquisitionNumber")),
        instance_number=values.whole(file.get("InstanceNumber")) if frame is None else frame + 1,
        n_locations=values.whole(first(_GE_LOCATIONS, "ImagesInAcquisition")),
        has_contrast_tag=bool(file.get("ContrastBolusAgent")),
        is_burned_in=str(file.get("BurnedInAnnotation", "")).upper() == "YES",
        slope=values.number(first("RescaleSlope")) or 1.0,
        intercept=values.number(first("RescaleIntercept")) or 0.0,
        scale_slope=values.number(first(_PHILIPS_SCALE_SLOPE)),
    )


def _vendor(text: Any) -> str:
    """One of the vendors that are known, or nothing: the tag is free text too."""
    lowered = str(text or "").lower()
    names = ("siemens", "philips", "bruker", "ge medical", "ge healthcare", "canon", "toshiba", "hitachi")
    return next(("ge" if name.startswith("ge") else name for name in names if name in lowered), "")


def _sequence(text: Any) -> tuple[str, ...]:
    """EchoPulseSequence of an enhanced file in the words of ScanningSequence."""
    return {"GRADIENT": ("GR",), "SPIN": ("SE",), "BOTH": ("SE", "GR")}.get(str(text or "").upper(), ())
