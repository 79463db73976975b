"""Read metric runs and the patch sets they can be made of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from evaluation.core import extractor_names
from evaluation.core.extractor_names import ExtractorName
from evaluation.core.generator_scores import ClassScore
from evaluation.core.table2 import Table2Row
from evaluation.models import MetricRun
from generation.core.labels import LESION_CLASSES, REAL
from generation.models import PatchSet
from readerstudy.models import Study

CLOSED_SHOWN = 5  # failed and stopped runs that the page still lists


@dataclass(frozen=True)
class Table2:
    """Rows that may stand in one table: the same reals, the same extractor."""

    about: ExtractorName
    real_set: str
    rows: tuple[Table2Row, ...]


def everything() -> QuerySet[MetricRun]:
    """Every run in any state, newest first."""
    return MetricRun.objects.select_related("real_set", "fake_set")


def finished() -> QuerySet[MetricRun]:
    """Finished runs, newest first."""
    rows = MetricRun.objects.filter(status=MetricRun.Status.FINISHED)
    return rows.select_related("real_set", "fake_set")


def newest() -> list[MetricRun]:
    """The newest finished run of every pair of sets and extractor."""
    kept: dict[tuple[int, int, str], MetricRun] = {}
    for run in finished():
        key = run.results.get("extractor_key", run.extractor)
        kept.setdefault((run.real_set_id, run.fake_set_id, key), run)
    return list(kept.values())


def table2_rows(runs: Iterable[MetricRun] | None = None) -> list[Table2Row]:
    """List the scores of runs, by default the newest ones, by extractor, real set, class and source."""
    names = list(extractor_names.EXTRACTORS)
    classes = [lesion_class.value for lesion_class in LESION_CLASSES]
    rows = [row for run in (newest() if runs is None else runs) for row in rows_of(run)]
    return sorted(
        rows,
        key=lambda row: (
            names.index(row.extractor),
            row.extractor_key,
            row.real_set,
            classes.index(row.tissue),
            row.source,
            row.fake_set,
        ),
    )


def of_study(study: Study) -> list[MetricRun]:
    """The newest finished runs of a study's own generated pools, against whatever reals they were scored."""
    own = set(study.pools.values_list("patch_set", flat=True))
    return [run for run in newest() if run.fake_set_id in own]


def tables2(runs: Iterable[MetricRun] | None = None) -> list[Table2]:
    """Group the rows of Table 2 into what may be compared with each other, by default of the newest runs."""
    groups = groupby(table2_rows(runs), key=lambda row: (row.extractor, row.extractor_key, row.real_set))
    tables = []
    for (_, _, real_set), members in groups:
        rows = tuple(members)
        tables.append(Table2(rows[0].about, real_set, rows))
    return tables


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


def rows_of(run: MetricRun) -> Iterator[Table2Row]:
    """Give the rows of Table 2 that a finished run fills, class by class."""
    results = run.results
    for tissue, values in results["classes"].items():
        yield Table2Row(
            tissue=tissue,
            source=run.fake_set.source,
            extractor=run.extractor,
            score=ClassScore(**values),
            real_set=run.real_set.name,
            fake_set=run.fake_set.name,
            seed=run.seed,
            extractor_title=results.get("extractor_title", ""),
            extractor_key=results.get("extractor_key", ""),
            patches=results.get("patches", {}).get(tissue, {}),
            class_recall=_class_recall(results.get("fidelity"), tissue),
            run_pk=run.pk,
        )


def _class_recall(fidelity: Mapping[str, Any] | None, tissue: str) -> tuple[float | None, float | None]:
    if not fidelity or tissue not in fidelity["classes"]:
        return None, None
    i = fidelity["classes"].index(tissue)
    return fidelity["real_recall"][i], fidelity["fake_recall"][i]
