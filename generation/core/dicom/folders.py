"""Folders of DICOM files: which patients they hold, and reading one of them.

A folder holds one sub-folder per patient, or is one patient itself: then its files, or the sub-folders of its
series, carry one PatientID. Sentences name patients by their place in the order of folders or by pseudonym.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core import lesion_sources, lesion_table, patient_folder, volumes
from generation.core.dicom import deidentification, headers, segmentation, study
from generation.core.dicom.headers import Defect, ImageHeader
from generation.core.dicom.study import StudyPlan
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from generation.core.lesion_sources import PlacedLesions
from generation.core.lesion_table import LesionRow
from generation.core.lesion_truth import TRUTH_JSON, read_truth
from generation.core.patient_scan import ImportFacts, PatientScan, assembled, checked_mask

TABLES: Final = ("lesions.csv", "Annotation_Boxes.csv", "annotation.csv")
_DAMAGED: Final = "damaged "
MAX_FILES: Final = 100_000  # of one patient
UNKNOWN_LESIONS: Final = (
    "Nothing says where lesions are, so no patch will be cut from this patient: tissue without a mark might hold one. "
    "Give a mask, a DICOM segmentation, or a row in lesions.csv (no_findings for a patient without lesions)."
)


@dataclass(frozen=True)
class DicomPatient:
    """Files of one patient, not read yet."""

    folders: tuple[Path, ...]
    home: Path  # where lesions.nii.gz and its classes are looked for
    position: str
    rows: tuple[LesionRow, ...] = ()
    pseudonyms: Mapping[str, str] = field(default_factory=dict)

    def read(self, options: ImportOptions) -> PatientScan:
        """Read and check the patient.

        Raises
        ------
        InputError
            Beginning with the place in the folder or the pseudonym.
        """
        try:
            images = read_headers(self.folders, key=options.key)
            pseudonym = self._pseudonym(images, options)
        except InputError as error:
            raise InputError(f"{self.position}: {error}") from None
        try:
            return _read(self, images, pseudonym, options)
        except InputError as error:
            text = str(error).removeprefix(f"Patient {pseudonym}: ")
            raise InputError(f"Patient {pseudonym} ({self.position}): {text}") from None

    def words_of_identity(self) -> frozenset[str]:
        """Words of the patient's name and id, to be compared with what people type; empty if they were removed."""
        first = next(
            (
                path
                for folder in self.folders
                for path in files_below(folder)
                if headers.has_dicom_prefix(path)
            ),
            None,
        )
        return headers.names_in(first) if first else frozenset()

    def _pseudonym(self, images: Sequence[ImageHeader], options: ImportOptions) -> str:
        names = [headers.identity_of(folder.name, key=options.key) for folder in self.folders]
        given = [self.pseudonyms[one] for one in (images[0].identity, *names) if one in self.pseudonyms]
        if given:
            return given[0]
        if options.keep_ids:
            return deidentification.kept_id(images, headers.patient_id(images[0].path))
        return deidentification.pseudonym_of(images[0].identity)


def find(folder: Path, options: ImportOptions) -> tuple[tuple[DicomPatient, ...], int]:
    """Find the patients below a folder, looking into one file of each sub-folder.

    Returns
    -------
    patients, and the number of sub-folders without DICOM

    Raises
    ------
    InputError
        If a table beside them cannot be read.
    """
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    is_whole = any(headers.has_dicom_prefix(path) for path in sorted(folder.iterdir()) if path.is_file())
    groups: dict[str, list[Path]] = {}
    n_ignored = 0
    for path in [folder] if is_whole else inside:
        identity = _first_identity(path, key=options.key)
        if identity is None:
            n_ignored += 1
        else:
            groups.setdefault(identity, []).append(path)
    if _are_series_of_one(groups, key=options.key):
        groups = {next(iter(groups)): [path for paths in groups.values() for path in paths]}
    pseudonyms = deidentification.read_pseudonyms(folder, key=options.key)
    tables = [row for name in TABLES if (folder / name).is_file() for row in lesion_table.read(folder / name)]
    hashed = [(headers.identity_of(row.patient, key=options.key), row) for row in tables]
    patients = []
    for number, (identity, folders) in enumerate(groups.items(), start=1):
        names = [path.name for path in folders]
        if not identity.startswith(_DAMAGED):
            names.append(deidentification.pseudonym_of(identity))
        keys = {identity, *(headers.identity_of(name, key=options.key) for name in names)}
        # A folder that is one patient may have a table without a column for patients.
        rows = tuple(row for one, row in hashed if one in keys or (len(groups) == 1 and not row.patient))
        place = f"Patient {number} of {len(groups)} in the order of folders"
        home = folder if len(groups) == 1 else folders[0]
        if home != folder and (home / TABLES[0]).is_file():
            rows = (*rows, *lesion_table.read(home / TABLES[0]))
        patients.append(DicomPatient(tuple(folders), home, place, rows, pseudonyms))
    return tuple(patients), n_ignored


def _are_series_of_one(groups: Mapping[str, Sequence[Path]], *, key: bytes) -> bool:
    """Say whether the sub-folders are the series of one patient's folder, into which another patient got."""
    if len(groups) < 2 or max(len(paths) for paths in groups.values()) < 2:
        return False
    return all(_is_one_series(path, key=key) for paths in groups.values() for path in paths)


def _is_one_series(folder: Path, *, key: bytes) -> bool:
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and headers.has_dicom_prefix(path)]
    ends = [headers.read_images(path, key=key) for path in (files[0], files[-1])] if files else []
    uids = [one[0].series for one in ends if not isinstance(one, Defect) and one]
    return len(uids) == 2 and uids[0] == uids[1]


