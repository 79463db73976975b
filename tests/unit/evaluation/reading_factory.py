"""Readings for tests: rows with confidence, time and role, and one reader's answers from a short code."""

from collections.abc import Iterable, Iterator

from evaluation.core.readings import Readings, collect
from readerstudy.core.trial_csv import TEST, TrialRow

FULL = {"r": "real", "f": "fake", ".": ""}


def make_trial(
    reader: str = "R01",
    case: str = "c1",
    origin: str = "real",
    answer: str = "real",
    *,
    group: str = "",
    tissue: str = "benign",
    phase: str = TEST,
    order: int | None = None,
    confidence: int | None = None,
    rt_ms: int | None = None,
    role: str | None = None,
    is_timeout: str | None = None,
) -> TrialRow:
    told = {"role": role, "is_timeout": is_timeout}
    extra = {name: value for name, value in told.items() if value is not None}
    return TrialRow(reader, group, case, origin, tissue, phase, order, answer, confidence, rt_ms, extra)


def make_answers(reader: str, **answers: str) -> Iterator[TrialRow]:
    """Rows from one letter per case: make_answers("R01", real="rrf", dcgan="ff.") answers six cases in that order."""
    order = 0
    for origin, letters in answers.items():
        for i, letter in enumerate(letters):
            order += 1
            yield make_trial(reader, f"{origin}-{i}", origin, FULL[letter], order=order)


def make_readings(*readers: Iterable[TrialRow]) -> Readings:
    return collect(row for rows in readers for row in rows)
