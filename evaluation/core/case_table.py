"""Cases one by one: how many readers each one fooled, the hardest and the easiest."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Final

from evaluation.core.accuracy import natural_order, origin_order
from evaluation.core.csv_text import line, number
from evaluation.core.proportions import LEVEL, Proportion
from evaluation.core.readings import FAKE, Reading, Readings

MIN_READERS: Final = 5  # with fewer, one reader more or less turns the order of the cases over
FEW_READERS: Final = "few readers per case: descriptive"
COLUMNS: Final = (
    "case",
    "origin",
    "tissue",
    "n_readers",
    "n_fooled",
    "fooled_rate",
    "ci_low",
    "ci_high",
    "n_answered_fake",
    "mean_score",
    "median_rt_ms",
)
NOTE: Final = "note"


@dataclass(frozen=True)
class CaseLine:
    """One case over all readers who answered it.

    Attributes
    ----------
    fooled : readers who called a fake real or a real fake, of those who answered
    n_answered_fake : readers who called it fake
    mean_score : of the confidence scores 1..2k; absent without confidence
    median_rt_ms : absent without times
    """

    case: str
    origin: str
    tissue: str
    fooled: Proportion
    n_answered_fake: int
    mean_score: float | None
    median_rt_ms: float | None


@dataclass(frozen=True)
class CaseTable:
    """All cases that someone answered, hardest first.

    Attributes
    ----------
    note : a caveat where so few readers saw each case that the order says little; empty elsewhere
    """

    lines: tuple[CaseLine, ...]
    note: str

    def of(self, origin: str) -> "CaseTable":
        """Keep the cases of one origin."""
        return CaseTable(tuple(one for one in self.lines if one.origin == origin), self.note)

    def hardest(self, n: int) -> tuple[CaseLine, ...]:
        """List the n cases that fooled the largest share of readers."""
        return self.lines[:n]

    def easiest(self, n: int) -> tuple[CaseLine, ...]:
        """List the n cases that fooled the smallest share of readers, easiest first."""
        return self.lines[::-1][:n]


def tabulate(readings: Readings) -> CaseTable:
    """Count for every case the readers it fooled.

    Cases of equal share stand by the number of readers, more first, then by origin and name.
    """
    by_case = {case: _Seen() for case in readings.cases}
    for reader in readings.readers:
        for one in readings.answered(reader.name):
            by_case[one.case].add(one)
    lines = sorted((seen.line() for seen in by_case.values() if seen.n), key=_hardest_first)
    is_few = any(one.fooled.n < MIN_READERS for one in lines)
    return CaseTable(tuple(lines), FEW_READERS if is_few else "")


def csv_lines(table: CaseTable, *, level: float = LEVEL, notices: Sequence[str] = ()) -> Iterator[str]:
    """Write one row per case, hardest first, with Wilson's interval; what is absent stays empty.

    Notices that every result has to carry stand in a column of their own, which is there only where there are any.
    """
    told = (" ".join(notices),) if notices else ()
    yield line((*COLUMNS, NOTE) if told else COLUMNS)
    for one in table.lines:
        limits = one.fooled.interval("wilson", level)
        numbers = (one.fooled.fraction, limits.low if limits else None, limits.high if limits else None)
        yield line(
            (
                one.case,
                one.origin,
                one.tissue,
                one.fooled.n,
                one.fooled.n_correct,
                *map(number, numbers),
                one.n_answered_fake,
                number(one.mean_score),
                number(one.median_rt_ms),
                *told,
            )
        )


class _Seen:
    """What readers said of one case; counts and numbers, because there may be a million of readings."""

    def __init__(self) -> None:
        self.case = self.origin = self.tissue = ""
        self.n = self.n_fooled = self.n_fake = 0
        self.scores, self.times = array("q"), array("q")

    def add(self, one: Reading) -> None:
        if not self.n:
            self.case, self.origin, self.tissue = one.case, one.origin, one.tissue
        self.n += 1
        self.n_fooled += not one.is_correct
        self.n_fake += one.answer == FAKE
        if one.score is not None:
            self.scores.append(one.score)
        if one.rt_ms is not None:
            self.times.append(one.rt_ms)

    def line(self) -> CaseLine:
        return CaseLine(
            case=self.case,
            origin=self.origin,
            tissue=self.tissue,
            fooled=Proportion(self.n_fooled, self.n),
            n_answered_fake=self.n_fake,
            mean_score=mean(self.scores) if self.scores else None,
            median_rt_ms=float(median(self.times)) if self.times else None,
        )


def _hardest_first(one: CaseLine) -> tuple[object, ...]:
    return (-(one.fooled.fraction or 0.0), -one.fooled.n, origin_order(one.origin), natural_order(one.case))
