"""Trial rows as readings: what each reader answered to each case of the test phase, once.

The common input of the reader analyses. Warm-up trials, attention checks and repeats never enter `first`; they are
kept or counted apart, and so are trials without an answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import Final

from evaluation.core.accuracy import ALL, Reader, is_correct, natural_order, origin_order, tissue_order
from evaluation.core.trial_roles import CHECK, FIRST, REPEAT, roles
from generation.core.errors import InputError
from generation.core.labels import REAL
from readerstudy.core.trial_csv import TEST, TrialRow

FAKE: Final = "fake"  # the answer; a case has the name of its generator instead
TIMEOUT_COLUMN: Final = "is_timeout"
_YES: Final = ("1", "true", "yes")

Matrix = tuple[tuple[str | None, ...], ...]
ScoreMatrix = tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One trial of the test phase.

    Attributes
    ----------
    answer : `real`, `fake`, or "" where there is none
    is_correct : absent without an answer
    confidence : as the reader gave it, absent where the study did not ask
    score : 1 (surely real) .. 2k (surely fake) for k levels of confidence; absent without confidence or answer
    order : position among the reader's test trials, from 1
    role : `first`, `repeat` or `check`
    is_timeout : the trial ended at its time limit
    """

    case: str
    origin: str
    tissue: str
    answer: str
    is_correct: bool | None
    confidence: int | None
    score: int | None
    rt_ms: int | None
    order: int | None
    role: str = FIRST
    is_timeout: bool = False


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

    @property
    def generators(self) -> tuple[str, ...]:
        """Origins other than real."""
        return tuple(origin for origin in self.origins if origin != REAL)

    def cases_of(self, origin: str | None = None) -> tuple[str, ...]:
        """List the cases of one origin, or all; they are the columns of the matrices."""
        if origin in (None, ALL):
            return self.cases
        return tuple(case for case in self.cases if self.origin_of[case] == origin)

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
        If a case has two origins or lesion classes, a confidence lies outside its scale, or a reader judged a
        case twice and the order of the two is unknown.
    """
    every = list(rows)
    test = [row for row in every if row.phase == TEST]
    _check_truth(test)
    role_of = roles(test)
    scale = _Scale.of((row for row, role in zip(test, role_of, strict=True) if role != CHECK), n_levels)
    groups: dict[str, str] = {}
    shown: dict[str, list[Reading]] = defaultdict(list)
    for row, role in zip(test, role_of, strict=True):
        groups[row.reader] = max(row.group, groups.get(row.reader, ""))
        shown[row.reader].append(_reading(row, role, scale))
    readers = tuple(Reader(name, groups[name]) for name in sorted(groups, key=natural_order))
    in_order = {reader.name: tuple(sorted(shown[reader.name], key=_position)) for reader in readers}
    firsts = {name: [one for one in sequence if one.role == FIRST] for name, sequence in in_order.items()}
    origin_of = {one.case: one.origin for sequence in firsts.values() for one in sequence}
    tissues = {one.tissue for sequence in firsts.values() for one in sequence}
    return Readings(
        readers=readers,
        origins=tuple(sorted(set(origin_of.values()), key=origin_order)),
        tissues=tuple(sorted(tissues, key=tissue_order)),
        cases=tuple(sorted(origin_of, key=lambda case: (origin_order(origin_of[case]), natural_order(case)))),
        origin_of=origin_of,
        n_levels=scale.n_levels,
        first={name: {one.case: one for one in sequence if one.answer} for name, sequence in firsts.items()},
        unanswered={
            name: {one.case: one for one in sequence if not one.answer} for name, sequence in firsts.items()
        },
        repeats={
            name: tuple(one for one in sequence if one.role == REPEAT) for name, sequence in in_order.items()
        },
        shown=in_order,
        n_warm_up=Counter(row.reader for row in every if row.phase != TEST),
    )


@dataclass(frozen=True)
class _Scale:
    """Levels of confidence: `lowest` .. `lowest + n_levels - 1`."""

    lowest: int
    n_levels: int | None

    @classmethod
    def of(cls, rows: Iterable[TrialRow], n_levels: int | None) -> "_Scale":
        given = [(row.confidence, row) for row in rows if row.confidence is not None]
        if not given:
            return cls(1, n_levels)
        least, row = min(given, key=lambda pair: pair[0])
        if least < 0:
            raise InputError(
                f'Reader "{row.reader}" gave confidence {least} to case "{row.case}"; number the levels from 1.'
            )
        most, row = max(given, key=lambda pair: pair[0])
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


def _check_truth(rows: Iterable[TrialRow]) -> None:
    def case_of(row: TrialRow) -> str:
        return row.case

    for case, same in groupby(sorted(rows, key=case_of), key=case_of):
        truths = sorted({(row.origin, row.tissue) for row in same})
        if len(truths) > 1:
            told = " and as ".join(f"{origin}, {tissue}" for origin, tissue in truths)
            raise InputError(
                f'Case "{case}" is listed as {told}; give every patch a case name of its own, '
                "the same for all readers."
            )


def _position(reading: Reading) -> tuple[float, object, str]:
    return (inf if reading.order is None else reading.order, natural_order(reading.case), reading.role)
