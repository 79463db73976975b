"""Equivalence to chance within a margin that the protocol fixed before the data: two one-sided tests.

That a test against chance is not significant shows nothing; only these tests can show that readers guess.
"""

from dataclasses import dataclass
from typing import Final

from scipy.stats import binom, binomtest

from evaluation.core.inference import Inference
from evaluation.core.proportions import CHANCE, Interval, Proportion
from generation.core.errors import InputError

MARGIN: Final = 0.10  # ten percentage points either way
ALPHA: Final = 0.05
TOST_EXACT: Final = "tost-exact"
TOST: Final = "tost"


@dataclass(frozen=True)
class Equivalence:
    """The outcome of two one-sided tests of an estimate against `null` -+ `margin`.

    Attributes
    ----------
    p_low : one-sided p of the hypothesis that the mean is at most null - margin
    p_high : one-sided p of the hypothesis that the mean is at least null + margin
    interval : 1 - 2 alpha confidence interval; inside the margin exactly where equivalence is shown
    reason : why there is no test; empty where there is one
    """

    estimate: float | None
    margin: float
    alpha: float
    p_low: float | None
    p_high: float | None
    interval: Interval | None
    method: str
    null: float = CHANCE
    reason: str = ""

    @property
    def p(self) -> float | None:
        """The larger of the two one-sided p values."""
        if self.p_low is None or self.p_high is None:
            return None
        return max(self.p_low, self.p_high)

    @property
    def is_shown(self) -> bool:
        """Whether the data show that the mean lies inside the margin."""
        return self.p is not None and self.p <= self.alpha


def to_chance(proportion: Proportion, margin: float = MARGIN, alpha: float = ALPHA) -> Equivalence:
    """Test one reader's fraction correct for equivalence to .5, exactly.

    Parameters
    ----------
    proportion : correct answers of one reader; trials pooled over readers are not independent
    margin : largest deviation from .5 that counts as none, fixed before the data were seen
    alpha : level of each one-sided test

    Raises
    ------
    InputError
        If the margin does not lie between 0 and .5, or alpha not between 0 and .5.

    Source: Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680; p = max(P(X >= k | .5 - m), P(X <= k | .5 + m)).
    """
    check_margin(margin, alpha)
    if not proportion.n:
        return Equivalence(
            None, margin, alpha, None, None, None, TOST_EXACT, reason=proportion.absent_because
        )
    k, n = proportion.n_correct, proportion.n
    limits = binomtest(k, n).proportion_ci(1 - 2 * alpha, method="exact")
    return Equivalence(
        estimate=proportion.fraction,
        margin=margin,
        alpha=alpha,
        p_low=float(binom.sf(k - 1, n, CHANCE - margin)),
        p_high=float(binom.cdf(k, n, CHANCE + margin)),
        interval=Interval(float(limits.low), float(limits.high), 1 - 2 * alpha, "clopper-pearson"),
        method=TOST_EXACT,
    )


def of_estimate(inference: Inference, margin: float = MARGIN, alpha: float = ALPHA) -> Equivalence:
    """Test an estimate for equivalence to its null value, by the interval it comes with.

    With the reader average of a multi-reader analysis the claim generalizes as far as that analysis does.

    Raises
    ------
    InputError
        As `to_chance`.

    Source: Schuirmann 1987 (above); the 1 - 2 alpha interval lies inside the margin.
    """
    check_margin(margin, alpha)
    return Equivalence(
        estimate=inference.estimate,
        margin=margin,
        alpha=alpha,
        p_low=inference.p_above(inference.null - margin),
        p_high=inference.p_below(inference.null + margin),
        interval=inference.interval(1 - 2 * alpha),
        method=f"{TOST}, {inference.method}",
        null=inference.null,
        reason=inference.absent_because,
    )


def check_margin(margin: float, alpha: float) -> None:
    """Refuse margins and levels that make no sense.

    Raises
    ------
    InputError
        If the margin or alpha does not lie between 0 and .5.
    """
    if not 0 < margin < 0.5:
        raise InputError(
            f"Equivalence margin {margin} is not between 0 and 0.5; give a fraction such as 0.10 for ten points."
        )
    if not 0 < alpha < 0.5:
        raise InputError(f"Level {alpha} is not between 0 and 0.5; give a fraction such as 0.05.")
