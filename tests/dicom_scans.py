"""Small synthetic DICOM studies in the habits of vendors, with planted names and dates that must not get anywhere."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
SEG = "1.2.840.10008.5.1.4.1.1.66.4"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

N_SLICES, ROWS, COLUMNS = 6, 48, 56
SPACING_MM = (4.0, 4.0)  # between rows, between columns
SLICE_MM = 6.0
START = 10 * 3600.0  # seconds of the day
STEP = 70.0

# What must be found nowhere after an import; each is written into several tags of every file.
PLANTED = ("Zweigelt", "Hildegard", "KH-4711-99", "19470813", "20190305", "Marienhospital", "Dr. Quacksalber", "Hauptstrasse")  # fmt: skip


def volume(
    phase: int = 0, *, rows: int = ROWS, columns: int = COLUMNS, n_slices: int = N_SLICES
) -> np.ndarray:
    """Two breasts and a lesion (slices 2 and 3, rows 18 to 23, columns 12 to 17) that takes up contrast; (slice, row, col)."""
    z, y, x = np.indices((n_slices, rows, columns))
    breast = [((x - cx) / 11) ** 2 + ((y - 24) / 15) ** 2 < 1 for cx in (columns // 4, 3 * columns // 4)]
    tissue = np.where(breast[0] | breast[1] | (y > 28), 300, 4) + (7 * x + 5 * y + 3 * z) % 9
    lesion = (z >= 2) & (z <= 3) & (y >= 18) & (y <= 23) & (x >= 12) & (x <= 17)
    gain = (0, 400, 380, 360, 340, 320, 300, 280)[min(phase, 7)]
    return (tissue + gain * lesion + 6 * min(phase, 1) * (tissue > 100)).astype(np.uint16)


def _tm(seconds: float) -> str:
    seconds %= 86_400
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"


def base(patient: str = "KH-4711-99", *, sop_class: str = MR) -> FileDataset:
    """A data set full of what must not be kept."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = sop_class, meta.MediaStorageSOPInstanceUID, "MR"
    ds.PatientID, ds.PatientName, ds.PatientBirthDate = patient, "Zweigelt^Hildegard", "19470813"
    ds.PatientAddress, ds.InstitutionName = "Hauptstrasse 5", "Marienhospital"
    ds.ReferringPhysicianName, ds.OperatorsName = "Dr. Quacksalber", "Dr. Quacksalber"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20190305"
    ds.StudyDescription = ds.ImageComments = "Mamma Zweigelt, Hildegard"
    ds.StudyInstanceUID, ds.FrameOfReferenceUID = f"1.2.3.{zlib.crc32(patient.encode())}", "1.2.3.4.5"
    ds.Manufacturer = "SIEMENS"
    return ds


def add_pixels(ds: Dataset, plane: np.ndarray) -> None:
    """Put a plane of unsigned 16-bit values into a data set."""
    ds.Rows, ds.Columns = plane.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = plane.astype("<u2").tobytes()


