"""A folder of scans in our own layout: which patients it holds, whether each is complete, and writing them de-identified."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core import breast_mask, lesion_sources, lesion_table, volumes
from generation.core.errors import InputError
from generation.core.frames import SCANNED_FRAMES
from generation.core.import_options import ImportOptions
from generation.core.labels import LesionClass
from generation.core.lesion_sources import PlacedLesions
from generation.core.lesion_truth import LESIONS_CSV, TRUTH_JSON, is_phantom, lesions_known, read_truth
from generation.core.patient_scan import (
    ImportFacts,
    PatientScan,
    ScannedLesion,
    assembled,
    check_frame,
    checked_mask,
    parse_pseudonym,
)

__all__ = [
    "PatientScan",
    "ScannedLesion",
    "find_patients",
    "is_phantom",
    "load_patient",
    "parse_pseudonym",
    "read_patient",
    "read_truth",
    "write_patient",
]

LESIONS: Final = "lesions"
_NAMES: Final = ", ".join(SCANNED_FRAMES)


@dataclass(frozen=True)
class StoredPatient:
    """An imported patient, read back for extraction."""

    pseudonym: str
    images: Mapping[str, Any]
    lesion_mask: Any
    classes: Mapping[int, LesionClass]
    lesions_known: bool = True
    breast_mask: Any = None  # given, or found automatically when the patient was imported


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
            "This is not a folder on this machine; give the folder that holds one sub-folder per patient."
        )
    try:
        if _holds_a_frame(folder):
            return FolderContent((folder,), ())
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        patients = tuple(path for path in inside if _holds_a_frame(path))
    except OSError as error:
        raise InputError(
            f"The folder or one inside it cannot be listed ({error.strerror}); give the importing account the right to read it."
        ) from None
    if not patients:
        raise InputError(
            f"The folder holds no patient; expected one sub-folder per patient with {_NAMES} and lesions as {', '.join(volumes.SUFFIXES)}."
        )
    seen: dict[str, str] = {}
    for path in patients:
        first = seen.setdefault(path.name.casefold(), path.name)
        if first != path.name:
            raise InputError(
                f"Patients {parse_pseudonym(first)} and {parse_pseudonym(path.name)} in the folder have the same pseudonym but for upper and lower case; rename one."
            )
    return FolderContent(patients, tuple(path.name for path in inside if path not in patients))


def read_patient(folder: Path, options: ImportOptions | None = None) -> PatientScan:
    """Read and check one patient.

    Raises
    ------
    InputError
        Naming patient, file, value, limit and mend for the first thing that is wrong: pseudonym, missing frame,
        unreadable or not three-dimensional file, NaN or infinity, constant volume, T1 frames or mask on
        different grids, lesion mask and truth that disagree.
    """
    options = options or ImportOptions()
    pseudonym = parse_pseudonym(folder.resolve().name)
    names = [name for name in SCANNED_FRAMES if name != "T2" or not options.without_t2]
    images = {name: _read_frame(folder, name, pseudonym) for name in names}
    if options.without_t2:
        images["T2"] = black(images["T1_pre"])
    placed = _lesions(folder, images, pseudonym)
    breasts = breast_mask.read_given(folder, images["T1_pre"], pseudonym)
    told = [
        *placed.told,
        *([WITHOUT_T2] if options.without_t2 else []),
        *([] if breasts is None else [breast_mask.GIVEN]),
    ]
    facts = ImportFacts(
        found=tuple(told),
        has_t2=not options.without_t2,
        is_phantom=is_phantom(folder),
        has_breast_mask=breasts is not None,
    )
    return assembled(pseudonym, images, placed.mask, placed.classes, facts, placed.origins, breasts)


WITHOUT_T2: Final = "The cohort is imported without T2: that frame is black in every patch."


def black(t1: Any) -> Any:
    """Stand in for the T2 of a cohort that has none: zeros on the T1 grid."""
    return volumes.like(t1, np.zeros(volumes.voxels(t1).shape, dtype=np.int16))


def write_patient(scan: PatientScan, folder: Path) -> None:
    """Write a patient with voxels and geometry only: no header text, name, date or path of the original survives."""
    folder.mkdir(parents=True)
    for name, image in scan.images.items():
        volumes.write_volume(image, folder / f"{name}.nii.gz")
    volumes.write_volume(scan.lesion_mask, folder / f"{LESIONS}.nii.gz")
    if scan.breast_mask is not None:
        breast_mask.write(scan.breast_mask, folder)
    truth = {
        "lesions": [
            {"lesion": lesion.number, "lesion_class": lesion.lesion_class.value, "origin": lesion.origin}
            for lesion in scan.lesions
        ],
        "lesions_known": scan.facts.lesions_known,
        "has_t2": scan.facts.has_t2,
        "phase_seconds": scan.facts.as_dict()["phase_seconds"],
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
    images = {name: read_named(path, folder.name) for name, path in paths.items()}
    mask = images.pop(LESIONS)
    return StoredPatient(
        folder.name,
        images,
        mask,
        read_truth(folder, folder.name),
        lesions_known=lesions_known(folder),
        breast_mask=breast_mask.load(folder),
    )


def read_named(path: Path, pseudonym: str) -> Any:
    """Read a volume; a sentence about what is wrong with it begins with the patient.

    Raises
    ------
    InputError
        As `volumes.read_volume`.
    """
    try:
        return volumes.read_volume(path)
    except InputError as error:
        raise InputError(f"Patient {pseudonym}: {error}") from error


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
    image = read_named(path, pseudonym)
    check_frame(image, path.name, pseudonym)
    if image.GetPixelIDTypeAsString() == "8-bit unsigned integer":
        raise InputError(
            f"Patient {pseudonym}: {path.name} has 8 bits per voxel, as screenshots have; export the measured values."
        )
    return image


def _lesions(folder: Path, images: Mapping[str, Any], pseudonym: str) -> PlacedLesions:
    """Lesions by a mask with a class per number or per value, or by the places of a table."""
    path = volumes.find_volume(folder, LESIONS)
    table = folder / LESIONS_CSV
    rows: tuple[lesion_table.LesionRow, ...] = ()
    if table.is_file() and not (folder / TRUTH_JSON).is_file():
        try:
            rows = lesion_table.read(table)
            has_places = any(row.has_place for row in rows)
            if path is None and rows and all(row.has_place or not row.is_lesion for row in rows):
                return lesion_sources.from_rows(rows, images, slice_of=_from_one(images["T1_pre"]))
            if path is not None and has_places:
                raise InputError(
                    f"{path.name} and the places in {table.name} both say where lesions are; keep one."
                )
            if path is not None and any(row.label is not None for row in rows):
                mask = checked_mask(
                    read_named(path, pseudonym), images["T1_pre"], name=path.name, pseudonym=pseudonym
                )
                labels = {row.label: row.lesion_class for row in rows if row.label is not None}
                return lesion_sources.from_labels(mask, labels)
        except InputError as error:
            text = str(error)
            raise InputError(
                text if text.startswith("Patient ") else f"Patient {pseudonym}: {text}"
            ) from None
    classes = read_truth(folder, pseudonym)
    mask = _read_mask(folder, images["T1_pre"], classes, pseudonym)
    return PlacedLesions(mask, classes, {})


def _from_one(t1: Any) -> lesion_sources.SliceOf:
    n_slices = t1.GetSize()[2]
    return lambda number: number - 1 if 1 <= number <= n_slices else None


def _read_mask(folder: Path, t1: Any, classes: Mapping[int, LesionClass], pseudonym: str) -> Any:
    path = volumes.find_volume(folder, LESIONS)
    if path is None:
        raise InputError(
            f"Patient {pseudonym} has no {LESIONS}; add {LESIONS}.nii.gz with 0 for healthy tissue and one number per lesion."
        )
    mask = checked_mask(read_named(path, pseudonym), t1, name=path.name, pseudonym=pseudonym)
    in_mask = {int(number) for number in np.unique(volumes.voxels(mask)) if number}
    in_truth = set(classes)
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
    return mask
