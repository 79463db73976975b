"""Human against machine: how often readers of closed studies found a generator out, beside its metrics."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from evaluation.core.accuracy import Accuracy
from evaluation.core.proportions import Interval, Proportion
from evaluation.core.table2 import Table2Row
from evaluation.models import MetricRun
from evaluation.selectors import answer_counts, metric_runs
from generation.core.labels import LESION_CLASSES
from readerstudy.models import Case, Study
from readerstudy.selectors import unblinding


@dataclass(frozen=True)
class DetectionRow:
    """One generator in one class.

    Parameters
    ----------
    per_reader : detection of each reader, by pseudonym
    together : all answers of all readers
    row : newest scores of the patch set whose patches were read; None if it was not scored
    """

    source: str
    tissue: str
    per_reader: tuple[tuple[str, Proportion], ...]
    together: Proportion
    row: Table2Row | None

    @property
    def limits(self) -> Interval | None:
        """Wilson interval of all answers, which takes them as independent."""
        return self.together.interval()

    @property
    def span(self) -> tuple[float, float] | None:
        """Lowest and highest reader."""
        known = [one.fraction for _, one in self.per_reader if one.fraction is not None]
        return (min(known), max(known)) if known else None


@dataclass(frozen=True)
class StudyDetection:
    """A closed study."""

    study: Study
    n_readers: int
    rows: tuple[DetectionRow, ...]
    notices: tuple[str, ...] = ()


def of_closed_studies(studies: "QuerySet[Study]") -> list[StudyDetection]:
    """List the closed ones of some studies with what their readers found out; open studies are not looked at."""
    closed = studies.filter(status=Study.Status.CLOSED).order_by("-closed_at", "-pk")
    return [of_study(study, answer_counts.of_study(study)) for study in closed]


def of_study(study: Study, accuracy: Accuracy) -> StudyDetection:
    """One study, from its counts of correct answers."""
    scored = _scores_of(study)
    rows = []
    for source in accuracy.generators:
        for lesion_class in LESION_CLASSES:
            tissue = lesion_class.value
            if tissue not in accuracy.tissues:
                continue
            per_reader = tuple(
                (reader.name, accuracy.proportion(reader.name, source, tissue)) for reader in accuracy.readers
            )
            together = Proportion(
                sum(one.n_correct for _, one in per_reader), sum(one.n for _, one in per_reader)
            )
            if together.n:
                rows.append(DetectionRow(source, tissue, per_reader, together, scored.get((source, tissue))))
    return StudyDetection(study, len(accuracy.readers), tuple(rows), unblinding.notices(study))


def _scores_of(study: Study) -> dict[tuple[str, str], Table2Row]:
    """Newest scores of the patch sets that the study's cases were drawn from, FID before other distances."""
    cases = Case.objects.filter(study=study)
    sets = cases.order_by().values_list("patch_set", flat=True).distinct()
    found: dict[tuple[str, str], Table2Row] = {}
    for row in _preferred(metric_runs.finished().filter(fake_set__in=list(sets))):
        found.setdefault((row.source, row.tissue), row)
    return found


def _preferred(runs: Iterable[MetricRun]) -> Iterator[Table2Row]:
    by_fid: dict[bool, list[MetricRun]] = defaultdict(list)
    for run in runs:
        by_fid[run.about.is_fid].append(run)
    for run in (*by_fid[True], *by_fid[False]):
        yield from metric_runs.rows_of(run)
