"""Read the scores of a training's checkpoints as curves."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, Q, QuerySet

from evaluation.core import checkpoint_choice, curve_chart, extractor_names
from evaluation.core.curve_chart import CurveChart
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore
from evaluation.models import ALL_PATIENTS, CheckpointScore
from generation.core.labels import LESION_CLASSES
from generation.core.patient_split import Part
from generation.models import TrainingRun
from generation.selectors import patch_sets
from generation.selectors import training_runs as generation_selectors

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
    """All curves of one way of scoring: real set, patients of it, extractor, patches per class and seed."""

    about: ExtractorName
    real_set: str
    part: str
    n_per_class: int
    seed: int
    is_trained_on: bool  # patients of these reals were trained on
    classes: tuple[ClassCurve, ...]
    n_waiting: int
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """The best checkpoint of one class, chosen on validation patients and as the paper did.

    Attributes
    ----------
    step, score : chosen on validation patients, with its scores on them
    test : its scores on test patients; None until they are computed
    literal_step, literal_score : chosen on all reals, with its scores on them
    """

    tissue: str
    step: int | None
    score: ClassScore | None
    test: ClassScore | None
    literal_step: int | None
    literal_score: ClassScore | None


@dataclass(frozen=True)
class Chosen:
    """The best checkpoints of one way of scoring."""

    about: ExtractorName
    real_set: str
    n_per_class: int
    seed: int
    choices: tuple[Choice, ...]
    n_waiting: int  # scores on test patients that are still computed


def training_runs() -> QuerySet[TrainingRun]:
    """Training runs with a checkpoint, newest first, with how many of their scores are finished."""
    is_finished = Q(checkpoints__scores__status=CheckpointScore.Status.FINISHED)
    counted = TrainingRun.objects.annotate(
        n_checkpoints=Count("checkpoints", distinct=True),
        n_scores=Count("checkpoints__scores", filter=is_finished, distinct=True),
    )
    return counted.filter(n_checkpoints__gt=0).select_related("patch_set").order_by("-created_at", "-pk")


def active_scores(run: TrainingRun) -> QuerySet[CheckpointScore]:
    """Scores of a training that wait or are computed."""
    rows = CheckpointScore.objects.filter(checkpoint__run=run, status__in=_ACTIVE)
    return rows.select_related("checkpoint", "real_set")


def can_use_split(run: TrainingRun) -> bool:
    """Whether the reals of a training have validation and test patients."""
    parts = set(patch_sets.parts_of(run.patch_set).values())
    return {Part.VALIDATION.value, Part.TEST.value} <= parts


def of_run(run: TrainingRun) -> list[Curves]:
    """Curves of a training, one entry per way in which its checkpoints were scored; those that choose first."""
    is_split = generation_selectors.is_split(run)

    def way(row: CheckpointScore) -> tuple[str, int, bool, str, int, int]:
        is_all = row.part == ALL_PATIENTS
        return (row.real_set.name, row.real_set_id, is_all, row.extractor, row.n_per_class, row.seed)

    rows = sorted(_rows(run).exclude(part=Part.TEST), key=way)
    found = []
    for (real_set, real_pk, is_all, extractor, n_per_class, seed), group in groupby(rows, key=way):
        members = sorted(group, key=lambda row: row.checkpoint.step)
        done = [row for row in members if row.status == CheckpointScore.Status.FINISHED]
        found.append(
            Curves(
                about=_about(extractor, done),
                real_set=real_set,
                part=ALL_PATIENTS if is_all else Part.VALIDATION.value,
                n_per_class=n_per_class,
                seed=seed,
                is_trained_on=real_pk == run.patch_set_id and (is_all or not is_split),
                classes=_classes(done),
                n_waiting=sum(row.is_active for row in members),
                errors=tuple(f"Step {row.checkpoint.step:,}: {row.error}" for row in members if row.error),
            )
        )
    return found


def chosen(run: TrainingRun) -> list[Chosen]:
    """Best checkpoints of a training, one entry per way in which validation patients chose them."""

    def way(row: CheckpointScore) -> tuple[str, int, str, int, int]:
        return (row.real_set.name, row.real_set_id, row.extractor, row.n_per_class, row.seed)

    found = []
    for (real_set, _, extractor, n_per_class, seed), group in groupby(sorted(_rows(run), key=way), key=way):
        members = list(group)
        by_part: dict[str, dict[int, CheckpointScore]] = {}
        for row in members:
            if row.status == CheckpointScore.Status.FINISHED:
                by_part.setdefault(row.part, {})[row.checkpoint.step] = row
        if Part.VALIDATION.value in by_part:
            found.append(
                Chosen(
                    about=_about(extractor, list(by_part[Part.VALIDATION.value].values())),
                    real_set=real_set,
                    n_per_class=n_per_class,
                    seed=seed,
                    choices=_choices(by_part),
                    n_waiting=sum(row.is_active and row.part == Part.TEST for row in members),
                )
            )
    return found


def _rows(run: TrainingRun) -> QuerySet[CheckpointScore]:
    return CheckpointScore.objects.filter(checkpoint__run=run).select_related("checkpoint", "real_set")


def _choices(by_part: dict[str, dict[int, CheckpointScore]]) -> tuple[Choice, ...]:
    choices = []
    for tissue in (one.value for one in LESION_CLASSES):
        best = {
            part: checkpoint_choice.best_step({step: row.results for step, row in rows.items()}, tissue)
            for part, rows in by_part.items()
        }
        step, literal_step = best.get(Part.VALIDATION.value), best.get(ALL_PATIENTS)
        if step is not None or literal_step is not None:
            choices.append(
                Choice(
                    tissue=tissue,
                    step=step,
                    score=_score_at(by_part, Part.VALIDATION.value, step, tissue),
                    test=_score_at(by_part, Part.TEST.value, step, tissue),
                    literal_step=literal_step,
                    literal_score=_score_at(by_part, ALL_PATIENTS, literal_step, tissue),
                )
            )
    return tuple(choices)


def _score_at(
    by_part: dict[str, dict[int, CheckpointScore]], part: str, step: int | None, tissue: str
) -> ClassScore | None:
    row = by_part.get(part, {}).get(step) if step is not None else None
    values = row.results["classes"].get(tissue) if row is not None else None
    return ClassScore(**values) if values else None


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
