"""What an analysis returns: an estimate with its interval, or the outcome of a test; each may be absent with a reason."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from scipy.stats import norm

from evaluation.core.proportions import LEVEL, Interval, Proportion

ROUNDING: Final = 1e-12  # a spread below it is that of equal numbers
ZERO_SPREAD: Final = "the standard error is zero, so there is no interval"


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty.

    Attributes
    ----------
    value : absent where it is not defined; `note` then says why
    n : the observations it rests on
    method : short name of the procedure first
    note : why the value or its interval is absent, or a caveat; empty where there is nothing to say
    """

    value: float | None
    n: int
    method: str
    se: float | None = None
    interval: Interval | None = None
    note: str = ""


@dataclass(frozen=True)
class HypothesisTest:
    """The outcome of a test; `p` is absent only where the test cannot be made, and `note` then says why."""

    method: str
    n: int
    p: float | None
    statistic: float | None = None
    df: float | None = None
    note: str = ""


def wald(
    value: float,
    se: float,
    n: int,
    method: str,
    *,
    level: float = LEVEL,
    bounds: tuple[float, float] | None = None,
    note: str = "",
) -> Estimate:
    """Build an estimate with the interval value -+ z se, cut at the bounds of the parameter.

    A standard error of zero is a sign of a degenerate table, not of certainty: there is then no interval.
    """
    if se < ROUNDING:
        return Estimate(value, n, method, se, note="; ".join(filter(None, (note, ZERO_SPREAD))))
    margin = float(norm.ppf((1 + level) / 2)) * se
    low, high = value - margin, value + margin
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Estimate(value, n, method, se, Interval(low, high, level, method), note)


def of_proportion(proportion: Proportion, *, level: float = LEVEL) -> Estimate:
    """Build an estimate from counts, with the Wilson interval."""
    return Estimate(
        proportion.fraction,
        proportion.n,
        "wilson",
        interval=proportion.interval("wilson", level),
        note=proportion.absent_because,
    )


def standard_error(variance: float) -> float:
    """Take the root of a variance that rounding may have left slightly below 0."""
    return sqrt(max(variance, 0.0))
