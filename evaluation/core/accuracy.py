"""Reader accuracy from trial rows: Table 3 and its companions by lesion class.

Only answered first readings of the test phase count. Warm-up trials, repeats and attention checks never enter;
unanswered trials are counted apart.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from evaluation.core.proportions import BalancedAccuracy, Difference, Proportion
from evaluation.core.trial_roles import CHECK, FIRST, REPEAT, roles
from generation.core.labels import DCGAN, LESION_CLASSES, REAL, WGAN
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow

ALL: Final = "all"  # every origin, or every lesion class, together
_FIRST_ORIGINS: Final = (
    REAL,
    DCGAN,
    WGAN,
)  # the order of the paper's tables; other generators follow by name


@dataclass(frozen=True)
class Reader:
    """A reader's pseudonym and the group they belong to."""

    name: str
    group: str


@dataclass(frozen=True)
class Accuracy:
    """Counts of correct answers per reader, origin and lesion class.

    Parameters
    ----------
    readers : in natural order of their pseudonyms (R2 before R10)
    origins : real first, then the generators
    tissues : lesion classes that occur
    n_unanswered : test trials without an answer, per reader
    n_warm_up : trials left out because they belong to the warm-up
    n_repeats : trials left out because the reader had judged the same case before
    n_checks : attention checks, left out
    """

    readers: tuple[Reader, ...]
    origins: tuple[str, ...]
    tissues: tuple[str, ...]
    n_unanswered: Mapping[str, int]
    n_warm_up: int
    n_repeats: int
    n_checks: int
    _n: Counter[tuple[str, str, str]] = field(repr=False)
    _n_correct: Counter[tuple[str, str, str]] = field(repr=False)

    def proportion(self, reader: str, origin: str = ALL, tissue: str = ALL) -> Proportion:
        """Give the correct answers of a reader to one origin (or all) and one lesion class (or all)."""
        origins = self.origins if origin == ALL else (origin,)
        tissues = self.tissues if tissue == ALL else (tissue,)
        keys = [(reader, one, other) for one in origins for other in tissues]
        return Proportion(sum(self._n_correct[key] for key in keys), sum(self._n[key] for key in keys))

    @property
    def generators(self) -> tuple[str, ...]:
        """Origins other than real."""
        return tuple(origin for origin in self.origins if origin != REAL)

    def balanced(self, reader: str, generator: str = ALL, tissue: str = ALL) -> BalancedAccuracy:
        """Give the balanced accuracy of a reader against one generator (or all fakes), always with all reals."""
        names = self.generators if generator == ALL else (generator,)
        fakes = [self.proportion(reader, name, tissue) for name in names]
        together = Proportion(sum(one.n_correct for one in fakes), sum(one.n for one in fakes))
        return BalancedAccuracy(together, self.proportion(reader, REAL, tissue))

    def between_generators(self, reader: str, first: str, second: str) -> Difference:
        """Compare a reader's detection of two generators; their patches are different ones, so it is unpaired."""
        return Difference(self.proportion(reader, first), self.proportion(reader, second))


def is_correct(row: TrialRow) -> bool:
    """Say whether an answered trial was judged correctly: real called real, or any generator called fake."""
    return (row.answer == REAL) == (row.origin == REAL)


