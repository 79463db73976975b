"""Read patch sets."""

import json
from pathlib import Path

from django.db.models import QuerySet

from generation import storage
from generation.core.labels import REAL
from generation.core.patch_set import MANIFEST_FILE, QC_FOLDER
from generation.core.patient_split import MANIFEST_KEY, Part
from generation.models import Cohort, PatchSet


def everything() -> QuerySet[PatchSet]:
    """Every patch set with what it came from, newest first."""
    return PatchSet.objects.select_related("cohort", "checkpoint__run")


def finished() -> QuerySet[PatchSet]:
    """Patch sets that may be used, newest first."""
    return PatchSet.objects.filter(status=PatchSet.Status.FINISHED)


def finished_of(cohort: Cohort) -> QuerySet[PatchSet]:
    """Finished extractions of a cohort, oldest first."""
    return finished().filter(cohort=cohort, source=REAL).order_by("created_at", "pk")


def all_of(cohort: Cohort) -> QuerySet[PatchSet]:
    """Extractions of a cohort in any state, newest first."""
    return cohort.patch_sets.all()


def qc_patients(patch_set: PatchSet) -> list[str]:
    """Pseudonyms of the patients that have a sheet for checking, sorted."""
    names = [Path(name) for name in storage.names(patch_set.folder)]
    return sorted(name.stem for name in names if str(name.parent) == QC_FOLDER and name.suffix == ".jpg")


def qc_file(patch_set: PatchSet, pseudonym: str) -> Path | None:
    """Sheet of one patient, if there is one."""
    if pseudonym not in qc_patients(patch_set):
        return None
    return storage.piece(patch_set.folder, f"{QC_FOLDER}/{pseudonym}.jpg")


def parts_of(patch_set: PatchSet) -> dict[str, str]:
    """Part of the split, train, validation or test, of every patient; empty for a patch set without one."""
    try:
        found = storage.piece(patch_set.folder, MANIFEST_FILE)
        manifest = json.loads(found.read_text(encoding="utf-8")) if found else {}
    except (OSError, ValueError):
        return {}
    split = manifest.get("provenance", {}).get(MANIFEST_KEY, {})
    return {patient: part.value for part in Part for patient in split.get(part.value, [])}


def with_size(height: int, width: int) -> QuerySet[PatchSet]:
    """Finished patch sets whose frames have a size, newest first."""
    return finished().filter(frame_set__height=height, frame_set__width=width)
