"""An estimate with its standard error: interval, test and the reason where there is none."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from evaluation.core.proportions import LEVEL, Interval
from generation.core.errors import InputError

NO_SPREAD: Final = "its standard error is zero, so there is neither an interval nor a test"


@dataclass(frozen=True)
class Inference:
    """An estimate that is normal or, with finite degrees of freedom, Student's t around its mean.

    Parameters
    ----------
    estimate : float
    se : standard error; absent where it cannot be estimated
    df : degrees of freedom of the standard error; absent means the normal distribution
    null : value under the hypothesis that `p` tests
    method : short name of the procedure
    reason : why there is no interval and no test; empty where there are
    """

    estimate: float
    se: float | None
    df: float | None
    null: float
    method: str
    reason: str = ""

    @property
    def is_estimable(self) -> bool:
        """Whether there is a standard error to divide by."""
        return self.se is not None and self.se > 0

    @property
    def absent_because(self) -> str:
        """Why there is no interval and no test; empty where there are."""
        return "" if self.is_estimable else self.reason or NO_SPREAD

    @property
    def statistic(self) -> float | None:
        """(estimate - null) / se."""
        return self._distance(self.null)

    @property
    def p(self) -> float | None:
        """Two-sided p of the hypothesis that the mean is `null`."""
        statistic = self.statistic
        return None if statistic is None else min(1.0, 2 * self._below(-abs(statistic)))

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Compute the confidence interval estimate -+ quantile x se; absent without a standard error."""
        if not 0 < level < 1:
            raise InputError(
                f"Confidence level {level} is not between 0 and 1; give a fraction such as 0.95."
            )
        if self.se is None or not self.is_estimable:
            return None
        q = (1 + level) / 2
        half = self.se * float(ndtri(q) if self.df is None else stdtrit(self.df, q))
        return Interval(self.estimate - half, self.estimate + half, level, self.method)

    def p_above(self, limit: float) -> float | None:
        """One-sided p of the hypothesis that the mean is at most `limit`."""
        distance = self._distance(limit)
        return None if distance is None else self._below(-distance)

    def p_below(self, limit: float) -> float | None:
        """One-sided p of the hypothesis that the mean is at least `limit`."""
        distance = self._distance(limit)
        return None if distance is None else self._below(distance)

    def _distance(self, limit: float) -> float | None:
        if self.se is None or not self.is_estimable:
            return None
        return (self.estimate - limit) / self.se

    def _below(self, statistic: float) -> float:
        return float(ndtr(statistic) if self.df is None else stdtr(self.df, statistic))


def not_estimable(estimate: float, null: float, method: str, reason: str) -> Inference:
    """Keep an estimate whose spread cannot be estimated, with the reason."""
    return Inference(estimate, None, None, null, method, reason)


def from_variance(estimate: float, variance: float, df: float | None, null: float, method: str) -> Inference:
    """Wrap an estimate and its variance; a negative variance is no variance."""
    if variance < 0:
        return not_estimable(estimate, null, method, f"the estimated variance is negative ({variance:.3g})")
    return Inference(estimate, sqrt(variance), df, null, method)
