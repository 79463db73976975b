"""Intra-reader reliability: cases that a reader judged twice without being told."""

from dataclasses import dataclass
from statistics import median
from typing import Final

from evaluation.core.agreement import Agreement, agreement
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import Reading, Readings

MIN_PAIRS: Final = 10
TOO_FEW: Final = f"fewer than {MIN_PAIRS} repeats, so only counts are given"


@dataclass(frozen=True)
class Repeats:
    """First and second answers of one reader to the same cases.

    Attributes
    ----------
    n_shown : repeats that were shown, with or without an answer
    n_pairs : cases with both answers
    n_same : cases with twice the same answer
    median_gap : trials between the two readings of a case; absent where the order is unknown
    agreement : absent below ten pairs
    note : why `agreement` is absent
    """

    reader: str
    n_shown: int
    n_pairs: int
    n_same: int
    median_gap: float | None
    agreement: Agreement | None
    note: str = ""


def of_reader(readings: Readings, reader: str, *, level: float = LEVEL) -> Repeats:
    """Compare a reader's first and second reading of the repeated cases; a third reading is not used."""
    first = readings.first[reader]
    second: dict[str, Reading] = {}
    for reading in readings.repeats[reader]:
        if reading.answer:
            second.setdefault(reading.case, reading)
    pairs = [(first[case], again) for case, again in second.items() if case in first]
    answers = [(one.answer, again.answer) for one, again in pairs]
    gaps = [
        again.order - one.order for one, again in pairs if one.order is not None and again.order is not None
    ]
    scores = [
        (one.score, again.score) for one, again in pairs if one.score is not None and again.score is not None
    ]
    n_scores = None if readings.n_levels is None else 2 * readings.n_levels
    is_enough = len(pairs) >= MIN_PAIRS
    return Repeats(
        reader=reader,
        n_shown=len(readings.repeats[reader]),
        n_pairs=len(pairs),
        n_same=sum(one == again for one, again in answers),
        median_gap=float(median(gaps)) if gaps else None,
        agreement=agreement(answers, scores, n_scores, level=level) if is_enough else None,
        note="" if is_enough else TOO_FEW,
    )
