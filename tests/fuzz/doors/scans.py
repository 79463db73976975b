"""Doors of scans: volumes, folders of patients in every layout, DICOM, segmentations, tables of lesions."""

import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from generation.core import layouts, lesion_table, patient_folder, volumes
from generation.core.dicom import deidentification, headers, pixels, segmentation
from generation.core.dicom.headers import Defect
from generation.core.errors import InputError
from generation.core.frames import SCANNED_FRAMES
from generation.core.import_options import ImportOptions
from tests import dicom_scans
from tests.fuzz.doors import Door
from tests.fuzz.tree import Tree, of_folder
from tests.scans import to_image

KEY = b"fuzz"
N_SLICES, N_ROWS, N_COLUMNS = 3, 10, 12


def made(make: Callable[[Path], object]) -> Tree:
    """The files that a function writes."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        return of_folder(Path(folder))


def _voxels(seed: int, dtype: type = np.int16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (N_SLICES, N_ROWS, N_COLUMNS)).astype(dtype)


def _mask() -> np.ndarray:
    mask = np.zeros((N_SLICES, N_ROWS, N_COLUMNS), np.uint8)
    mask[1, 2:5, 2:5], mask[1, 6:8, 6:9] = 1, 2
    return mask


def _write(array: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_image(array), str(path))


@cache
def volume_samples() -> list[Tree]:
    """One volume in each format and a few types."""

    def write(folder: Path) -> None:
        _write(_voxels(1), folder / "a.nii.gz")
        _write(_voxels(1, np.float32), folder / "b.nii.gz")
        _write(_voxels(1), folder / "c.nii")
        _write(_voxels(1, np.float64), folder / "d.nii")
        _write(_voxels(1, np.uint8), folder / "e.nrrd")
        _write(_voxels(1), folder / "f.mha")
        image = to_image(_voxels(1))
        sitk.WriteImage(image, str(folder / "g.mha"), True)
        sitk.WriteImage(image, str(folder / "h.nrrd"), True)

    found = made(write)
    return [{"T2" + name[1:]: content} for name, content in found.items()]


def read_volume(folder: Path, data: Path) -> None:
    """A volume, then written as an import writes it."""
    path = volumes.find_volume(folder, "T2")
    if path is None:
        raise InputError("There is no volume.")
    image = volumes.read_volume(path)
    data.mkdir(exist_ok=True)
    volumes.write_volume(image, data / "T2.nii.gz")


def import_cohort(folder: Path, data: Path) -> None:
    """Every patient of a folder, as an import reads and writes them; the first refusal ends it."""
    has_t2 = any(
        "t2" in name.lower() for home, _, names in os.walk(folder) for name in (*names, Path(home).name)
    )
    options = ImportOptions(key=KEY, without_t2=not has_t2)
    for source in layouts.find(folder, options).patients:
        try:
            scan = source.read(options)
        except OSError as error:
            if not error.strerror:
                raise
            raise InputError(f"A file or folder cannot be read ({error.strerror}).") from None
        patient_folder.write_patient(scan, data / scan.pseudonym)


def _own(folder: Path, truth: str, suffix: str) -> None:
    for number, name in enumerate(SCANNED_FRAMES):
        _write(_voxels(number), folder / f"P01/{name}{suffix}")
    _write(_mask(), folder / f"P01/lesions{suffix}")
    _write(_mask().clip(0, 1), folder / f"P01/breasts{suffix}")
    if truth == "truth.json":
        text = '{"source": "phantom", "lesions": [{"lesion": 1, "lesion_class": "benign"}, {"lesion": 2, "malignant": true}]}'
    elif truth == "labels":
        text = "label,lesion_class\n1,benign\n2,malignant\n"
    elif truth == "places":
        (folder / f"P01/lesions{suffix}").unlink()
        text = "patient,lesion_class,slice,row,col,x_mm,y_mm,z_mm,breast,start_slice,end_slice,start_row,end_row,start_column,end_column\n"
        text += "P01,benign,2,4,4,,,,,,,,,,\n"
    elif truth == "box":
        (folder / f"P01/lesions{suffix}").unlink()
        text = "lesion_class,start_slice,end_slice,start_row,end_row,start_column,end_column\nmalignant,1,2,2,4,3,6\n"
    else:
        text = "lesion,lesion_class\n1,benign\n2,malignant\n"
    name = "truth.json" if truth == "truth.json" else "lesions.csv"
    (folder / "P01" / name).write_text(text)


@cache
def own_samples() -> list[Tree]:
    """Our own layout, with each way to say where lesions are."""
    ways = (
        ("truth.json", ".nii.gz"),
        ("numbers", ".nii"),
        ("labels", ".mha"),
        ("places", ".nii.gz"),
        ("box", ".nrrd"),
    )
    return [made(lambda folder, way=way: _own(folder, *way)) for way in ways]


def _mama_mia(folder: Path) -> None:
    for number in range(5):
        _write(_voxels(number), folder / f"images/DUKE_001/DUKE_001_{number:04d}.nii.gz")
    _write(_voxels(7), folder / "images/DUKE_001/T2.nii.gz")
    _write(_mask(), folder / "segmentations/expert/DUKE_001.nii.gz")
    (folder / "clinical_and_imaging_info.csv").write_text(
        'patient_id,acquisition_times\nDUKE_001,"[0, 70, 140, 210, 280]"\nDUKE_002,\n'
    )


def _breastdcedl(folder: Path) -> None:
    for number in range(5):
        _write(_voxels(number), folder / f"ISPY1_1001_spy1_vis1_acq{number}.nii.gz")
    _write(_mask(), folder / "ISPY1_1001_spy1_vis1_mask.nii.gz")


def _odelia(folder: Path) -> None:
    for number, name in enumerate(("Pre", "Post_1", "Post_2", "Post_3", "Post_4", "T2")):
        _write(_voxels(number), folder / f"CAM/data/ID1/{name}.nii.gz")
    (folder / "CAM/metadata").mkdir(parents=True)
    (folder / "CAM/metadata/annotation.csv").write_text("ID,Lesion_Left,Lesion_Right\nID1,Malignant,No\n")


@cache
def public_samples() -> list[Tree]:
    """The layouts of public collections."""
    return [made(_mama_mia), made(_breastdcedl), made(_odelia)]


def _study(folder: Path, patient: str = "KH-4711-99") -> None:
    for phase in range(5):
        tags = {"AcquisitionTime": f"10{phase:02d}00", "AcquisitionNumber": phase + 1}
        voxels = dicom_scans.volume(phase, rows=16, columns=20, n_slices=2) + 9 * phase
        dicom_scans.write_series(folder / f"s{phase}", 10 + phase, voxels, tags=tags, patient=patient)
    tags = {"ScanningSequence": "SE", "EchoTime": 110.0, "RepetitionTime": 4000.0}
    voxels = dicom_scans.volume(0, rows=16, columns=20, n_slices=2)
    dicom_scans.write_series(folder / "t2", 90, voxels, tags=tags, patient=patient)


def _study_with_tables(folder: Path) -> None:
    _study(folder / "A")
    (folder / "lesions.csv").write_text("patient,lesion_class,slice,row,column\nKH-4711-99,malignant,2,6,6\n")
    (folder / "pseudonyms.csv").write_text("patient,pseudonym\nKH-4711-99,R-001\nKH-2,R-002\n")


def _enhanced(folder: Path) -> None:
    dicom_scans.write_enhanced(folder / "A" / "dyn.dcm")
    tags = {"ScanningSequence": "SE", "EchoTime": 110.0, "RepetitionTime": 4000.0}
    dicom_scans.write_series(folder / "A", 90, dicom_scans.volume(), tags=tags)


@cache
def dicom_samples() -> list[Tree]:
    """Studies of one file per image and of one file for all."""
    return [made(_study_with_tables), made(_study_with_tables), made(_enhanced)]


@cache
def dicom_file_samples() -> list[Tree]:
    """One image, and one file with all images of a dynamic series."""
    study, enhanced = made(_study), made(_enhanced)
    one = next(content for name, content in study.items() if name.startswith("s2"))
    return [{"a.dcm": one}, {"a.dcm": one}, {"a.dcm": enhanced["A/dyn.dcm"]}]


def read_dicom_file(folder: Path, data: Path) -> None:
    """The headers of one file, then its pixels."""
    path = folder / "a.dcm"
    headers.names_in(path)
    headers.patient_id(path)
    found = headers.read_images(path, key=KEY)
    if isinstance(found, Defect):
        raise InputError(f"The DICOM file {found.value}; copy or export it again.")
    if found:
        pixels.read_planes(found[:2])


@cache
def segmentation_samples() -> list[Tree]:
    """A DICOM segmentation."""
    return [made(lambda folder: dicom_scans.write_segmentation(folder / "seg.dcm"))]


@cache
def _t1() -> object:
    image = sitk.GetImageFromArray(dicom_scans.volume())
    image.SetSpacing([*dicom_scans.SPACING_MM, dicom_scans.SLICE_MM])
    image.SetOrigin([-110.0, -95.0, -15.0])
    return image


def read_segmentation(folder: Path, data: Path) -> None:
    """A segmentation onto the grid of a scan."""
    if not (folder / "seg.dcm").is_file():
        raise InputError("There is no segmentation.")
    segmentation.read(folder / "seg.dcm", _t1())


@cache
def table_samples() -> list[Tree]:
    """Tables of lesions: ours, the boxes of Duke, the labels of ODELIA; pseudonyms."""
    boxes = "Patient ID,Start Row,End Row,Start Column,End Column,Start Slice,End Slice\nBreast_MRI_001,234,271,308,341,89,112\n"
    ours = "patient,lesion,label,lesion_class,breast,slice,row,col,x_mm,y_mm,z_mm\nP1,1,,benign,left,3,4,5,,,\nP2,,1,malignant,r,,,,1.5,2,3\n"
    odelia = "ID,Lesion_Left,Lesion_Right\nA,No,Malignant\nB,Benign,No\n"
    pseudonyms = "patient,pseudonym\nKH-1,R-001\nKH-2,R-002\n"
    texts = {
        "lesions.csv": ours,
        "Annotation_Boxes.csv": boxes,
        "annotation.csv": odelia,
        "pseudonyms.csv": pseudonyms,
    }
    return [{name: text.encode()} for name, text in texts.items()]


def read_table(folder: Path, data: Path) -> None:
    """A table of lesions, or of pseudonyms."""
    deidentification.read_pseudonyms(folder, key=KEY)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv" and path.name != deidentification.PSEUDONYMS_CSV:
            for row in lesion_table.read(path):
                headers.identity_of(row.patient, key=KEY)


DOORS = [
    Door("volume", 20_000, volume_samples, read_volume, is_kept_clean=False),
    Door("scans: own layout", 2_500, own_samples, import_cohort, is_kept_clean=False),
    Door("scans: public layouts", 2_500, public_samples, import_cohort, is_kept_clean=False),
    Door("scans: DICOM study", 1_500, dicom_samples, import_cohort, is_kept_clean=False),
    Door("DICOM file", 16_000, dicom_file_samples, read_dicom_file),
    Door("DICOM segmentation", 5_000, segmentation_samples, read_segmentation),
    Door("table of lesions", 9_000, table_samples, read_table),
]
