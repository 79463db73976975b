"""A file of trials in memory: some 25 bytes a trial, so that a million of them need no more than a small study.

Read once, in any order; given back reader by reader, as rows that live as long as they are looked at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core.columns import GrowingNumbers, GrowingWords, Numbers, Words
from evaluation.core.trial_roles import COLUMN, TIMEOUT_COLUMN
from readerstudy.core.trial_csv import TrialRow
from readerstudy.core.unblinding import AFTER_COLUMN

_WORDS: Final = ("reader", "group", "case", "origin", "tissue", "phase", "answer")
_NUMBERS: Final = ("order", "confidence", "rt_ms")
_EXTRA: Final = (COLUMN, TIMEOUT_COLUMN, AFTER_COLUMN)  # the analysis looks at no other ones


@dataclass(frozen=True)
class TrialColumns:
    """Trials by column.

    Attributes
    ----------
    words : by column; those of `extra` too, None where a row does not have the column
    numbers : by column
    places : (N,) rows ordered by reader, in the order in which readers and their rows came
    starts : (J + 1,) where each reader begins in `places`
    """

    words: dict[str, Words]
    numbers: dict[str, Numbers]
    places: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, rows: "Iterable[TrialRow] | TrialColumns") -> "TrialColumns":
        """Read rows; what is read already stays as it is."""
        if isinstance(rows, TrialColumns):
            return rows
        words = {name: GrowingWords() for name in (*_WORDS, *_EXTRA)}
        numbers = {name: GrowingNumbers(name) for name in _NUMBERS}
        for row in rows:
            for name in _WORDS:
                words[name].append(getattr(row, name))
            for name in _EXTRA:
                words[name].append(row.extra.get(name))
            for name in _NUMBERS:
                numbers[name].append(getattr(row, name))
        packed = {name: words.pop(name).packed() for name in list(words)}
        readers = packed["reader"]
        return cls(
            words=packed,
            numbers={name: numbers.pop(name).packed() for name in list(numbers)},
            places=np.argsort(readers.codes, kind="stable"),
            starts=np.concatenate(
                ([0], np.cumsum(np.bincount(readers.codes, minlength=len(readers.different))))
            ).astype(np.intp),
        )

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[TrialRow]:
        """Rows reader by reader."""
        for rows in self.by_reader():
            yield from rows

    @property
    def n_readers(self) -> int:
        """Readers who have a row."""
        return len(self.starts) - 1

    def by_reader(self) -> Iterator[list[TrialRow]]:
        """The rows of one reader after another."""
        for number in range(self.n_readers):
            yield self.of_reader(number)

    def of_reader(self, number: int) -> list[TrialRow]:
        """The rows of one reader, in the order in which they came."""
        places = self.places[self.starts[number] : self.starts[number + 1]]
        words: list[list[Any]] = [self.words[name].part(places) for name in _WORDS]
        numbers = [self.numbers[name].part(places) for name in _NUMBERS]
        reader, group, case, origin, tissue, phase, answer = words
        order, confidence, rt_ms = numbers
        return [
            TrialRow(*row)
            for row in zip(
                *(reader, group, case, origin, tissue, phase, order, answer, confidence, rt_ms),
                self._extras(places),
                strict=True,
            )
        ]

    def has(self, column: str) -> bool:
        """Say whether any row has one of the extra columns."""
        return any(word is not None for word in self.words[column].different)

    def _extras(self, places: NDArray[np.intp]) -> list[dict[str, str]]:
        """Extra columns of some rows; equal ones are the same dictionary."""
        known: dict[tuple[str | None, ...], dict[str, str]] = {}
        found = []
        for values in zip(*(self.words[name].part(places) for name in _EXTRA), strict=True):
            if values not in known:
                known[values] = {
                    name: value for name, value in zip(_EXTRA, values, strict=True) if value is not None
                }
            found.append(known[values])
        return found
