"""Folder layouts that can be imported: what a folder holds is found out, never guessed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from generation.core import patient_folder, volumes
from generation.core.dicom import folders as dicom_folders
from generation.core.errors import InputError
from generation.core.frames import SCANNED_FRAMES
from generation.core.import_options import ImportOptions
from generation.core.layouts import breastdcedl, mama_mia, odelia, own
from generation.core.patient_scan import PatientScan

DICOM: Final = "DICOM"


class PatientSource(Protocol):
    """One patient of any layout, not read yet."""

    @property
    def position(self) -> str: ...

    def read(self, options: ImportOptions) -> PatientScan: ...


@dataclass(frozen=True)
class Cohort:
    """Patients found in a folder.

    Attributes
    ----------
    layout : own, MAMA-MIA, BreastDCEDL, ODELIA or DICOM
    n_ignored : sub-folders that hold nothing of this layout
    """

    layout: str
    patients: tuple[PatientSource, ...]
    n_ignored: int = 0


def find(folder: Path, options: ImportOptions) -> Cohort:
    """Find out in which layout a folder is, and list its patients.

    Raises
    ------
    InputError
        If it is no folder, cannot be listed, or holds no patient of any known layout.
    """
    if not folder.is_dir():
        raise InputError(
            "This is not a folder on this machine; give the folder that holds one sub-folder per patient."
        )
    try:
        return _own(folder) or _public(folder) or _dicom(folder, options)
    except OSError as error:
        raise InputError(
            f"The folder or one inside it cannot be listed ({error.strerror}); give the importing account the right to read it."
        ) from None


def _own(folder: Path) -> Cohort | None:
    is_ours = any(
        (one / f"{name}{suffix}").is_file()
        for one in (folder, *(path for path in folder.iterdir() if path.is_dir()))
        for name in SCANNED_FRAMES[1:]
        for suffix in volumes.SUFFIXES
    )
    if not is_ours:
        return None
    content = patient_folder.find_patients(folder)
    n = len(content.patients)
    return Cohort(
        own.LAYOUT,
        tuple(
            own.OwnPatient(path, f"Patient {number} of {n} in the order of folders")
            for number, path in enumerate(content.patients, start=1)
        ),
        len(content.ignored),
    )


def _public(folder: Path) -> Cohort | None:
    for layout in (mama_mia, breastdcedl, odelia):
        patients = layout.find(folder)
        if patients:
            return Cohort(layout.LAYOUT, patients)
    return None


def _dicom(folder: Path, options: ImportOptions) -> Cohort:
    patients, n_ignored = dicom_folders.find(folder, options)
    if not patients:
        raise InputError(
            f"The folder holds no patient; expected one sub-folder per patient with DICOM files, or with {', '.join(SCANNED_FRAMES)} "
            f"and lesions as {', '.join(volumes.SUFFIXES)}, or the layout of MAMA-MIA, BreastDCEDL or ODELIA."
        )
    return Cohort(DICOM, patients, n_ignored)
