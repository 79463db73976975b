"""Readers compared on the same cases: McNemar and Newcombe for two, Cochran's Q for three or more."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Final

import numpy as np
from scipy.stats import binom, chi2
from statsmodels.stats.contingency_tables import cochrans_q, mcnemar

from evaluation.core.accuracy import ALL
from evaluation.core.estimates import Estimate, HypothesisTest
from evaluation.core.multiplicity import holm
from evaluation.core.proportions import LEVEL, Interval, Proportion
from evaluation.core.readings import Readings
from generation.core.errors import InputError

MIN_DISCORDANT: Final = 25  # below it the exact test
COCHRAN: Final = "cochran-q"
NEWCOMBE: Final = "newcombe-paired"
NO_PAIRS: Final = "the two readers share no answered case"
NO_DISCORDANCE: Final = "the readers were right and wrong on the same cases"


@dataclass(frozen=True)
class PairedCounts:
    """Correct answers of two readers to the cases that both answered.

    Raises
    ------
    InputError
        If a count is negative.
    """

    n_both: int
    n_first_only: int
    n_second_only: int
    n_neither: int

    def __post_init__(self) -> None:
        least = min(self.n_both, self.n_first_only, self.n_second_only, self.n_neither)
        if least < 0:
            raise InputError(f"A count of {least} pairs is impossible; give counts of 0 or more.")

    @property
    def n(self) -> int:
        """Complete pairs."""
        return self.n_both + self.n_first_only + self.n_second_only + self.n_neither

    @property
    def n_discordant(self) -> int:
        """Cases on which exactly one of the two was right."""
        return self.n_first_only + self.n_second_only

    @property
    def first(self) -> Proportion:
        """Correct answers of the first reader."""
        return Proportion(self.n_both + self.n_first_only, self.n)

    @property
    def second(self) -> Proportion:
        """Correct answers of the second reader."""
        return Proportion(self.n_both + self.n_second_only, self.n)

    def difference(self, *, level: float = LEVEL) -> Estimate:
        """Estimate first minus second fraction, with Newcombe's square-and-add interval for pairs (method 10).

        Source: Newcombe 1998, Stat Med 17:2635-2650, method 10.
        """
        first, second = self.first.interval("wilson", level), self.second.interval("wilson", level)
        p, q = self.first.fraction, self.second.fraction
        if first is None or second is None or p is None or q is None:
            return Estimate(None, 0, NEWCOMBE, note=NO_PAIRS)
        phi = self._correlation()
        down, up = (p - first.low, second.high - q), (first.high - p, q - second.low)
        low = p - q - sqrt(max(0.0, down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2))
        high = p - q + sqrt(max(0.0, up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2))
        limits = Interval(max(low, -1.0), min(high, 1.0), level, NEWCOMBE)
        return Estimate(p - q, self.n, NEWCOMBE, interval=limits)

    def _correlation(self) -> float:
        """Compute phi with Newcombe's continuity correction; 0 where a margin is empty."""
        k, j = self.first.n_correct, self.second.n_correct
        margins = k * (self.n - k) * j * (self.n - j)
        product = self.n_both * self.n_neither - self.n_first_only * self.n_second_only
        if not margins:
            return 0.0
        corrected = max(product - self.n / 2, 0.0) if product > 0 else product
        return corrected / sqrt(margins)

    def test(self) -> HypothesisTest:
        """Test equal accuracy: McNemar, exact below 25 discordant cases, chi-square without correction elsewhere.

        Source: McNemar 1947, Psychometrika 12:153-157; the exact form is the sign test on the discordant cases.
        """
        if not self.n:
            return HypothesisTest("mcnemar", 0, None, note=NO_PAIRS)
        if not self.n_discordant:
            return HypothesisTest("mcnemar-exact", self.n, 1.0, note=NO_DISCORDANCE)
        table = [[self.n_both, self.n_first_only], [self.n_second_only, self.n_neither]]
        is_exact = self.n_discordant < MIN_DISCORDANT
        outcome = mcnemar(table, exact=is_exact, correction=False)
        if is_exact:
            return HypothesisTest("mcnemar-exact", self.n, min(1.0, float(outcome.pvalue)))
        return HypothesisTest("mcnemar", self.n, float(outcome.pvalue), float(outcome.statistic), 1.0)

    def mid_p(self) -> HypothesisTest:
        """Test equal accuracy by McNemar's mid-p, less conservative than the exact test.

        Source: Fagerland, Lydersen & Laake 2013, BMC Med Res Methodol 13:91, doi:10.1186/1471-2288-13-91.
        """
        if not self.n:
            return HypothesisTest("mcnemar-mid-p", 0, None, note=NO_PAIRS)
        if not self.n_discordant:
            return HypothesisTest("mcnemar-mid-p", self.n, 1.0, note=NO_DISCORDANCE)
        fewer = min(self.n_first_only, self.n_second_only)
        below = binom.cdf(fewer, self.n_discordant, 0.5)
        p = 2 * below - binom.pmf(fewer, self.n_discordant, 0.5)
        return HypothesisTest("mcnemar-mid-p", self.n, min(1.0, float(p)))