def tabulate(rows: Iterable[TrialRow]) -> Accuracy:
    """Count correct answers of the test phase.

    Parameters
    ----------
    rows : trials in any order; those of the warm-up change nothing but `n_warm_up`

    Raises
    ------
    InputError
        If a reader judged a case twice and the order of the two is unknown.
    """
    n: Counter[tuple[str, str, str]] = Counter()
    n_correct: Counter[tuple[str, str, str]] = Counter()
    n_unanswered: Counter[str] = Counter()
    groups: dict[str, str] = {}
    every = list(rows)
    test = [row for row in every if row.phase == TEST]
    role_of = roles(test)
    first = [row for row, role in zip(test, role_of, strict=True) if role == FIRST]
    for row in first:
        groups[row.reader] = max(row.group, groups.get(row.reader, ""))
        if not row.answer:
            n_unanswered[row.reader] += 1
            continue
        key = (row.reader, row.origin, row.tissue)
        n[key] += 1
        n_correct[key] += is_correct(row)
    return Accuracy(
        readers=tuple(Reader(name, groups[name]) for name in sorted(groups, key=natural_order)),
        origins=tuple(sorted({row.origin for row in first}, key=origin_order)),
        tissues=tuple(sorted({row.tissue for row in first}, key=tissue_order)),
        n_unanswered={name: n_unanswered[name] for name in groups},
        n_warm_up=len(every) - len(test),
        n_repeats=role_of.count(REPEAT),
        n_checks=role_of.count(CHECK),
        _n=n,
        _n_correct=n_correct,
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """Trials of one reader that are alike, counted by whoever holds them; `n` of them, answered or not."""

    reader: str
    group: str
    phase: str
    role: str
    origin: str
    tissue: str
    n: int
    n_real: int
    n_fake: int


def from_counts(counted: Iterable[Counted]) -> Accuracy:
    """Give the counts that `tabulate` gives of the trials, where every trial has its role."""
    n: Counter[tuple[str, str, str]] = Counter()
    n_correct: Counter[tuple[str, str, str]] = Counter()
    n_unanswered: Counter[str] = Counter()
    n_of: Counter[str] = Counter()
    groups: dict[str, str] = {}
    origins: set[str] = set()
    tissues: set[str] = set()
    for one in counted:
        role = one.role if one.role in (CHECK, REPEAT) else FIRST
        n_of[role if one.phase == TEST else one.phase] += one.n
        if one.phase != TEST or role != FIRST:
            continue
        groups[one.reader] = one.group
        origins.add(one.origin)
        tissues.add(one.tissue)
        n_answered = one.n_real + one.n_fake
        n_unanswered[one.reader] += one.n - n_answered
        key = (one.reader, one.origin, one.tissue)
        n[key] += n_answered
        n_correct[key] += one.n_real if one.origin == REAL else one.n_fake
    return Accuracy(
        readers=tuple(Reader(name, groups[name]) for name in sorted(groups, key=natural_order)),
        origins=tuple(sorted(origins, key=origin_order)),
        tissues=tuple(sorted(tissues, key=tissue_order)),
        n_unanswered={name: n_unanswered[name] for name in groups},
        n_warm_up=n_of[WARM_UP],
        n_repeats=n_of[REPEAT],
        n_checks=n_of[CHECK],
        _n=n,
        _n_correct=n_correct,
    )


def tabulate_by_reader(rows: Iterable[TrialRow]) -> Accuracy:
    """Count as `tabulate` does, of trials that come reader by reader, with only one reader's trials in memory."""
    parts = [tabulate(same) for _, same in groupby(rows, key=lambda row: row.reader)]
    counted: list[Counter[tuple[str, str, str]]] = [Counter(), Counter()]
    for part in parts:
        counted[0].update(part._n)
        counted[1].update(part._n_correct)
    readers = (reader for part in parts for reader in part.readers)
    return Accuracy(
        readers=tuple(sorted(readers, key=lambda reader: natural_order(reader.name))),
        origins=tuple(sorted({one for part in parts for one in part.origins}, key=origin_order)),
        tissues=tuple(sorted({one for part in parts for one in part.tissues}, key=tissue_order)),
        n_unanswered={name: n for part in parts for name, n in part.n_unanswered.items()},
        n_warm_up=sum(part.n_warm_up for part in parts),
        n_repeats=sum(part.n_repeats for part in parts),
        n_checks=sum(part.n_checks for part in parts),
        _n=counted[0],
        _n_correct=counted[1],
    )


def natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """Give a sort key that reads runs of digits as numbers: R2 before R10."""
    runs = re.findall(r"\d+|\D+", name)
    return [(int(run), "") if run.isdecimal() else (-1, run) for run in runs], name


def origin_order(origin: str) -> tuple[int, str]:
    """Give a sort key that puts real first, then the generators of the paper, then others by name."""
    return (_FIRST_ORIGINS.index(origin) if origin in _FIRST_ORIGINS else len(_FIRST_ORIGINS), origin)


def tissue_order(tissue: str) -> tuple[int, str]:
    """Give a sort key in the order of the lesion classes."""
    classes = [lesion_class.value for lesion_class in LESION_CLASSES]
    return (classes.index(tissue) if tissue in classes else len(classes), tissue)
