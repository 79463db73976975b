"""A folder of scans: which patients it holds, whether each is complete, and writing them de-identified."""

import csv
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core import volumes
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.labels import LesionClass, parse_lesion_class

LESIONS: Final = "lesions"
TRUTH_JSON: Final = "truth.json"
LESIONS_CSV: Final = "lesions.csv"
_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MAX_LESION: Final = 65_535  # a lesion number is stored in 16 bits


@dataclass(frozen=True)
class ScannedLesion:
    """One lesion of the mask."""

    number: int
    lesion_class: LesionClass
    volume_mm3: float
    n_slices: int  # axial slices of the scan that it touches


@dataclass(frozen=True)
class PatientScan:
    """One patient that passed every check.

    Attributes
    ----------
    images : SimpleITK images of SCANNED_FRAMES
    lesion_mask : SimpleITK image, uint16 lesion numbers on the T1 grid
    sha256 : over the voxels of all frames and the mask, in that order
    """

    pseudonym: str
    images: Mapping[str, Any]
    lesion_mask: Any
    lesions: tuple[ScannedLesion, ...]
    sha256: str

    def geometry(self) -> dict[str, dict[str, list[float]]]:
        """Size and spacing of T1 and T2 along x, y, z as stored in the scan."""
        grids = {
            name: volumes.grid_of(self.images[frame]) for name, frame in (("T1", "T1_pre"), ("T2", "T2"))
        }
        return {
            name: {"size": list(grid.size), "spacing_mm": [round(mm, 5) for mm in grid.spacing_mm]}
            for name, grid in grids.items()
        }


@dataclass(frozen=True)
class StoredPatient:
    """An imported patient, read back for extraction."""

    pseudonym: str
    images: Mapping[str, Any]
    lesion_mask: Any
    classes: Mapping[int, LesionClass]


@dataclass(frozen=True)
class FolderContent:
    """Patient folders found in a folder, and sub-folders that hold no frame at all."""

    patients: tuple[Path, ...]
    ignored: tuple[str, ...]