@dataclass(frozen=True)
class ReaderDifference:
    """Two readers on the cases that both answered; `p_holm` is adjusted within the family of all pairs."""

    first: str
    second: str
    counts: PairedCounts
    p_holm: float | None


@dataclass(frozen=True)
class ReaderComparison:
    """All readers on the same cases of one origin, or of all.

    Attributes
    ----------
    overall : Cochran's Q on the cases that every reader answered; absent for fewer than three readers
    pairs : each two readers on the cases that both answered
    """

    origin: str
    overall: HypothesisTest | None
    pairs: tuple[ReaderDifference, ...]


def compare(readings: Readings, origin: str = ALL, *, with_pairs: bool = True) -> ReaderComparison:
    """Compare the accuracy of all readers, then of each two, with Holm's adjustment over the pairs.

    Parameters
    ----------
    origin : one origin, or `all`
    with_pairs : compare each two readers; their number grows with the square of the readers
    """
    names = [reader.name for reader in readings.readers]
    sides = combinations(names, 2) if with_pairs else ()
    counts = {(one, other): pair(readings, one, other, origin) for one, other in sides}
    adjusted = holm([table.test().p for table in counts.values()])
    pairs = tuple(
        ReaderDifference(one, other, table, p)
        for ((one, other), table), p in zip(counts.items(), adjusted, strict=True)
    )
    return ReaderComparison(origin, cochran_q(_complete(readings, origin)) if len(names) > 2 else None, pairs)


def pair(readings: Readings, first: str, second: str, origin: str = ALL) -> PairedCounts:
    """Count how two readers did on the cases that both answered."""
    one, other = readings.first[first], readings.first[second]
    shared = [
        (one[case].is_correct, other[case].is_correct)
        for case in readings.cases_of(origin)
        if case in one and case in other
    ]
    return PairedCounts(
        n_both=shared.count((True, True)),
        n_first_only=shared.count((True, False)),
        n_second_only=shared.count((False, True)),
        n_neither=shared.count((False, False)),
    )


def cochran_q(is_correct: Sequence[Sequence[bool]]) -> HypothesisTest:
    """Test that all readers have the same accuracy.

    Parameters
    ----------
    is_correct : cases x readers, complete

    Source: Cochran 1950, Biometrika 37:256-266.
    """
    n = len(is_correct)
    if not n:
        return HypothesisTest(COCHRAN, 0, None, note="no case was answered by every reader")
    if all(len(set(row)) == 1 for row in is_correct):
        return HypothesisTest(COCHRAN, n, 1.0, note=NO_DISCORDANCE)
    statistic = float(cochrans_q(np.array(is_correct, int)).statistic)
    df = len(is_correct[0]) - 1
    return HypothesisTest(COCHRAN, n, float(chi2.sf(statistic, df)), statistic, float(df))


def _complete(readings: Readings, origin: str) -> list[list[bool]]:
    by_case = zip(*readings.correct_matrix(origin), strict=True)
    return [[bool(one) for one in row] for row in by_case if None not in row]