def files_below(folder: Path) -> Iterator[Path]:
    """List all files below a folder in a stable order.

    Raises
    ------
    InputError
        If a folder cannot be listed; the sentence does not say its name.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"a folder inside cannot be listed ({error.strerror}); give the importing account the right to read it."
        ) from None
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from files_below(path)
        elif path.is_file():
            yield path


def read_headers(folders: Sequence[Path], *, key: bytes) -> list[ImageHeader]:
    """Read the headers of all images of one patient.

    Raises
    ------
    InputError
        If a file is damaged or unreadable, or the images are of several patients.
    """
    images: list[ImageHeader] = []
    n_files = 0
    for path in (path for folder in folders for path in files_below(folder)):
        if not headers.has_dicom_prefix(path):
            continue
        n_files += 1
        if n_files > MAX_FILES:
            raise InputError(f"there are more than {MAX_FILES} DICOM files; give one sub-folder per patient.")
        found = headers.read_images(path, key=key)
        if isinstance(found, Defect):
            raise InputError(
                f"DICOM file {n_files} in the order of paths {found.value}; copy or export it again."
            )
        images += found
    identities = {image.identity for image in images}
    if len(identities) > 1:
        raise InputError(
            f"the images of {len(identities)} patients are mixed in one folder (PatientID differs); give each patient a sub-folder of its own."
        )
    if not images:
        raise InputError("the DICOM files hold no image; add the series of images.")
    return images


def _first_identity(folder: Path, *, key: bytes) -> str | None:
    """Hash of the patient of the first DICOM file below a folder; None without DICOM; empty where it cannot be read."""
    try:
        for path in files_below(folder):
            if headers.has_dicom_prefix(path):
                found = headers.read_images(path, key=key)
                if isinstance(found, Defect):
                    return f"{_DAMAGED}{folder.name}"
                if found:
                    return found[0].identity
    except InputError:
        return f"{_DAMAGED}{folder.name}"  # reading the patient says what is wrong
    return None


def _read(
    patient: DicomPatient, images: Sequence[ImageHeader], pseudonym: str, options: ImportOptions
) -> PatientScan:
    planned = study.plan(images, options)
    frames = study.read_frames(planned)
    told = [*planned.told, study.uptake(frames)]
    if options.without_t2:
        frames["T2"] = patient_folder.black(frames["T1_pre"])
        told.append(patient_folder.WITHOUT_T2)
    placed = _lesions(patient, planned, frames, pseudonym)
    t1 = frames["T1_pre"]
    if placed is None:
        told.append(UNKNOWN_LESIONS)
        empty = volumes.like(t1, np.zeros(volumes.voxels(t1).shape, dtype=np.uint16))
        lesions = PlacedLesions(empty, {}, {})
    else:
        lesions = placed
        told += placed.told or ["The patient has no lesions, as the table says."]
    facts = ImportFacts(
        layout="DICOM",
        found=tuple(told),
        phase_seconds=planned.dynamic.seconds,
        stated_seconds=planned.dynamic.stated,
        phase_rule=planned.dynamic.rule,
        lesions_known=placed is not None,
        has_t2=not options.without_t2,
    )
    return assembled(pseudonym, frames, lesions.mask, lesions.classes, facts, lesions.origins)


def _lesions(
    patient: DicomPatient, planned: StudyPlan, frames: Mapping[str, Any], pseudonym: str
) -> PlacedLesions | None:
    """Lesions from the one thing that says where they are; None where nothing does."""
    rows = patient.rows
    mask_path = volumes.find_volume(patient.home, patient_folder.LESIONS)
    places = any(row.has_place and row.is_lesion for row in rows)
    if bool(mask_path) + len(planned.segmentations) + places > 1:
        raise InputError(
            "several things say where lesions are (masks, DICOM segmentations, places in a table); keep one."
        )
    numbered = {row.number: row.lesion_class for row in rows if row.number is not None and row.is_lesion}
    labels = {row.label: row.lesion_class for row in rows if row.label is not None}
    if (patient.home / TRUTH_JSON).is_file():
        numbered |= read_truth(patient.home, pseudonym)
    if mask_path:
        mask = checked_mask(
            patient_folder.read_named(mask_path, pseudonym),
            frames["T1_pre"],
            name="the lesion mask",
            pseudonym=pseudonym,
        )
        return lesion_sources.from_labels(mask, labels) if labels else _instances(mask, numbered, "mask", ())
    if planned.segmentations:
        found = segmentation.read(planned.segmentations[0], frames["T1_pre"])
        told = [f"{found.n_overlapping} voxels lie in two segments; they went to the lower number."]
        mask = volumes.like(frames["T1_pre"], found.numbers)
        classes = {**found.classes, **numbered}
        return _instances(mask, classes, "segmentation", told if found.n_overlapping else ())
    if places or rows:
        if not places and any(row.is_lesion for row in rows):
            raise InputError(
                "the table names a lesion but not its place; add a box, a point or a breast to its row, or a mask to the folder."
            )
        return lesion_sources.from_rows(rows, frames, slice_of=planned.slice_of)
    return None


def _instances(mask: Any, classes: Mapping[int, Any], origin: str, told: Sequence[str]) -> PlacedLesions:
    numbers = {int(number) for number in np.unique(volumes.voxels(mask)) if number}
    missing = sorted(numbers - set(classes))
    if missing:
        raise InputError(
            f"lesion {missing[0]} of the {origin} has no class; add a row to lesions.csv with the columns patient, lesion, lesion_class."
        )
    kept = {number: classes[number] for number in sorted(numbers)}
    sentences = [f"Lesion {number} ({kept[number].words}) was placed by a {origin}." for number in kept]
    return PlacedLesions(
        mask, kept, dict.fromkeys(kept, origin), (*sentences, *told) or ("The mask is empty: no lesions.",)
    )