def find_patients(folder: Path) -> FolderContent:
    """List the patient folders in a folder; a folder that holds frames itself is one patient.

    Raises
    ------
    InputError
        If the folder is missing or holds no patient, or two patients share a pseudonym.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder on this machine; give the folder that holds one sub-folder per patient."
        )
    try:
        if _holds_a_frame(folder):
            return FolderContent((folder,), ())
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        patients = tuple(path for path in inside if _holds_a_frame(path))
    except OSError as error:
        raise InputError(
            f"{error.filename or folder} cannot be listed ({error.strerror}); give the importing account the right to read it."
        ) from error
    if not patients:
        names = ", ".join(SCANNED_FRAMES)
        raise InputError(
            f"{folder} holds no patient; expected one sub-folder per patient with {names} and lesions as {', '.join(volumes.SUFFIXES)}."
        )
    seen: dict[str, str] = {}
    for path in patients:
        first = seen.setdefault(path.name.casefold(), path.name)
        if first != path.name:
            raise InputError(
                f"Patients {first} and {path.name} in {folder} have the same pseudonym but for upper and lower case; rename one."
            )
    return FolderContent(patients, tuple(path.name for path in inside if path not in patients))


def read_patient(folder: Path) -> PatientScan:
    """Read and check one patient.

    Raises
    ------
    InputError
        Naming patient, file, value, limit and mend for the first thing that is wrong: pseudonym, missing frame,
        unreadable or not three-dimensional file, NaN or infinity, constant volume, T1 frames or mask on
        different grids, lesion mask and truth that disagree.
    """
    pseudonym = parse_pseudonym(folder.resolve().name)
    images = {name: _read_frame(folder, name, pseudonym) for name in SCANNED_FRAMES}
    _check_same_grid(images, pseudonym)
    classes = read_truth(folder, pseudonym)
    mask = _read_mask(folder, images["T1_pre"], classes, pseudonym)
    return PatientScan(
        pseudonym=pseudonym,
        images=images,
        lesion_mask=mask,
        lesions=_measure(mask, classes),
        sha256=_voxel_sum([*images.values(), mask]),
    )


def write_patient(scan: PatientScan, folder: Path) -> None:
    """Write a patient with voxels and geometry only: no header text, name, date or path of the original survives."""
    folder.mkdir(parents=True)
    for name, image in scan.images.items():
        volumes.write_volume(image, folder / f"{name}.nii.gz")
    volumes.write_volume(scan.lesion_mask, folder / f"{LESIONS}.nii.gz")
    truth = {
        "lesions": [
            {"lesion": lesion.number, "lesion_class": lesion.lesion_class.value} for lesion in scan.lesions
        ]
    }
    (folder / TRUTH_JSON).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def load_patient(folder: Path) -> StoredPatient:
    """Read a patient that was checked when it was imported.

    Raises
    ------
    InputError
        If a file has gone since.
    """
    paths = {name: folder / f"{name}.nii.gz" for name in (*SCANNED_FRAMES, LESIONS)}
    images = {name: volumes.read_volume(path) for name, path in paths.items()}
    mask = images.pop(LESIONS)
    return StoredPatient(folder.name, images, mask, read_truth(folder, folder.name))


def is_phantom(folder: Path) -> bool:
    """Say whether a patient's truth.json names a phantom as its source."""
    try:
        truth = json.loads((folder / TRUTH_JSON).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(truth, dict) and "phantom" in str(truth.get("source", "")).lower()


def parse_pseudonym(text: str) -> str:
    """Accept a folder's name as a pseudonym.

    Raises
    ------
    InputError
        If it holds anything but letters, digits, hyphens and underscores, or more than 64 characters.
    """
    if not _PSEUDONYM.fullmatch(text):
        raise InputError(
            f'Patient folder "{text}" cannot be a pseudonym; use at most 64 letters, digits, hyphens and underscores, and no real name.'
        )
    return text


def read_truth(folder: Path, pseudonym: str) -> dict[int, LesionClass]:
    """Read the class of every lesion from truth.json or lesions.csv.

    Raises
    ------
    InputError
        If neither or both are there, or an entry cannot be read.
    """
    paths = [folder / name for name in (TRUTH_JSON, LESIONS_CSV) if (folder / name).is_file()]
    if len(paths) != 1:
        found = "both" if paths else "neither"
        raise InputError(
            f"Patient {pseudonym} has {found} of {TRUTH_JSON} and {LESIONS_CSV}; give one of them with the class of every lesion."
        )
    path = paths[0]
    try:
        text = path.read_text(encoding="utf-8-sig")
        entries = (
            json.loads(text)["lesions"]
            if path.name == TRUTH_JSON
            else list(csv.DictReader(text.splitlines()))
        )
        numbers_and_classes = [(int(entry["lesion"]), _class_of(entry)) for entry in entries]
    except InputError as error:
        raise InputError(f"Patient {pseudonym}, {path.name}: {error}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        shape = (
            '{"lesions": [{"lesion": 1, "lesion_class": "benign"}]}'
            if path.name == TRUTH_JSON
            else "columns lesion,lesion_class"
        )
        raise InputError(
            f"Patient {pseudonym}: {path.name} cannot be read ({type(error).__name__}: {error}); expected {shape}."
        ) from error
    classes: dict[int, LesionClass] = {}
    for number, lesion_class in numbers_and_classes:
        if number in classes or not 0 < number <= _MAX_LESION:
            reason = "appears twice" if number in classes else f"is not in 1..{_MAX_LESION}"
            raise InputError(
                f"Patient {pseudonym}, {path.name}: lesion {number} {reason}; give every lesion of the mask once."
            )
        classes[number] = lesion_class
    return classes


def _class_of(entry: Mapping[str, Any]) -> LesionClass:
    if entry.get("lesion_class") is not None:
        lesion_class = parse_lesion_class(str(entry["lesion_class"]))
    else:
        malignant = entry["malignant"]
        if not isinstance(malignant, bool):
            raise InputError(f'malignant is "{malignant}"; write true or false.')
        lesion_class = LesionClass.MALIGNANT if malignant else LesionClass.BENIGN
    if lesion_class is LesionClass.NO_FINDINGS:
        raise InputError(f"lesion {entry['lesion']} is called no_findings; a lesion is benign or malignant.")
    return lesion_class


def _holds_a_frame(folder: Path) -> bool:
    return any(
        (folder / f"{name}{suffix}").is_file() for name in SCANNED_FRAMES for suffix in volumes.SUFFIXES
    )


def _read_frame(folder: Path, name: str, pseudonym: str) -> Any:
    path = volumes.find_volume(folder, name)
    if path is None:
        raise InputError(
            f"Patient {pseudonym} has no {name}; add {name}.nii.gz ({', '.join(volumes.SUFFIXES)} are read) or leave the patient out."
        )
    image = volumes.read_volume(path)
    values = volumes.voxels(image)
    if values.size == 0 or values.min() == values.max():
        value = values.flat[0] if values.size else "none"
        raise InputError(
            f"Patient {pseudonym}: {path.name} is empty, all {values.size} voxels are {value}; export it again."
        )
    return image


def _check_same_grid(images: Mapping[str, Any], pseudonym: str) -> None:
    names = SCANNED_FRAMES[DYNAMIC]
    first = volumes.grid_of(images[names[0]])
    for name in names[1:]:
        grid = volumes.grid_of(images[name])
        if not grid.matches(first):
            raise InputError(
                f"Patient {pseudonym}: {name} has {grid}, but {names[0]} has {first}; all T1 frames need one grid."
            )


def _read_mask(folder: Path, t1: Any, classes: Mapping[int, LesionClass], pseudonym: str) -> Any:
    path = volumes.find_volume(folder, LESIONS)
    if path is None:
        raise InputError(
            f"Patient {pseudonym} has no {LESIONS}; add {LESIONS}.nii.gz with 0 for healthy tissue and one number per lesion."
        )
    image = volumes.read_volume(path)
    grid, t1_grid = volumes.grid_of(image), volumes.grid_of(t1)
    if not grid.matches(t1_grid):
        raise InputError(
            f"Patient {pseudonym}: {path.name} has {grid}, but T1_pre has {t1_grid}; draw or resample the mask on the T1 grid."
        )
    values = volumes.voxels(image)
    numbers = np.unique(values)
    odd = numbers[
        (numbers < 0) | (numbers > _MAX_LESION) | (numbers != np.floor(numbers)) | ~np.isfinite(numbers)
    ]
    if len(odd):
        raise InputError(
            f"Patient {pseudonym}: {path.name} holds the value {odd[0]:g}; write 0 for healthy tissue and a whole number per lesion."
        )
    in_mask, in_truth = {int(number) for number in numbers if number}, set(classes)
    if in_mask != in_truth:
        where, lesion = (
            ("the truth", min(in_truth - in_mask))
            if in_truth - in_mask
            else ("the mask", min(in_mask - in_truth))
        )
        other = "the mask" if where == "the truth" else "the truth"
        raise InputError(
            f"Patient {pseudonym}: lesion {lesion} is in {where} but not in {other}; both have to hold the same lesions."
        )
    return volumes.like(image, np.asarray(values, dtype=np.uint16))


def _measure(mask: Any, classes: Mapping[int, LesionClass]) -> tuple[ScannedLesion, ...]:
    image = volumes.axial(mask)
    numbers: NDArray[np.uint16] = volumes.voxels(image)
    voxel_mm3 = float(np.prod(image.GetSpacing()))
    lesions = []
    for number in sorted(classes):
        per_slice = np.count_nonzero(numbers == number, axis=(1, 2))
        lesions.append(
            ScannedLesion(
                number, classes[number], float(per_slice.sum()) * voxel_mm3, int(np.count_nonzero(per_slice))
            )
        )
    return tuple(lesions)


def _voxel_sum(images: list[Any]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(np.ascontiguousarray(volumes.voxels(image)).data)
    return digest.hexdigest()