def write_series(
    folder: Path,
    number: int,
    voxels: np.ndarray,
    *,
    tags: dict[str, Any] | None = None,
    edit: Callable[[Dataset, int], None] | None = None,
    patient: str = "KH-4711-99",
    spacing: tuple[float, float] = SPACING_MM,
    slice_mm: float = SLICE_MM,
    uid: str = "",
    first_instance: int = 1,
    origin: tuple[float, float, float] = (-110.0, -95.0, -15.0),
) -> Path:
    """Write one volume as single-frame files; `edit(dataset, slice)` changes each before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    for index, plane in enumerate(voxels):
        ds = base(patient)
        ds.SeriesInstanceUID, ds.SeriesNumber = uid, number
        ds.SeriesDescription = "Hildegard ax dyn"
        ds.ImageType, ds.ScanningSequence = ["ORIGINAL", "PRIMARY", "M", "ND"], "GR"
        ds.EchoTime, ds.RepetitionTime, ds.FlipAngle = 1.5, 4.0, 10
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [origin[0], origin[1], origin[2] + slice_mm * index]
        ds.PixelSpacing, ds.SliceThickness = list(spacing), slice_mm
        ds.InstanceNumber, ds.AcquisitionNumber = first_instance + index, 1
        for name, value in (tags or {}).items():
            setattr(ds, name, value)
        add_pixels(ds, plane)
        if edit:
            edit(ds, index)
        ds.save_as(folder / f"{number:03d}-{first_instance + index:04d}.dcm", enforce_file_format=True)
    return folder


def write_t2(folder: Path, number: int = 90, **kwargs: Any) -> Path:
    """A T2 turbo spin echo on a finer grid over the same place."""
    tags = {"ScanningSequence": "SE", "SequenceName": "*tse2d1_25", "EchoTime": 110.0, "RepetitionTime": 4000.0, "SeriesDescription": "t2 tse Zweigelt"}  # fmt: skip
    fine = np.repeat(np.repeat(volume(), 2, axis=1), 2, axis=2)
    kwargs.setdefault("origin", (-111.0, -96.0, -15.0))
    return write_series(
        folder, number, fine, tags=tags | kwargs.pop("tags", {}), spacing=(2.0, 2.0), **kwargs
    )


def write_phases(
    folder: Path, n_phases: int = 5, *, step: float = STEP, start: float = START, **kwargs: Any
) -> Path:
    """Siemens: one series per phase, told apart by AcquisitionTime; ContentTime is that of reconstruction."""
    for phase in range(n_phases):
        tags = {"AcquisitionTime": _tm(start + phase * step), "ContentTime": _tm(start + 900 + 3 * phase)}
        tags |= kwargs.get("tags", {})
        rest = {name: value for name, value in kwargs.items() if name != "tags"}
        write_series(folder / f"s{phase}", 10 + phase, volume(phase), tags=tags, **rest)
    return folder


def write_one_series(
    folder: Path,
    tags_of: Callable[[int], dict[str, Any]],
    n_phases: int = 5,
    *,
    first: int = 0,
    number: int = 20,
    **kwargs: Any,
) -> Path:
    """All phases in one series; `tags_of(phase)` are the tags that tell them apart."""
    uid = generate_uid()
    for phase in range(n_phases):
        write_series(
            folder / "dyn",
            number,
            volume(phase + first),
            tags=tags_of(phase),
            uid=uid,
            first_instance=1 + phase * N_SLICES,
            **kwargs,
        )
    return folder


def write_enhanced(path: Path, n_phases: int = 5) -> Path:
    """Philips: one multi-frame file (Enhanced MR) with all phases, told apart by the temporal position index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds = base(sop_class=ENHANCED_MR)
    ds.Manufacturer, ds.SeriesInstanceUID, ds.SeriesNumber = "Philips Medical Systems", generate_uid(), 301
    ds.ImageType, ds.EchoPulseSequence = ["ORIGINAL", "PRIMARY", "DYNAMIC", "NONE"], "GRADIENT"
    shared, frames = Dataset(), []
    shared.PixelMeasuresSequence = [_item(PixelSpacing=list(SPACING_MM), SliceThickness=SLICE_MM)]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    shared.MREchoSequence = [_item(EffectiveEchoTime=1.8)]
    shared.MRTimingAndRelatedParametersSequence = [_item(RepetitionTime=4.2, FlipAngle=10.0)]
    shared.PixelValueTransformationSequence = [
        _item(RescaleSlope=2.0, RescaleIntercept=0.0, RescaleType="US")
    ]
    planes = []
    for phase in range(n_phases):
        for index in range(N_SLICES):
            frame = Dataset()
            frame.PlanePositionSequence = [_item(ImagePositionPatient=[-110, -95, -15 + SLICE_MM * index])]
            frame.FrameContentSequence = [
                _item(
                    TemporalPositionIndex=phase + 1,
                    FrameAcquisitionDateTime=f"20190305{_tm(START + phase * STEP)}",
                )
            ]
            frames.append(frame)
            planes.append(volume(phase)[index])
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], frames
    add_pixels(ds, np.stack(planes))
    ds.NumberOfFrames = len(planes)
    ds.save_as(path, enforce_file_format=True)
    return path


def write_segmentation(path: Path, *, label: str = "malignant mass", shift_mm: float = 0.0) -> Path:
    """A SEG with one segment on the lesion's slices."""
    ds = base(sop_class=SEG)
    ds.Modality, ds.SegmentationType = "SEG", "BINARY"
    ds.SeriesInstanceUID, ds.SeriesNumber = generate_uid(), 500
    ds.SegmentSequence = [_item(SegmentNumber=1, SegmentLabel=label)]
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=list(SPACING_MM), SliceThickness=SLICE_MM)]
    shared.SegmentIdentificationSequence = [_item(ReferencedSegmentNumber=1)]
    ds.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for index in (2, 3):
        frame = Dataset()
        frame.PlanePositionSequence = [
            _item(ImagePositionPatient=[-110 + shift_mm, -95, -15 + SLICE_MM * index])
        ]
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = frames
    mask = np.zeros((2, ROWS, COLUMNS), np.uint8)
    mask[:, 18:24, 12:18] = 1
    ds.NumberOfFrames, ds.Rows, ds.Columns = 2, ROWS, COLUMNS
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
    ds.PixelData = np.packbits(mask.ravel(), bitorder="little").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def make_study(folder: Path, **kwargs: Any) -> Path:
    """A complete Siemens study: five phases in five series, and T2."""
    write_phases(folder, **kwargs)
    patient = {"patient": kwargs["patient"]} if "patient" in kwargs else {}
    write_t2(folder / "t2", **patient)
    return folder


def edit_file(path: Path, **tags: Any) -> None:
    """Change tags of one file."""
    ds = pydicom.dcmread(path)
    for name, value in tags.items():
        setattr(ds, name, value)
    ds.save_as(path, enforce_file_format=True)


def _item(**tags: Any) -> Dataset:
    item = Dataset()
    for name, value in tags.items():
        setattr(item, name, value)
    return item
