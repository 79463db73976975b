"""Whether real panels come from patients that a generator was trained on: then it may be told by what it memorized."""

from dataclasses import dataclass
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import REAL
from generation.models import PatchSet
from readerstudy.core.names import source_title
from readerstudy.models import Pool, Study
from readerstudy.selectors import pools

UNKNOWN: Final = "unknown"  # the generator came from elsewhere, or patients have no names
OTHER_COHORT: Final = "other cohort"
APART: Final = "apart"
SHARED: Final = "shared"


@dataclass(frozen=True, slots=True)
class Familiarity:
    """One generator of a study.

    Attributes
    ----------
    kind : one of the names above
    n_shared : patients of the real pool that the generator was trained on
    n_patients : of the real pool
    """

    title: str
    kind: str
    n_shared: int = 0
    n_patients: int = 0


def of_study(study: Study) -> list[Familiarity]:
    """Every generator of a study against its real pool."""
    chosen = list(study.pools.select_related("patch_set__checkpoint__run__patch_set"))
    real = next((pool for pool in chosen if pool.source == REAL), None)
    if real is None:
        return []
    generators = sorted((pool for pool in chosen if pool.source != REAL), key=lambda pool: pool.source)
    return [_of_generator(pool, real.patch_set) for pool in generators]


def _of_generator(pool: Pool, real: PatchSet) -> Familiarity:
    title = source_title(pool.source)
    checkpoint = pool.patch_set.checkpoint
    run = checkpoint.run if checkpoint else None
    if run is None:
        return Familiarity(title, UNKNOWN)
    if run.patch_set_id != real.pk and (real.cohort_id is None or run.patch_set.cohort_id != real.cohort_id):
        # Pseudonyms are made per cohort, so that equal ones of two cohorts say nothing.
        is_known = real.cohort_id is not None and run.patch_set.cohort_id is not None
        return Familiarity(title, OTHER_COHORT if is_known else UNKNOWN)
    shown, trained_on = _patients(real), _patients(run.patch_set)
    if not shown or not trained_on:
        return Familiarity(title, UNKNOWN)
    n_shared = len(shown & trained_on)
    return Familiarity(title, SHARED if n_shared else APART, n_shared, len(shown))


def _patients(patch_set: PatchSet) -> set[str]:
    try:
        return {row.patient for row in pools.opened(patch_set).rows} - {""}
    except (InputError, OSError):
        return set()
