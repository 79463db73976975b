"""Trial rows as readings: what each reader answered to each case of the test phase, once.

The common input of the reader analyses. Warm-up trials, attention checks and repeats never enter `first`; they are
kept or counted apart, and so are trials without an answer.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Final

import numpy as np

from evaluation.core.accuracy import ALL, Reader, is_correct, natural_order, origin_order, tissue_order
from evaluation.core.sittings import GrowingSittings, Reading
from evaluation.core.trial_columns import TrialColumns
from evaluation.core.trial_roles import CHECK, FIRST, TIMEOUT_COLUMN, roles
from generation.core.errors import InputError
from generation.core.labels import REAL, SUMS
from readerstudy.core.trial_csv import TEST, TrialRow

__all__ = ["FAKE", "Matrix", "Reading", "Readings", "ScoreMatrix", "collect"]

FAKE: Final = "fake"  # the answer; a case has the name of its generator instead
MAX_LEVELS: Final = 1000  # of confidence: tables of scores have twice as many rows and columns
_YES: Final = ("1", "true", "yes")

Matrix = tuple[tuple[str | None, ...], ...]
ScoreMatrix = tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True)
class Readings:
    """Every reading of the test phase, by reader.

    Attributes
    ----------
    readers : in natural order of their pseudonyms (R2 before R10)
    origins : real first, then the generators
    tissues : lesion classes that occur
    cases : cases that anyone was shown as a first reading, by origin and then in natural order
    origin_of : origin of each of these cases
    n_levels : k, the levels of confidence; absent where no confidence was given
    first : reader -> case -> first reading that has an answer; the analyses run on these
    unanswered : reader -> case -> first reading without an answer
    repeats : reader -> later readings of a case, in their order, with or without an answer
    shown : reader -> every test trial in the order shown, attention checks included
    n_warm_up : trials left out because they belong to the warm-up, by reader; a reader may have no others
    confidences : every level that stands beside an answered first reading, in rising order
    """

    readers: tuple[Reader, ...]
    origins: tuple[str, ...]
    tissues: tuple[str, ...]
    cases: tuple[str, ...]
    origin_of: Mapping[str, str]
    n_levels: int | None
    first: Mapping[str, Mapping[str, Reading]]
    unanswered: Mapping[str, Mapping[str, Reading]]
    repeats: Mapping[str, tuple[Reading, ...]]
    shown: Mapping[str, tuple[Reading, ...]]
    n_warm_up: Mapping[str, int]
    confidences: tuple[int, ...] = field(default=())

    @property
    def generators(self) -> tuple[str, ...]:
        """Origins other than real."""
        return tuple(origin for origin in self.origins if origin != REAL)

    def cases_of(self, origin: str | None = None) -> tuple[str, ...]:
        """List the cases of one origin, or all; they are the columns of the matrices."""
        if origin in (None, ALL):
            return self.cases
        return self._cases_by_origin.get(origin or "", ())

    @cached_property
    def _cases_by_origin(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for case in self.cases:
            found.setdefault(self.origin_of[case], []).append(case)
        return {origin: tuple(cases) for origin, cases in found.items()}

    def answered(self, reader: str, origin: str | None = None) -> tuple[Reading, ...]:
        """List a reader's answered first readings of one origin, or all, in the order of `cases`."""
        given = self.first[reader]
        return tuple(given[case] for case in self.cases_of(origin) if case in given)

    def answers_matrix(self, origin: str | None = None) -> Matrix:
        """Lay out the answers, readers x cases; None where a reader did not answer a case."""
        cases = self.cases_of(origin)
        return tuple(
            tuple(given[case].answer if case in given else None for case in cases)
            for given in (self.first[reader.name] for reader in self.readers)
        )

    def scores_matrix(self, origin: str | None = None) -> ScoreMatrix:
        """Lay out the scores, readers x cases; None where an answer or its confidence is missing."""
        cases = self.cases_of(origin)
        return tuple(
            tuple(given[case].score if case in given else None for case in cases)
            for given in (self.first[reader.name] for reader in self.readers)
        )

    def correct_matrix(self, origin: str | None = None) -> tuple[tuple[bool | None, ...], ...]:
        """Lay out which answers were right, readers x cases; None where a reader did not answer a case."""
        cases = self.cases_of(origin)
        return tuple(
            tuple(given[case].is_correct if case in given else None for case in cases)
            for given in (self.first[reader.name] for reader in self.readers)
        )

    def n_checks(self, reader: str) -> int:
        """Count a reader's attention checks."""
        return sum(reading.role == CHECK for reading in self.shown[reader])


