"""Fill a patch set: extract a cohort's patches, or copy patches from a folder that came from elsewhere."""

import logging
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from generation.core import cohort_extraction, foreign_patches
from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.patch_set import PatchSetFolder
from generation.models import Cohort, PatchSet
from generation.services import jobs, patch_sets

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def run(patch_set_id: int, *, n_jobs: int = 1, on_progress: Progress | None = None) -> None:
    """Fill one queued patch set."""
    row = PatchSet.objects.select_related("cohort").get(pk=patch_set_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    try:
        _remove_remains(row.folder)
        on_progress = on_progress or (lambda done, total: None)
        folder = (
            _copy(row, on_progress) if "origin_folder" in row.options else _extract(row, n_jobs, on_progress)
        )
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        logger.exception("patch set %s failed", row.slug)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        jobs.finish(row, now=timezone.now(), n_done=row.n_total, step_name="", **patch_sets.counted(folder))


def _extract(row: PatchSet, n_jobs: int, on_progress: Progress) -> PatchSetFolder:
    cohort = row.cohort
    if cohort is None:
        raise InputError(
            f'Patch set "{row.name}" belongs to no cohort; queue the extraction of a cohort instead.'
        )
    patients = list(cohort.patients.all())
    row.n_total = len(patients)

    def on_patient(done: int, total: int, pseudonym: str) -> None:
        on_progress(done, total)
        jobs.report(row, n_done=done, n_total=total, step_name=f"extracted {pseudonym}", now=timezone.now())

    jobs.report(row, n_done=0, n_total=len(patients), step_name="extracting", now=timezone.now())
    return cohort_extraction.extract_cohort(
        [patient.folder for patient in patients],
        row.folder,
        options=ExtractionOptions.parse(row.options),
        provenance=_provenance(cohort),
        n_jobs=n_jobs,
        on_patient=on_patient,
    )


def _copy(row: PatchSet, on_progress: Progress) -> PatchSetFolder:
    def on_block(done: int, total: int) -> None:
        row.n_total = total
        on_progress(done, total)
        jobs.report(row, n_done=done, n_total=total, step_name="copying", now=timezone.now())

    return foreign_patches.copy(
        Path(row.options["origin_folder"]), row.folder, source=row.source, on_block=on_block
    )


def _remove_remains(folder: Path) -> None:
    """Remove what a killed worker left: a draft or, killed before its last line, the whole folder."""
    for path in (folder, *folder.parent.glob(f".{folder.name}.partial-*")):
        shutil.rmtree(path, ignore_errors=True)


def _provenance(cohort: Cohort) -> dict[str, object]:
    return {
        "made_by": "extraction",
        "reader_study_version": tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"][
            "version"
        ],
        "cohort": cohort.slug,
        "is_phantom": cohort.is_phantom,
        "scan_sha256": {patient.pseudonym: patient.sha256 for patient in cohort.patients.all()},
    }
