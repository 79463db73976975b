"""Import a cohort: check every patient, write de-identified copies, store all rows at once or nothing.

Nothing here writes, logs or shows the name of a folder or a file that a user brought: it may be a patient's name.
"""

import logging
import re
import secrets
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from generation.core import breast_mask, layouts, patient_folder
from generation.core.dicom.folders import DicomPatient
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from generation.core.layouts import PatientSource
from generation.core.patient_scan import PatientScan, ScannedLesion
from generation.jobs import sharing
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
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One patient as a dry run sees it: what would be imported, or why not."""

    position: str
    patient: ScannedPatient | None
    error: str

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        if self.patient is None:
            return {"patient": "", "position": self.position, "error": self.error}
        lesions = [
            {
                "lesion": lesion.number,
                "lesion_class": lesion.lesion_class.value,
                "origin": lesion.origin,
                "volume_mm3": round(lesion.volume_mm3, 1),
                "n_slices": lesion.n_slices,
            }
            for lesion in self.patient.lesions
        ]
        return {
            "patient": self.patient.pseudonym,
            "position": self.position,
            "error": "",
            "lesions": lesions,
            "geometry": self.patient.geometry,
            "sha256": self.patient.sha256,
            **self.patient.facts,
        }


def options_of(values: Mapping[str, Any]) -> ImportOptions:
    """Options as a row or a command line names them, with this instance's key."""
    return ImportOptions.parse(values, key=cohorts.pseudonym_key())


def look(folder: Path, options: ImportOptions) -> tuple[layouts.Cohort, Iterator[Finding]]:
    """Check every patient of a folder, one after another, without importing anything."""
    found = layouts.find(folder, options)
    return found, (_finding(source, options) for source in found.patients)


def run(cohort_id: int, *, on_progress: Progress | None = None) -> None:
    """Import one queued cohort."""
    cohort = Cohort.objects.get(pk=cohort_id)
    if not jobs.claim(cohort, now=timezone.now()):
        return
    draft = cohort.folder.with_name(f".{cohort.slug}.partial-{secrets.token_hex(4)}")
    try:
        patients = _write_patients(cohort, draft, on_progress or (lambda done, total: None))
        with transaction.atomic():
            cohorts.store_patients(cohort, patients=patients, now=timezone.now())
            if not jobs.finish(
                cohort, now=timezone.now(), n_done=len(patients), n_total=len(patients), step_name=""
            ):
                raise jobs.ClaimLost  # nothing of it is stored: another worker has the import
            draft.rename(cohort.folder)
    except jobs.StoppedByUser:
        jobs.mark_stopped(cohort, now=timezone.now())
    except InputError as error:
        jobs.fail(cohort, error=error, now=timezone.now())
    except Exception as error:
        logger.error("import %s failed: %s", cohort.pk, place_of(error))
        jobs.fail(cohort, error=f"The import failed ({place_of(error)}).", now=timezone.now())
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        cohorts.remove_unfinished(cohort)
        cohorts.forget_origin(cohort)


def give_up(cohort: Cohort) -> None:
    """Leave nothing of an import that was interrupted, and forget where it came from; what has finished stays."""
    if cohort.status in (Cohort.Status.FAILED, Cohort.Status.STOPPED):
        _remove_remains(cohort.folder)
        cohorts.remove_unfinished(cohort)
    cohorts.forget_origin(cohort)


def _finding(source: PatientSource, options: ImportOptions) -> Finding:
    try:
        return Finding(source.position, _facts(source.read(options)), "")
    except InputError as error:
        return Finding(source.position, None, str(error))
    except OSError as error:
        return Finding(source.position, None, f"{source.position}: {_unreadable(error)}")
    except Exception as error:  # one odd patient must not hide what is to be said about the others
        return Finding(source.position, None, f"{source.position} cannot be read ({place_of(error)}).")


def _write_patients(cohort: Cohort, draft: Path, on_progress: Progress) -> list[ScannedPatient]:
    _remove_remains(cohort.folder)
    options = options_of(cohort.options)
    sources = layouts.find(Path(cohort.origin_folder), options).patients
    _check_typed_texts(cohort, sources)
    patients: list[ScannedPatient] = []
    for done, source in enumerate(sources):
        jobs.report(
            cohort,
            n_done=done,
            n_total=len(sources),
            step_name=f"importing patient {done + 1}",
            now=timezone.now(),
        )
        patients.append(_import_one(source, options, draft))
        pseudonym = patients[-1].pseudonym
        sharing.publish(draft / pseudonym, cohort, as_place=cohort.folder / pseudonym)
        on_progress(done + 1, len(sources))
    return patients


def _import_one(source: PatientSource, options: ImportOptions, draft: Path) -> ScannedPatient:
    """Read, check and write one patient; its voxels are let go before the next one is read."""
    try:
        scan = source.read(options)
    except OSError as error:
        raise InputError(f"{source.position}: {_unreadable(error)}") from None
    folder = draft / scan.pseudonym
    if folder.exists():
        raise InputError(
            f"{source.position} has the pseudonym {scan.pseudonym} of an earlier one; put all images of a patient into one folder, or give pseudonyms.csv."
        )
    try:
        patient_folder.write_patient(scan, folder)
    except (OSError, RuntimeError) as error:
        raise _unwritable(error, folder) from None
    facts = _facts(scan)
    del scan  # before the frames are read again
    if not facts.facts["has_breast_mask"]:
        _find_region(folder)
    return facts


def _find_region(folder: Path) -> None:
    try:
        breast_mask.find_and_write(folder)
    except OSError as error:
        raise _unwritable(error, folder) from None


def _unwritable(error: Exception, folder: Path) -> InputError:
    free = shutil.disk_usage(folder.parent.parent).free >> 20
    reason = (error.strerror if isinstance(error, OSError) else "") or "the writer gives no reason"
    return InputError(
        f"Patient {folder.name} cannot be written ({reason}); {free} MB are free in the data folder: make room and import again."
    )


def _check_typed_texts(cohort: Cohort, sources: tuple[PatientSource, ...]) -> None:
    """Refuse a cohort whose name or note holds a word of a patient's name or id, and take it off the row."""
    typed = set(re.findall(r"[^\W_]+", f"{cohort.name} {cohort.note}".lower()))
    for source in sources:
        if isinstance(source, DicomPatient) and typed & source.words_of_identity():
            cohorts.rename_neutrally(cohort)
            raise InputError(
                "The name or the note of the cohort holds a word of a patient's name or number; import again under a neutral name."
            )


def _remove_remains(folder: Path) -> None:
    """Remove what a killed worker left of this import; the row was claimed, so nobody else writes there."""
    for path in (folder, *folder.parent.glob(f".{folder.name}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)


def _facts(scan: PatientScan) -> ScannedPatient:
    return ScannedPatient(
        scan.pseudonym,
        scan.geometry(),
        scan.sha256,
        scan.lesions,
        scan.facts.is_phantom,
        scan.facts.as_dict(),
    )


def _unreadable(error: OSError) -> str:
    return f"a file or folder cannot be read ({error.strerror}); give the importing account the right to read it."


def place_of(error: Exception) -> str:
    """Kind and place of an error, without its words: those may quote a path or a header."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"