def collect(rows: Iterable[TrialRow], n_levels: int | None = None) -> Readings:
    """Sort trial rows into first readings, repeats, checks and trials without an answer.

    Parameters
    ----------
    rows : trials in any order; those of the warm-up change nothing but `n_warm_up`. The extra column `role`
        says `first`, `repeat` or `check`; without it, a reader's second reading of a case is the repeat.
    n_levels : k, the levels of confidence of the study; without it, the highest level that anyone used

    Raises
    ------
    InputError
        If a case has two origins or lesion classes, a reader two groups, a generator the name of a sum, a confidence
        lies outside its scale, or a reader judged a case twice and the order of the two is unknown.
    """
    table = TrialColumns.of(rows)
    _check_truth(table)
    scale = _Scale.of(_confident(table), n_levels)
    summary = _Summary()
    groups: dict[str, str] = {}
    n_warm_up: Counter[str] = Counter()
    sittings = GrowingSittings()
    for every in table.by_reader():
        test = [row for row in every if row.phase == TEST]
        name = every[0].reader
        if len(test) < len(every):
            n_warm_up[name] = len(every) - len(test)
        if not test:
            continue
        given = [_reading(row, role, scale) for row, role in zip(test, roles(test), strict=True)]
        groups[name] = _group(test, given)
        sittings.append(name, sorted(given, key=_position))
        summary.add(given)
    by_reader = sittings.packed()
    origin_of = summary.origin_of
    return Readings(
        readers=tuple(Reader(name, groups[name]) for name in sorted(groups, key=natural_order)),
        origins=tuple(sorted(set(origin_of.values()), key=origin_order)),
        tissues=tuple(sorted(summary.tissues, key=tissue_order)),
        cases=tuple(sorted(origin_of, key=lambda case: (origin_order(origin_of[case]), natural_order(case)))),
        origin_of=origin_of,
        n_levels=scale.n_levels,
        first=by_reader.each(lambda sitting: sitting.first),
        unanswered=by_reader.each(lambda sitting: sitting.unanswered),
        repeats=by_reader.each(lambda sitting: sitting.repeats),
        shown=by_reader.each(lambda sitting: sitting.shown),
        n_warm_up=n_warm_up,
        confidences=tuple(sorted(summary.confidences)),
    )


class _Summary:
    """What occurs in the first readings of all readers."""

    def __init__(self) -> None:
        self.origin_of: dict[str, str] = {}
        self.tissues: set[str] = set()
        self.confidences: set[int] = set()

    def add(self, given: Iterable[Reading]) -> None:
        for one in given:
            if one.role == FIRST:
                self.origin_of[one.case] = one.origin
                self.tissues.add(one.tissue)
                if one.answer and one.confidence is not None:
                    self.confidences.add(one.confidence)


def _confident(table: TrialColumns) -> Iterator[TrialRow]:
    """Trials of the test whose confidence belongs to the scale; attention checks are none."""
    for every in table.by_reader():
        test = [row for row in every if row.phase == TEST]
        for row, role in zip(test, roles(test), strict=True):
            if role != CHECK and row.confidence is not None:
                yield row


