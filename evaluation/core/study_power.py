"""What a planned study can show: the power of each of its analyses, from its numbers of panels and stated assumptions.

One reader is planned with exact tests, whose claim ends with that reader; several readers with the multi-reader tests,
whose claim reaches readers and cases like them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from evaluation.core import power
from evaluation.core.equivalence import MARGIN
from evaluation.core.mrmc import power as mrmc_power
from evaluation.core.power import TARGET, SampleSize
from evaluation.core.proportions import CHANCE
from generation.core.errors import InputError
from generation.core.labels import REAL

ALL: Final = "all"
MAX_READERS: Final = 100


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of readers who do not exist yet; fractions.

    Attributes
    ----------
    accuracy : true probability of a correct answer, the same for every source
    margin : largest deviation from .5 that counts as guessing
    difference : true difference between the detection rates of two generators, the lower one being `accuracy`
    n_readers : readers planned
    reader_sd : standard deviation of accuracy between readers, and of the difference between generators
    case_correlation : correlation of two readers' correctness on the same panel

    Raises
    ------
    InputError
        Naming the assumption that cannot be planned with.
    """

    accuracy: float = 0.60
    margin: float = MARGIN
    difference: float = 0.10
    n_readers: int = 5
    reader_sd: float = 0.10
    case_correlation: float = 0.10

    def __post_init__(self) -> None:
        if not 0 < self.accuracy < 1:
            raise InputError(
                f"A true accuracy of {self.accuracy:.0%} cannot be planned with; give more than 0 and less than 100 %.",
                field="accuracy",
            )
        if not 0 < self.margin < CHANCE:
            raise InputError(
                f"A margin of {100 * self.margin:g} points cannot be planned with; give more than 0 and less than 50.",
                field="margin",
            )
        if not 0 < self.difference < 1 - self.accuracy:
            raise InputError(
                f"A difference of {100 * self.difference:g} points above an accuracy of {self.accuracy:.0%} leaves the "
                f"scale; give more than 0 and less than {100 * (1 - self.accuracy):g}.",
                field="difference",
            )
        if not 1 <= self.n_readers <= MAX_READERS:
            raise InputError(
                f"{self.n_readers} readers cannot be planned with; give 1 to {MAX_READERS}.",
                field="n_readers",
            )
        if not 0 <= self.reader_sd < CHANCE:
            raise InputError(
                f"A standard deviation of {100 * self.reader_sd:g} points between readers cannot be planned with; give "
                "0 to less than 50.",
                field="reader_sd",
            )
        if not 0 <= self.case_correlation < 1:
            raise InputError(
                f"A correlation of {self.case_correlation:g} cannot be planned with; give 0 to less than 1.",
                field="case_correlation",
            )


@dataclass(frozen=True)
class ReaderLine:
    """What one reader's answers to the panels of one source, or to all of them, can show.

    Attributes
    ----------
    against_chance : exact power to tell the reader from guessing
    n_against_chance : panels for 80 %; absent if no number up to 20,000 is enough
    equivalence : exact power to show that a reader who guesses does so, within the margin
    n_equivalence : panels for 80 %
    """

    origin: str
    n: int
    against_chance: float
    n_against_chance: SampleSize | None
    equivalence: float
    n_equivalence: SampleSize | None


@dataclass(frozen=True)
class PairLine:
    """What the fakes of two generators can show of their difference.

    Attributes
    ----------
    n_first, n_second : fakes
    power : of one reader's exact test, if the rates are `accuracy` and `accuracy + difference`
    detectable : smallest such difference that one reader's answers show with 80 %; absent if none is
    n : fakes of each generator for 80 %; absent if no number up to 20,000 is enough
    readers_power : of all readers together; absent for one reader
    n_readers : readers for 80 %; absent if 100 are not enough
    """

    first: str
    second: str
    n_first: int
    n_second: int
    power: float
    detectable: float | None
    n: SampleSize | None
    readers_power: float | None
    n_readers: int | None


@dataclass(frozen=True)
class ReadersLine:
    """What all readers together can show of the panels of one source, or of all.

    Attributes
    ----------
    power : to tell the average of readers like these from guessing; absent for one reader
    n_readers : readers for 80 %; absent if 100 are not enough
    """

    origin: str
    n: int
    power: float | None
    n_readers: int | None


@dataclass(frozen=True)
class StudyPower:
    """Everything the preview shows."""

    assumptions: Assumptions
    n_test: int
    one_reader: tuple[ReaderLine, ...]
    all_readers: tuple[ReadersLine, ...]
    pairs: tuple[PairLine, ...]
    target: float = TARGET


def of_study(panels: Mapping[str, int], assumptions: Assumptions) -> StudyPower:
    """Compute what a study can show.

    Parameters
    ----------
    panels : test panels of each source; sources without any are left out
    assumptions : of the readers

    Raises
    ------
    InputError
        If there is no real panel or no generated one.
    """
    counts = {source: n for source, n in panels.items() if n > 0}
    generators = [source for source in counts if source != REAL]
    if REAL not in counts or not generators:
        raise InputError("Give real panels a number, and at least one generator.", field="panels")
    n_test = sum(counts.values())
    ordered = {REAL: counts[REAL], **{source: counts[source] for source in generators}, ALL: n_test}
    return StudyPower(
        assumptions=assumptions,
        n_test=n_test,
        one_reader=tuple(_one_reader(origin, n, assumptions) for origin, n in ordered.items()),
        all_readers=tuple(_all_readers(origin, n, assumptions) for origin, n in ordered.items()),
        pairs=tuple(
            _pair(first, second, counts, assumptions) for first, second in combinations(generators, 2)
        ),
    )


def _one_reader(origin: str, n: int, assumptions: Assumptions) -> ReaderLine:
    return ReaderLine(
        origin=origin,
        n=n,
        against_chance=power.against_chance(n, assumptions.accuracy),
        n_against_chance=power.n_against_chance(assumptions.accuracy),
        equivalence=power.of_equivalence(n, assumptions.margin),
        n_equivalence=power.n_for_equivalence(assumptions.margin),
    )


def _all_readers(origin: str, n: int, assumptions: Assumptions) -> ReadersLine:
    components = mrmc_power.assumed(
        assumptions.accuracy, assumptions.reader_sd, assumptions.case_correlation, n
    )
    effect = assumptions.accuracy - CHANCE
    return ReadersLine(
        origin=origin,
        n=n,
        power=mrmc_power.against_chance(components, assumptions.n_readers, effect)
        if assumptions.n_readers > 1
        else None,
        n_readers=mrmc_power.n_readers_against_chance(components, effect),
    )


def _pair(first: str, second: str, counts: Mapping[str, int], assumptions: Assumptions) -> PairLine:
    n_first, n_second = counts[first], counts[second]
    low, high = assumptions.accuracy, assumptions.accuracy + assumptions.difference
    fewer = min(
        n_first, n_second
    )  # the plan for several readers knows equal numbers only; fewer errs on the safe side
    components = mrmc_power.assumed_pair(
        (low, high), assumptions.reader_sd, assumptions.case_correlation, fewer
    )
    return PairLine(
        first=first,
        second=second,
        n_first=n_first,
        n_second=n_second,
        power=power.exact_difference(n_first, n_second, low, high),
        detectable=power.detectable_difference(fewer, low),
        n=power.n_for_difference(low, high),
        readers_power=mrmc_power.of_difference(components, assumptions.n_readers, assumptions.difference)
        if assumptions.n_readers > 1
        else None,
        n_readers=mrmc_power.n_readers_for_difference(components, assumptions.difference),
    )
