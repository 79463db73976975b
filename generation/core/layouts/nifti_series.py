"""A patient whose dynamic series is one NIfTI file per phase, as public collections have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core import lesion_sources, patient_folder, volumes
from generation.core.dicom.study import uptake
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.import_options import ImportOptions
from generation.core.labels import LesionClass
from generation.core.lesion_sources import PlacedLesions
from generation.core.lesion_table import LesionRow
from generation.core.patient_scan import ImportFacts, PatientScan, assembled, checked_mask, parse_pseudonym
from generation.core.phase_choice import five_of

UNKNOWN_LESIONS: Final = "Nothing says where lesions are, so no patch will be cut from this patient: tissue without a mark might hold one."


@dataclass(frozen=True)
class NiftiPatient:
    """Files of one patient, not read yet.

    Attributes
    ----------
    phases : one file per phase in the order of acquisition, the first before contrast
    seconds : begin of each phase, if a table says
    mask : label mask of the tumours, all of them malignant
    rows : labels per breast, or None if no table says anything
    told : sentences about what the layout says
    """

    layout: str
    name: str
    position: str
    phases: tuple[Path, ...]
    t2: Path | None = None
    seconds: tuple[float, ...] | None = None
    mask: Path | None = None
    rows: tuple[LesionRow, ...] | None = None
    told: tuple[str, ...] = ()

    def read(self, options: ImportOptions) -> PatientScan:
        """Read and check the patient.

        Raises
        ------
        InputError
            Beginning with the pseudonym, or with the place in the folder where the name is no pseudonym.
        """
        try:
            pseudonym = parse_pseudonym(self.name)
        except InputError as error:
            raise InputError(f"{self.position}: {error}") from None
        try:
            return self._read(pseudonym, options)
        except InputError as error:
            raise InputError(
                f"Patient {pseudonym}: {str(error).removeprefix(f'Patient {pseudonym}: ')}"
            ) from None

    def _read(self, pseudonym: str, options: ImportOptions) -> PatientScan:
        indices = five_of(len(self.phases), self.seconds, wanted=options.phases)
        taken = [self.phases[index] for index in indices]
        images = {
            name: patient_folder.read_named(path, pseudonym)
            for name, path in zip(SCANNED_FRAMES[DYNAMIC], taken, strict=True)
        }
        told = [f"{path.name} is {name}." for name, path in zip(SCANNED_FRAMES[DYNAMIC], taken, strict=True)]
        told += [*self.told, *self._add_t2(images, pseudonym, options), uptake(images)]
        placed = self._lesions(images, pseudonym)
        told += placed.told if placed else [UNKNOWN_LESIONS]
        empty = volumes.like(
            images["T1_pre"], np.zeros(volumes.voxels(images["T1_pre"]).shape, dtype=np.uint16)
        )
        lesions = placed or PlacedLesions(empty, {}, {})
        seconds = self.seconds
        facts = ImportFacts(
            layout=self.layout,
            found=tuple(told),
            phase_seconds=None if seconds is None else tuple(seconds[i] - seconds[0] for i in indices),
            phase_rule="file-names",
            lesions_known=placed is not None,
            has_t2=not options.without_t2,
        )
        return assembled(pseudonym, images, lesions.mask, lesions.classes, facts, lesions.origins)

    def _add_t2(self, images: dict[str, Any], pseudonym: str, options: ImportOptions) -> list[str]:
        if options.without_t2:
            images["T2"] = patient_folder.black(images["T1_pre"])
            return [patient_folder.WITHOUT_T2]
        if self.t2 is None:
            raise InputError(
                f"{self.layout} has no T2 for this patient; put T2.nii.gz beside the phases, or import the whole cohort without T2."
            )
        images["T2"] = patient_folder.read_named(self.t2, pseudonym)
        return [
            f"{self.t2.name} is T2; extraction resamples it by its own coordinates onto the grid of the patches."
        ]

    def _lesions(self, images: dict[str, Any], pseudonym: str) -> PlacedLesions | None:
        t1 = images["T1_pre"]
        if self.mask is not None:
            mask = checked_mask(
                patient_folder.read_named(self.mask, pseudonym), t1, name=self.mask.name, pseudonym=pseudonym
            )
            labels = {int(value): LesionClass.MALIGNANT for value in np.unique(volumes.voxels(mask)) if value}
            return lesion_sources.from_labels(mask, labels)
        if self.rows is None:
            return None
        n_slices = t1.GetSize()[2]
        return lesion_sources.from_rows(
            self.rows, images, slice_of=lambda number: number - 1 if 1 <= number <= n_slices else None
        )


def positions(names: Sequence[str]) -> dict[str, str]:
    """Place of every patient in the order of names, for sentences about what is no pseudonym."""
    return {
        name: f"Patient {index} of {len(names)} in the order of folders"
        for index, name in enumerate(names, 1)
    }