@dataclass(frozen=True)
class _Scale:
    """Levels of confidence: `lowest` .. `lowest + n_levels - 1`."""

    lowest: int
    n_levels: int | None

    @classmethod
    def of(cls, rows: Iterable[TrialRow], n_levels: int | None) -> "_Scale":
        lowest_row = highest_row = None
        for one in rows:
            if lowest_row is None or _level(one) < _level(lowest_row):
                lowest_row = one
            if highest_row is None or _level(one) > _level(highest_row):
                highest_row = one
        if lowest_row is None or highest_row is None:
            return cls(1, n_levels)
        least, most, row = _level(lowest_row), _level(highest_row), lowest_row
        if most - min(least, 1) >= MAX_LEVELS:
            raise InputError(
                f'Reader "{highest_row.reader}" gave confidence {most} to case "{highest_row.case}"; at most '
                f"{MAX_LEVELS} levels can be analysed, so correct the value or group the levels."
            )
        if least < 0:
            raise InputError(
                f'Reader "{row.reader}" gave confidence {least} to case "{row.case}"; number the levels from 1.'
            )
        row = highest_row
        lowest = min(least, 1)  # a scale made elsewhere may begin at 0
        if n_levels is not None and most - lowest + 1 > n_levels:
            raise InputError(
                f'Reader "{row.reader}" gave confidence {most} to case "{row.case}", but the scale has '
                f"{n_levels} levels; state the number of levels that the study used."
            )
        return cls(lowest, n_levels or most - lowest + 1)

    def score(self, answer: str, confidence: int | None) -> int | None:
        """Place an answer with its confidence on one scale from surely real to surely fake."""
        if confidence is None or self.n_levels is None or not answer:
            return None
        level = confidence - self.lowest + 1
        return self.n_levels + level if answer == FAKE else self.n_levels + 1 - level


def _reading(row: TrialRow, role: str, scale: _Scale) -> Reading:
    return Reading(
        case=row.case,
        origin=row.origin,
        tissue=row.tissue,
        answer=row.answer,
        is_correct=is_correct(row) if row.answer else None,
        confidence=row.confidence,
        score=None if role == CHECK else scale.score(row.answer, row.confidence),
        rt_ms=row.rt_ms,
        order=row.order,
        role=role,
        is_timeout=row.extra.get(TIMEOUT_COLUMN, "").lower() in _YES,
    )


def _group(rows: Sequence[TrialRow], given: Sequence[Reading]) -> str:
    """Find the one group that a reader's trials name; attention checks do not count where there are others."""
    told = {row.group for row, one in zip(rows, given, strict=True) if row.group and one.role != CHECK}
    if len(told) > 1:
        both = " and ".join(f'"{name}"' for name in sorted(told))
        raise InputError(
            f'Reader "{rows[0].reader}" is in the groups {both}; give every trial of a reader one group.'
        )
    return max(told or {row.group for row in rows})


def _level(row: TrialRow) -> int:
    return row.confidence or 0


def _check_truth(table: TrialColumns) -> None:
    """A case has one origin and one lesion class, whoever judged it, and no generator is called as a sum is."""
    for name in sorted(SUMS.intersection(map(str, table.words["origin"].different))):
        raise InputError(
            f'A generator is called "{name}", which is the name of results over several origins; give it another name.'
        )
    cases, origins, tissues = (table.words[name] for name in ("case", "origin", "tissue"))
    is_test = np.array([phase == TEST for phase in table.words["phase"].different], dtype=np.bool_)
    chosen = is_test[table.words["phase"].codes]
    together = np.stack([column.codes[chosen].astype(np.int64) for column in (cases, origins, tissues)])
    truths: dict[str, list[tuple[str, str]]] = {}
    for case, origin, tissue in np.unique(together, axis=1).T.tolist():
        told = (str(origins.different[origin]), str(tissues.different[tissue]))
        truths.setdefault(str(cases.different[case]), []).append(told)
    doubtful = sorted(case for case, told in truths.items() if len(told) > 1)
    if doubtful:
        both = " and as ".join(f"{origin}, {tissue}" for origin, tissue in sorted(truths[doubtful[0]]))
        raise InputError(
            f'Case "{doubtful[0]}" is listed as {both}; give every patch a case name of its own, '
            "the same for all readers."
        )


def _position(reading: Reading) -> tuple[float, object, str]:
    return (inf if reading.order is None else reading.order, natural_order(reading.case), reading.role)
