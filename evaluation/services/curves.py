"""Ask for the checkpoints of a training to be scored, now and as they appear."""

from datetime import datetime

from django.db import transaction

from evaluation.models import CheckpointScore
from evaluation.services import metric_runs
from generation.core.errors import InputError
from generation.core.labels import REAL
from generation.models import Checkpoint, PatchSet, TrainingRun

N_PER_CLASS = 200
MAX_PER_CLASS = 10_000


@transaction.atomic
def start(
    *,
    run: TrainingRun,
    real: PatchSet,
    extractor: str,
    now: datetime,
    n_per_class: int = N_PER_CLASS,
    seed: int = 0,
) -> list[CheckpointScore]:
    """Queue the scoring of every checkpoint of a training that was not scored like this; those to come follow."""
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
    return [
        score
        for checkpoint in checkpoints
        if (score := _queue(checkpoint, real, extractor, n_per_class, seed, now)) is not None
    ]


@transaction.atomic
def follow(*, checkpoint: Checkpoint, now: datetime) -> list[CheckpointScore]:
    """Queue the scoring of a new checkpoint in every way in which others of its training were scored."""
    others = CheckpointScore.objects.filter(checkpoint__run=checkpoint.run, checkpoint__run__isnull=False)
    ways = others.values_list("real_set", "extractor", "n_per_class", "seed").order_by().distinct()
    queued = []
    for real_pk, extractor, n_per_class, seed in ways:
        real = PatchSet.objects.get(pk=real_pk)
        queued.append(_queue(checkpoint, real, extractor, n_per_class, seed, now))
    return [score for score in queued if score is not None]


def _queue(
    checkpoint: Checkpoint, real: PatchSet, extractor: str, n_per_class: int, seed: int, now: datetime
) -> CheckpointScore | None:
    """Create the row, or queue one again that failed or was stopped; None if it is there already."""
    score, is_new = CheckpointScore.objects.get_or_create(
        checkpoint=checkpoint,
        real_set=real,
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
