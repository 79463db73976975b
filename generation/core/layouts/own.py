"""Our own layout: one sub-folder per patient with T2, T1_pre, T1_post1 to T1_post4, lesions and their classes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.core import patient_folder
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from generation.core.patient_scan import PatientScan

LAYOUT: Final = "own"


@dataclass(frozen=True)
class OwnPatient:
    """Folder of one patient, not read yet."""

    folder: Path
    position: str

    def read(self, options: ImportOptions) -> PatientScan:
        """Read and check the patient.

        Raises
        ------
        InputError
            As `patient_folder.read_patient`; where the folder's name is no pseudonym, beginning with its place.
        """
        try:
            patient_folder.parse_pseudonym(self.folder.resolve().name)
        except InputError as error:
            raise InputError(f"{self.position}: {error}") from None
        return patient_folder.read_patient(self.folder, options)
