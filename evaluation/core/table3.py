"""Table 3 as rows of text: the fraction of correctly classified panels per reader and origin."""

from collections.abc import Iterator, Sequence
from typing import Final

from evaluation.core.accuracy import ALL, Accuracy
from evaluation.core.csv_text import line, number
from evaluation.core.proportions import LEVEL, IntervalMethod

COLUMNS: Final = (
    "reader",
    "origin",
    "n_trials",
    "n_correct",
    "fraction_correct",
    "ci_low",
    "ci_high",
    "p_chance",
)
NOTE: Final = "note"


def csv_lines(
    accuracy: Accuracy,
    *,
    method: IntervalMethod = "wilson",
    level: float = LEVEL,
    notices: Sequence[str] = (),
) -> Iterator[str]:
    """Write one row per reader and origin and one per reader and `all`; what is absent stays empty.

    Notices that every result has to carry stand in a column of their own, which is there only where there are any.
    """
    told = (" ".join(notices),) if notices else ()
    yield line((*COLUMNS, NOTE) if told else COLUMNS)
    for reader in accuracy.readers:
        for origin in (*accuracy.origins, ALL):
            cell = accuracy.proportion(reader.name, origin)
            limits = cell.interval(method, level)
            numbers = (
                cell.fraction,
                limits.low if limits else None,
                limits.high if limits else None,
                cell.p_chance(),
            )
            yield line((reader.name, origin, cell.n, cell.n_correct, *map(number, numbers), *told))
