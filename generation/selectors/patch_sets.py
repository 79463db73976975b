"""Read patch sets."""

from django.db.models import QuerySet

from generation.core.labels import REAL
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
