"""Read metric runs and the patch sets they can be made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.db.models import QuerySet

from evaluation.core import extractor_names
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore
from evaluation.core.table2 import Table2Row
from evaluation.models import MetricRun
from generation.core.labels import LESION_CLASSES, REAL
from generation.models import PatchSet

CLOSED_SHOWN = 5  # failed and stopped runs that the page still lists


@dataclass(frozen=True)
class Table2:
    """Rows that may stand in one table: the same reals, the same extractor."""

    about: ExtractorName
    real_set: str
    rows: tuple[Table2Row, ...]


def table2_rows() -> list[Table2Row]:
    """List the newest finished scores of every pair of sets and extractor, by extractor, real set, class and source."""
    newest: dict[tuple[int, int, str], MetricRun] = {}
    finished = MetricRun.objects.filter(status=MetricRun.Status.FINISHED).select_related(
        "real_set", "fake_set"
    )
    for run in finished:
        newest.setdefault((run.real_set_id, run.fake_set_id, run.extractor), run)
    names = list(extractor_names.EXTRACTORS)
    classes = [lesion_class.value for lesion_class in LESION_CLASSES]
    rows = [row for run in newest.values() for row in _rows_of(run)]
    return sorted(
        rows,
        key=lambda row: (
            names.index(row.extractor),
            row.real_set,
            classes.index(row.tissue),
            row.source,
            row.fake_set,
        ),
    )


def tables2() -> list[Table2]:
    """Group the rows of Table 2 into what may be compared with each other."""
    groups = groupby(table2_rows(), key=lambda row: (row.extractor, row.real_set))
    return [
        Table2(extractor_names.named(extractor), real_set, tuple(rows))
        for (extractor, real_set), rows in groups
    ]


def unfinished() -> list[MetricRun]:
    """List runs that wait or work, then the last ones that failed or were stopped."""
    runs = MetricRun.objects.select_related("real_set", "fake_set")
    is_active = [MetricRun.Status.QUEUED, MetricRun.Status.RUNNING, MetricRun.Status.STOPPING]
    closed = [MetricRun.Status.FAILED, MetricRun.Status.STOPPED]
    return [*runs.filter(status__in=is_active), *runs.filter(status__in=closed)[:CLOSED_SHOWN]]


def real_sets() -> QuerySet[PatchSet]:
    """Give the finished patch sets of real patches."""
    return PatchSet.objects.filter(status=PatchSet.Status.FINISHED, source=REAL)


def generated_sets() -> QuerySet[PatchSet]:
    """Give the finished patch sets of generators."""
    return PatchSet.objects.filter(status=PatchSet.Status.FINISHED).exclude(source=REAL)


def usable_extractors() -> list[ExtractorName]:
    """List the extractors whose weights this installation has."""
    every = extractor_names.EXTRACTORS.values()
    return [one for one in every if settings.INCEPTION_WEIGHTS or not one.needs_weights]


def _rows_of(run: MetricRun) -> Iterator[Table2Row]:
    for tissue, values in run.results["classes"].items():
        yield Table2Row(
            tissue=tissue,
            source=run.fake_set.source,
            extractor=run.extractor,
            score=ClassScore(**values),
            real_set=run.real_set.name,
            fake_set=run.fake_set.name,
            seed=run.seed,
        )
