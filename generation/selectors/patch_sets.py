"""Read patch sets."""

import json
from pathlib import Path

from django.db.models import QuerySet

from generation.core.labels import REAL
from generation.core.patch_set import MANIFEST_FILE, QC_FOLDER
from generation.core.patient_split import MANIFEST_KEY, Part
from generation.models import Cohort, PatchSet


def finished() -> QuerySet[PatchSet]:
    """Patch sets that may be used, newest first."""
    return PatchSet.objects.filter(status=PatchSet.Status.FINISHED)


def finished_of(cohort: Cohort) -> QuerySet[PatchSet]:
    """Finished extractions of a cohort, oldest first."""
    return finished().filter(cohort=cohort, source=REAL).order_by("created_at")


def all_of(cohort: Cohort) -> QuerySet[PatchSet]:
    """Extractions of a cohort in any state, newest first."""
    return cohort.patch_sets.all()


def qc_patients(patch_set: PatchSet) -> list[str]:
    """Pseudonyms of the patients that have a sheet for checking, sorted."""
    return sorted(path.stem for path in (patch_set.folder / QC_FOLDER).glob("*.jpg"))


def qc_file(patch_set: PatchSet, pseudonym: str) -> Path | None:
    """Sheet of one patient, if there is one."""
    path = patch_set.folder / QC_FOLDER / f"{pseudonym}.jpg"
    return path if pseudonym in qc_patients(patch_set) else None


def parts_of(patch_set: PatchSet) -> dict[str, str]:
    """Part of the split, train, validation or test, of every patient; empty for a patch set without one."""
    try:
        manifest = json.loads((patch_set.folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    split = manifest.get("provenance", {}).get(MANIFEST_KEY, {})
    return {patient: part.value for part in Part for patient in split.get(part.value, [])}
