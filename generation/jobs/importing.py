"""Import a cohort: check every patient, write de-identified copies, store all rows at once or nothing."""

import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from generation.core import patient_folder
from generation.core.errors import InputError
from generation.core.patient_folder import ScannedLesion
from generation.models import Cohort
from generation.services import cohorts, jobs

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ScannedPatient:
    """Facts of one patient without its voxels."""

    pseudonym: str
    geometry: dict[str, dict[str, list[float]]]
    sha256: str
    lesions: tuple[ScannedLesion, ...]
    is_phantom: bool


@dataclass(frozen=True)
class Finding:
    """One patient folder as a dry run sees it: what would be imported, or why not."""

    folder: Path
    patient: ScannedPatient | None
    error: str

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        if self.patient is None:
            return {"patient": self.folder.name, "error": self.error}
        lesions = [
            {
                "lesion": lesion.number,
                "lesion_class": lesion.lesion_class.value,
                "volume_mm3": round(lesion.volume_mm3, 1),
                "n_slices": lesion.n_slices,
            }
            for lesion in self.patient.lesions
        ]
        return {
            "patient": self.patient.pseudonym,
            "error": "",
            "lesions": lesions,
            "geometry": self.patient.geometry,
            "sha256": self.patient.sha256,
        }


def look(folder: Path) -> Iterator[Finding]:
    """Check every patient of a folder without importing anything."""
    for path in patient_folder.find_patients(folder).patients:
        try:
            yield Finding(path, _facts(path, patient_folder.read_patient(path)), "")
        except InputError as error:
            yield Finding(path, None, str(error))


def run(cohort_id: int, *, on_progress: Progress | None = None) -> None:
    """Import one queued cohort."""
    cohort = Cohort.objects.get(pk=cohort_id)
    if not jobs.claim(cohort, now=timezone.now()):
        return
    draft = cohort.folder.with_name(f".{cohort.slug}.partial-{secrets.token_hex(4)}")
    try:
        patients = _write_patients(cohort, draft, on_progress or (lambda done, total: None))
        with transaction.atomic():
            cohorts.store_patients(
                cohort, patients=patients, is_phantom=any(patient.is_phantom for patient in patients)
            )
            jobs.finish(cohort, now=timezone.now(), n_done=len(patients), n_total=len(patients), step_name="")
            draft.rename(cohort.folder)
    except jobs.StoppedByUser:
        jobs.mark_stopped(cohort, now=timezone.now())
    except InputError as error:
        jobs.fail(cohort, error=error, now=timezone.now())
    except Exception as error:
        logger.exception("import of cohort %s failed", cohort.slug)
        jobs.fail(cohort, error=error, now=timezone.now())
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_patients(cohort: Cohort, draft: Path, on_progress: Progress) -> list[ScannedPatient]:
    _remove_remains(cohort.folder)
    folders = patient_folder.find_patients(Path(cohort.origin_folder)).patients
    patients = []
    for done, folder in enumerate(folders):
        jobs.report(
            cohort,
            n_done=done,
            n_total=len(folders),
            step_name=f"importing {folder.name}"[:80],
            now=timezone.now(),
        )
        scan = patient_folder.read_patient(folder)
        patient_folder.write_patient(scan, draft / scan.pseudonym)
        patients.append(_facts(folder, scan))
        on_progress(done + 1, len(folders))
    return patients


def _remove_remains(folder: Path) -> None:
    """Remove what a killed worker left of this import; the row was claimed, so nobody else writes there."""
    for path in (folder, *folder.parent.glob(f".{folder.name}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)


def _facts(folder: Path, scan: patient_folder.PatientScan) -> ScannedPatient:
    is_phantom = patient_folder.is_phantom(folder)
    return ScannedPatient(scan.pseudonym, scan.geometry(), scan.sha256, scan.lesions, is_phantom)
