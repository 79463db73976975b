"""The readings of every reader as columns, some 30 bytes a reading; objects are made for the readers who are looked at.

The analyses go through the readers one by one, so that a few readers at a time are enough however many there are.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from evaluation.core.columns import GrowingNumbers, GrowingWords, Numbers, Words
from evaluation.core.trial_roles import FIRST, REPEAT

MAX_KEPT: Final = 50_000  # readings that are kept as objects, some 15 MB; all of a study of ordinary size

_WORDS: Final = ("case", "origin", "tissue", "answer", "role")
_NUMBERS: Final = ("is_correct", "confidence", "score", "rt_ms", "order", "is_timeout")
_T = TypeVar("_T")


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


@dataclass(frozen=True, slots=True)
class Sitting:
    """What one reader did.

    Attributes
    ----------
    shown : every test trial in the order shown
    first : case -> first reading that has an answer
    unanswered : case -> first reading without an answer
    repeats : later readings of a case
    """

    shown: tuple[Reading, ...]
    first: Mapping[str, Reading]
    unanswered: Mapping[str, Reading]
    repeats: tuple[Reading, ...]

    @classmethod
    def of(cls, shown: Sequence[Reading]) -> "Sitting":
        """Sort the readings of one reader by what they count for."""
        firsts = [one for one in shown if one.role == FIRST]
        return cls(
            shown=tuple(shown),
            first={one.case: one for one in firsts if one.answer},
            unanswered={one.case: one for one in firsts if not one.answer},
            repeats=tuple(one for one in shown if one.role == REPEAT),
        )


class GrowingSittings:
    """Sittings that are being collected, reader by reader."""

    def __init__(self) -> None:
        self._words = {name: GrowingWords() for name in _WORDS}
        self._numbers = {name: GrowingNumbers(name) for name in _NUMBERS}
        self._names: list[str] = []
        self._starts = array("q", [0])

    def append(self, reader: str, shown: Sequence[Reading]) -> None:
        """Add a reader with every test trial in the order shown."""
        for name in _WORDS:
            column = self._words[name]
            for one in shown:
                column.append(getattr(one, name))
        for name in _NUMBERS:
            numbers = self._numbers[name]
            for one in shown:
                numbers.append(getattr(one, name))
        self._names.append(reader)
        self._starts.append(self._starts[-1] + len(shown))

    def packed(self) -> "Sittings":
        """Store them for good."""
        return Sittings(
            {name: self._words.pop(name).packed() for name in _WORDS},
            {name: self._numbers.pop(name).packed() for name in _NUMBERS},
            {name: slice(*self._starts[i : i + 2]) for i, name in enumerate(self._names)},
        )


class Sittings:
    """Every reader's readings by name; the readers looked at last are kept."""

    def __init__(
        self, words: Mapping[str, Words], numbers: Mapping[str, Numbers], places: Mapping[str, slice]
    ) -> None:
        self._words = words
        self._numbers = numbers
        self.places = places
        self._kept: OrderedDict[str, Sitting] = OrderedDict()
        self._n_kept = 0

    def of(self, reader: str) -> Sitting:
        """One reader's readings."""
        if reader in self._kept:
            self._kept.move_to_end(reader)
            return self._kept[reader]
        found = Sitting.of(self._readings(self.places[reader]))
        self._kept[reader] = found
        self._n_kept += len(found.shown)
        while self._n_kept > MAX_KEPT and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._n_kept -= len(oldest.shown)
        return found

    def each(self, pick: Callable[[Sitting], _T]) -> "ByReader[_T]":
        """One thing of every reader, made when it is asked for."""
        return ByReader(self, pick)

    def _readings(self, places: slice) -> list[Reading]:
        words = [self._words[name].part(places) for name in _WORDS]
        numbers = [self._numbers[name].part(places) for name in _NUMBERS]
        return [
            Reading(
                case=case or "",
                origin=origin or "",
                tissue=tissue or "",
                answer=answer or "",
                is_correct=None if is_correct is None else bool(is_correct),
                confidence=confidence,
                score=score,
                rt_ms=rt_ms,
                order=order,
                role=role or "",
                is_timeout=bool(is_timeout),
            )
            for case, origin, tissue, answer, role, is_correct, confidence, score, rt_ms, order, is_timeout in zip(
                *words, *numbers, strict=True
            )
        ]


class ByReader(Mapping[str, _T]):
    """A mapping from readers that holds nothing itself."""

    def __init__(self, sittings: Sittings, pick: Callable[[Sitting], _T]) -> None:
        self._sittings = sittings
        self._pick = pick

    def __getitem__(self, reader: str) -> _T:
        return self._pick(self._sittings.of(reader))

    def __iter__(self) -> Iterator[str]:
        return iter(self._sittings.places)

    def __len__(self) -> int:
        return len(self._sittings.places)
