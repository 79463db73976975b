"""A count of correct answers out of a count of answers, with its intervals and its exact test against chance."""

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

import numpy as np
from scipy.stats import binomtest, fisher_exact, norm

from generation.core.errors import InputError

CHANCE: Final = 0.5  # two answers, real or fake
LEVEL: Final = 0.95
MIN_EXPECTED: Final = 5  # Cochran 1954, Biometrics 10:417: below it an exact test

IntervalMethod = Literal["wilson", "clopper-pearson"]
_SCIPY_NAMES: Final[dict[str, Literal["wilson", "exact"]]] = {"wilson": "wilson", "clopper-pearson": "exact"}


@dataclass(frozen=True)
class Interval:
    """Two limits in the unit of the estimate, the confidence level and the procedure that gave them."""

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True)
class Proportion:
    """`n_correct` of `n` trials.

    Parameters
    ----------
    n_correct : int, 0 <= n_correct <= n
    n : int, the trials that were answered

    Raises
    ------
    InputError
        If the counts contradict each other.
    """

    n_correct: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.n_correct <= self.n:
            raise InputError(
                f"{self.n_correct} correct of {self.n} trials is impossible; give 0 <= correct <= trials."
            )

    @property
    def fraction(self) -> float | None:
        """The estimate, absent without trials."""
        return self.n_correct / self.n if self.n else None

    @property
    def absent_because(self) -> str:
        """Why there is no estimate; empty where there is one."""
        return "" if self.n else "no answered trials"

    def interval(self, method: IntervalMethod = "wilson", level: float = LEVEL) -> Interval | None:
        """Compute a confidence interval of the fraction; absent without trials.

        Parameters
        ----------
        method : "wilson" (score interval, default) or "clopper-pearson" (exact, conservative)
        level : confidence level, between 0 and 1

        Source: Wilson 1927, doi:10.1080/01621459.1927.10502953; Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404.
        """
        _check_level(level)
        if method not in _SCIPY_NAMES:
            raise InputError(
                f'Interval method "{method}" is unknown; write one of {", ".join(_SCIPY_NAMES)}.'
            )
        if not self.n:
            return None
        limits = binomtest(self.n_correct, self.n).proportion_ci(level, method=_SCIPY_NAMES[method])
        low = 0.0 if self.n_correct == 0 else float(limits.low)
        high = 1.0 if self.n_correct == self.n else float(limits.high)
        return Interval(low, high, level, method)

    def p_chance(self, chance: float = CHANCE) -> float | None:
        """Test the fraction against chance: two-sided exact binomial p, absent without trials.

        Two-sided means that every outcome no likelier than the observed one counts, so p is exactly 1 at n / 2.
        """
        if not self.n:
            return None
        if self.n_correct == chance * self.n:
            return 1.0
        return float(binomtest(self.n_correct, self.n, chance).pvalue)


@dataclass(frozen=True)
class Difference:
    """The difference of two unpaired proportions, first minus second."""

    first: Proportion
    second: Proportion

    @property
    def estimate(self) -> float | None:
        """First fraction minus second, absent if either is."""
        if self.first.fraction is None or self.second.fraction is None:
            return None
        return self.first.fraction - self.second.fraction

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Compute Newcombe's hybrid-score interval of the difference (his method 10).

        Source: Newcombe 1998, Stat Med 17:873-890, section 2, method 10.
        """
        first, second = self.first.interval("wilson", level), self.second.interval("wilson", level)
        p, q = self.first.fraction, self.second.fraction
        if first is None or second is None or p is None or q is None:
            return None
        low = p - q - sqrt((p - first.low) ** 2 + (second.high - q) ** 2)
        high = p - q + sqrt((first.high - p) ** 2 + (q - second.low) ** 2)
        return Interval(max(low, -1.0), min(high, 1.0), level, "newcombe")

    def test(self) -> "EqualityTest | None":
        """Test the two proportions for equality, two-sided; absent if either has no trials.

        The pooled z test where all four expected cells reach 5, Fisher's exact test elsewhere.
        """
        n, m = self.first.n, self.second.n
        if not n or not m:
            return None
        k = self.first.n_correct + self.second.n_correct
        pooled = k / (n + m)
        if min(n, m) * min(pooled, 1 - pooled) < MIN_EXPECTED:
            table = np.array(
                [[side.n_correct, side.n - side.n_correct] for side in (self.first, self.second)]
            )
            return EqualityTest("fisher", None, min(1.0, float(fisher_exact(table).pvalue)))
        z = (self.first.n_correct / n - self.second.n_correct / m) / sqrt(
            pooled * (1 - pooled) * (1 / n + 1 / m)
        )
        return EqualityTest("pooled-z", z, float(2 * norm.sf(abs(z))))


@dataclass(frozen=True)
class EqualityTest:
    """A test that two proportions are equal: its name, its statistic (absent for an exact test) and its p."""

    name: str
    statistic: float | None
    p: float


@dataclass(frozen=True)
class BalancedAccuracy:
    """The mean of the fraction of fakes called fake and the fraction of reals called real."""

    fakes: Proportion
    reals: Proportion

    @property
    def estimate(self) -> float | None:
        """(TPR + TNR) / 2, absent if either side has no trials."""
        if self.fakes.fraction is None or self.reals.fraction is None:
            return None
        return (self.fakes.fraction + self.reals.fraction) / 2

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Combine the two Wilson intervals by the method of variance estimates recovery (MOVER).

        Source: Zou & Donner 2008, Stat Med 27:1693-1702, equation 3, for half the sum of two independent proportions.
        """
        fakes, reals = self.fakes.interval("wilson", level), self.reals.interval("wilson", level)
        p, q = self.fakes.fraction, self.reals.fraction
        if fakes is None or reals is None or p is None or q is None:
            return None
        middle = (p + q) / 2
        low = middle - sqrt((p - fakes.low) ** 2 + (q - reals.low) ** 2) / 2
        high = middle + sqrt((fakes.high - p) ** 2 + (reals.high - q) ** 2) / 2
        return Interval(max(low, 0.0), min(high, 1.0), level, "mover-wilson")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"Confidence level {level} is not between 0 and 1; give a fraction such as 0.95.")
