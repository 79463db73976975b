"""Ask for the checkpoints of a training to be scored, now and as they appear.

Where the reals have a split, validation patients choose the best checkpoint of each class and test patients report it:
a checkpoint that is chosen and reported by the same reals looks better than it is. The paper chose and reported by all
reals; that stands beside it.
"""

from datetime import datetime

from django.db import transaction

from evaluation.core import checkpoint_choice
from evaluation.models import ALL_PATIENTS, CheckpointScore
from evaluation.services import metric_runs
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patient_split import Part
from generation.models import Checkpoint, PatchSet, TrainingRun
from generation.selectors import patch_sets

N_PER_CLASS = 200
MAX_PER_CLASS = 10_000
CURVE_PARTS = (
    Part.VALIDATION.value,
    ALL_PATIENTS,
)  # every checkpoint is scored on these; on test the chosen ones


@transaction.atomic
def start(
    *,
    run: TrainingRun,
    real: PatchSet,
    extractor: str,
    now: datetime,
    n_per_class: int = N_PER_CLASS,
    seed: int = 0,
    by_split: bool = False,
) -> list[CheckpointScore]:
    """Queue the scoring of every checkpoint of a training that was not scored like this; those to come follow.

    By the split: on validation patients, and on all patients as the paper did; else on all patients alone.
    """
    if real.source != REAL or real.status != PatchSet.Status.FINISHED:
        raise InputError(
            f'Patch set "{real.name}" is {real.status} and of {real.source}; choose finished real patches.'
        )
    metric_runs.check_has_weights(extractor)
    if not 2 <= n_per_class <= MAX_PER_CLASS:
        raise InputError(
            f"Patches per class: {n_per_class} is outside 2 to {MAX_PER_CLASS}; give a number in that range."
        )
    checkpoints = list(run.checkpoints.order_by("step"))
    if not checkpoints:
        raise InputError(f'Training "{run.name}" has no checkpoint yet; wait for its first one.')
    if by_split:
        _check_has_split(real)
    parts = CURVE_PARTS if by_split else (ALL_PATIENTS,)
    return [
        score
        for part in parts
        for checkpoint in checkpoints
        if (score := _queue(checkpoint, real, part, extractor, n_per_class, seed, now)) is not None
    ]


def _check_has_split(real: PatchSet) -> None:
    parts = set(patch_sets.parts_of(real).values())
    missing = [part.value for part in (Part.VALIDATION, Part.TEST) if part.value not in parts]
    if missing:
        raise InputError(
            f'Patch set "{real.name}" has no {" and no ".join(missing)} patients; score against all reals, or extract '
            "patches of more patients."
        )


@transaction.atomic
def follow(*, checkpoint: Checkpoint, now: datetime) -> list[CheckpointScore]:
    """Queue the scoring of a new checkpoint in every way in which others of its training were scored."""
    others = CheckpointScore.objects.filter(checkpoint__run=checkpoint.run, checkpoint__run__isnull=False)
    curves = others.filter(part__in=CURVE_PARTS).order_by()
    ways = curves.values_list("real_set", "part", "extractor", "n_per_class", "seed").distinct()
    queued = []
    for real_pk, part, extractor, n_per_class, seed in ways:
        real = PatchSet.objects.get(pk=real_pk)
        queued.append(_queue(checkpoint, real, part, extractor, n_per_class, seed, now))
    return [score for score in queued if score is not None]


@transaction.atomic
def report_chosen(*, score: CheckpointScore, now: datetime) -> list[CheckpointScore]:
    """Queue the best checkpoint of each class for the test patients, once no validation score is waited for."""
    if score.part != Part.VALIDATION or score.checkpoint.run is None:
        return []
    alike = CheckpointScore.objects.filter(
        checkpoint__run=score.checkpoint.run,
        real_set=score.real_set,
        part=score.part,
        extractor=score.extractor,
        n_per_class=score.n_per_class,
        seed=score.seed,
    ).select_related("checkpoint")
    rows = list(alike)
    if any(row.is_active for row in rows):
        return []
    by_step = {row.checkpoint.step: row.checkpoint for row in rows if row.status == row.Status.FINISHED}
    results = {row.checkpoint.step: row.results for row in rows if row.status == row.Status.FINISHED}
    steps = {checkpoint_choice.best_step(results, one.value) for one in LESION_CLASSES} - {None}
    queued = [
        _queue(
            by_step[step],
            score.real_set,
            Part.TEST.value,
            score.extractor,
            score.n_per_class,
            score.seed,
            now,
        )
        for step in sorted(step for step in steps if step is not None)
    ]
    return [row for row in queued if row is not None]


def _queue(
    checkpoint: Checkpoint,
    real: PatchSet,
    part: str,
    extractor: str,
    n_per_class: int,
    seed: int,
    now: datetime,
) -> CheckpointScore | None:
    """Create the row, or queue one again that failed or was stopped; None if it is there already."""
    score, is_new = CheckpointScore.objects.get_or_create(
        checkpoint=checkpoint,
        real_set=real,
        part=part,
        extractor=extractor,
        n_per_class=n_per_class,
        seed=seed,
        defaults={"created_at": now},
    )
    if is_new:
        return score
    closed = [CheckpointScore.Status.FAILED, CheckpointScore.Status.STOPPED]
    again = CheckpointScore.objects.filter(pk=score.pk, status__in=closed)
    if again.update(status=CheckpointScore.Status.QUEUED, error="", finished_at=None) != 1:
        return None
    score.refresh_from_db()
    return score
