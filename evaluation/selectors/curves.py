"""Read the scores of a training's checkpoints as curves."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Q, QuerySet

from evaluation.core import curve_chart, extractor_names
from evaluation.core.curve_chart import CurveChart
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore
from evaluation.models import CheckpointScore
from generation.core.labels import LESION_CLASSES
from generation.models import TrainingRun

_ACTIVE = [CheckpointScore.Status.QUEUED, CheckpointScore.Status.RUNNING, CheckpointScore.Status.STOPPING]


@dataclass(frozen=True)
class Point:
    """Scores of one class at one step."""

    step: int
    score: ClassScore


@dataclass(frozen=True)
class ClassCurve:
    """Scores of one class over the checkpoints."""

    tissue: str
    points: tuple[Point, ...]
    chart: CurveChart | None


@dataclass(frozen=True)
class Curves:
    """All curves of one way of scoring: real set, extractor, patches per class and seed."""

    about: ExtractorName
    real_set: str
    n_per_class: int
    seed: int
    is_trained_on: bool  # the real set is the one that was trained on
    classes: tuple[ClassCurve, ...]
    n_waiting: int
    errors: tuple[str, ...]


def training_runs() -> QuerySet[TrainingRun]:
    """Training runs with a checkpoint, newest first, with how many of their scores are finished."""
    is_finished = Q(checkpoints__scores__status=CheckpointScore.Status.FINISHED)
    counted = TrainingRun.objects.annotate(
        n_checkpoints=Count("checkpoints", distinct=True),
        n_scores=Count("checkpoints__scores", filter=is_finished, distinct=True),
    )
    return counted.filter(n_checkpoints__gt=0).select_related("patch_set").order_by("-created_at")


def active_scores(run: TrainingRun) -> QuerySet[CheckpointScore]:
    """Scores of a training that wait or are computed."""
    rows = CheckpointScore.objects.filter(checkpoint__run=run, status__in=_ACTIVE)
    return rows.select_related("checkpoint", "real_set")


def of_run(run: TrainingRun) -> list[Curves]:
    """Curves of a training, one entry per way in which its checkpoints were scored."""
    rows = CheckpointScore.objects.filter(checkpoint__run=run).select_related("checkpoint", "real_set")

    def way(row: CheckpointScore) -> tuple[str, int, str, int, int]:
        return (row.real_set.name, row.real_set_id, row.extractor, row.n_per_class, row.seed)

    found = []
    for (real_set, real_pk, extractor, n_per_class, seed), group in groupby(sorted(rows, key=way), key=way):
        members = sorted(group, key=lambda row: row.checkpoint.step)
        done = [row for row in members if row.status == CheckpointScore.Status.FINISHED]
        found.append(
            Curves(
                about=_about(extractor, done),
                real_set=real_set,
                n_per_class=n_per_class,
                seed=seed,
                is_trained_on=real_pk == run.patch_set_id,
                classes=_classes(done),
                n_waiting=sum(row.is_active for row in members),
                errors=tuple(f"Step {row.checkpoint.step:,}: {row.error}" for row in members if row.error),
            )
        )
    return found


def _about(extractor: str, done: list[CheckpointScore]) -> ExtractorName:
    about = extractor_names.named(extractor)
    title = done[-1].results.get("extractor_title", "") if done else ""
    return extractor_names.own(title, 0) if about is extractor_names.OWN and title else about


def _classes(done: list[CheckpointScore]) -> tuple[ClassCurve, ...]:
    curves = []
    for lesion_class in LESION_CLASSES:
        points = tuple(
            Point(row.checkpoint.step, ClassScore(**row.results["classes"][lesion_class.value]))
            for row in done
            if lesion_class.value in row.results["classes"]
        )
        if points:
            chart = curve_chart.layout(
                [point.step for point in points],
                [point.score.distance_mean for point in points],
                [point.score.floor_mean for point in points],
            )
            curves.append(ClassCurve(lesion_class.value, points, chart))
    return tuple(curves)
