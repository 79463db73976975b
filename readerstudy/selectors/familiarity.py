"""Whether real panels come from patients that a generator was trained on: then it may be told by what it memorized."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from generation.core.errors import InputError
from generation.core.labels import REAL
from generation.core.patient_split import Part
from generation.models import PatchSet, TrainingRun
from generation.selectors import patch_sets, training_runs
from readerstudy.core.draw import Supply
from readerstudy.core.names import source_title
from readerstudy.core.session_state import Phase
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
    n_cases : real panels of the frozen test from patients that the generator was trained on; None for a draft
    """

    title: str
    kind: str
    n_shared: int = 0
    n_patients: int = 0
    n_cases: int | None = None


def of_study(study: Study) -> list[Familiarity]:
    """Every generator of a study against its real pool."""
    chosen = list(study.pools.select_related("patch_set__checkpoint__run__patch_set"))
    real = next((pool for pool in chosen if pool.source == REAL), None)
    if real is None:
        return []
    generators = sorted((pool for pool in chosen if pool.source != REAL), key=lambda pool: pool.source)
    return [_of_generator(pool, real.patch_set, study) for pool in generators]


def supplies(chosen: Iterable[Pool]) -> dict[str, Supply]:
    """What a draw needs to know about the pools of a study: reals that a generator was trained on are avoided."""
    pools_of = {pool.source: pool for pool in chosen}
    found = {source: pools.supply(pool) for source, pool in pools_of.items()}
    real = pools_of.get(REAL)
    if real is not None:
        known = [
            _trained_on(run)
            for pool in pools_of.values()
            if pool is not real and (run := _run_of(pool)) is not None and _is_comparable(run, real.patch_set)
        ]
        avoided = np.isin(found[REAL].patients, sorted(set().union(*known))) if any(known) else None
        found[REAL] = replace(found[REAL], avoided=avoided)
    return found


def _run_of(pool: Pool) -> TrainingRun | None:
    checkpoint = pool.patch_set.checkpoint
    return checkpoint.run if checkpoint else None


def _is_comparable(run: TrainingRun, real: PatchSet) -> bool:
    """Pseudonyms are made per cohort, so that equal ones of two cohorts say nothing."""
    return run.patch_set_id == real.pk or (
        real.cohort_id is not None and run.patch_set.cohort_id == real.cohort_id
    )


def _of_generator(pool: Pool, real: PatchSet, study: Study) -> Familiarity:
    title = source_title(pool.source)
    run = _run_of(pool)
    if run is None:
        return Familiarity(title, UNKNOWN)
    if not _is_comparable(run, real):
        is_known = real.cohort_id is not None and run.patch_set.cohort_id is not None
        return Familiarity(title, OTHER_COHORT if is_known else UNKNOWN)
    shown, trained_on = _patients(real), _trained_on(run)
    if not shown or not trained_on:
        return Familiarity(title, UNKNOWN)
    n_shared = len(shown & trained_on)
    n_cases = _n_cases(study, trained_on) if study.frozen_at else None
    return Familiarity(title, SHARED if n_shared else APART, n_shared, len(shown), n_cases)


def _n_cases(study: Study, trained_on: set[str]) -> int:
    """Real panels of the test from some patients."""
    cases = study.cases.filter(phase=Phase.TEST, source=REAL, is_check=False).select_related("patch_set")
    return sum(pools.opened(case.patch_set).rows[case.patch_index].patient in trained_on for case in cases)


def _trained_on(run: TrainingRun) -> set[str]:
    """Patients that a training saw: those of the training part where it kept to the split of its patch set."""
    if not run.config or not training_runs.is_split(run):
        return _patients(run.patch_set)
    parts = patch_sets.parts_of(run.patch_set)
    return {patient for patient, part in parts.items() if part == Part.TRAIN}


def _patients(patch_set: PatchSet) -> set[str]:
    try:
        return {row.patient for row in pools.opened(patch_set).rows} - {""}
    except (InputError, OSError):
        return set()
