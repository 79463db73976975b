"""What early unblinding means for the numbers: who knew what, and each reader's accuracy from the answers before it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from evaluation.core.accuracy import ALL, tabulate_by_reader
from evaluation.core.proportions import IntervalMethod
from evaluation.core.records import THESE_READERS, Record, of_cell
from evaluation.core.trial_columns import TrialColumns
from readerstudy.core.trial_csv import TrialRow
from readerstudy.core.unblinding import AFTER_COLUMN


def of_rows(
    rows: Iterable[TrialRow], notices: Sequence[str], *, method: IntervalMethod, level: float
) -> Iterator[Record]:
    """List the notices, then accuracies without the answers that came after early unblinding.

    Parameters
    ----------
    rows : trials; the extra column `is_after_unblinding` is there only where a study was unblinded early
    notices : sentences that every result carries
    """
    for notice in notices:
        yield Record(analysis="disclosure", method="none, a statement", population=THESE_READERS, note=notice)
    table = TrialColumns.of(rows)
    if not table.has(AFTER_COLUMN):
        return
    counts = tabulate_by_reader(row for row in table if row.extra.get(AFTER_COLUMN) != "1")
    for reader in counts.readers:
        for origin in (*counts.origins, ALL):
            told = of_cell(counts, reader, origin, ALL, method, level)
            yield replace(told, analysis="accuracy_before_unblinding")
