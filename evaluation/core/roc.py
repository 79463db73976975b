"""ROC analysis of one reader's scores: curve, area, DeLong's standard error, and differences of two areas.

A score grows with the reader's belief that the case is fake; a fake is the signal, a real the noise.
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri
from scipy.stats import rankdata

from evaluation.core.inference import Inference, from_variance, not_estimable
from evaluation.core.proportions import LEVEL, Interval
from generation.core.errors import InputError

Floats = npt.NDArray[np.float64]
CHANCE_AREA: Final = 0.5
DELONG: Final = "delong"
LOGIT: Final = "delong, logit interval"


@dataclass(frozen=True)
class Curve:
    """The empirical ROC curve from (0, 0) to (1, 1), one point per distinct score.

    Attributes
    ----------
    false_positive_rates : share of reals scored at least the threshold
    true_positive_rates : share of fakes scored at least the threshold
    thresholds : inf, then the distinct scores downwards
    """

    false_positive_rates: tuple[float, ...]
    true_positive_rates: tuple[float, ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class Placements:
    """Placement values: of each fake among the reals and of each real among the fakes.

    Attributes
    ----------
    fakes : (m,) share of reals scored below this fake, ties counting half
    reals : (n,) share of fakes scored above this real, ties counting half
    """

    fakes: Floats
    reals: Floats

    @property
    def area(self) -> float:
        """The area under the empirical curve: the Mann-Whitney statistic."""
        return float(self.fakes.mean())

    @property
    def variance(self) -> float | None:
        """DeLong's variance of the area; absent with fewer than two fakes or two reals."""
        if min(self.fakes.size, self.reals.size) < 2:
            return None
        return float(self.fakes.var(ddof=1) / self.fakes.size + self.reals.var(ddof=1) / self.reals.size)


@dataclass(frozen=True)
class Area:
    """An area under the curve with DeLong's standard error.

    Attributes
    ----------
    estimate : probability that a fake is scored above a real, ties counting half; absent without both
    se : absent where it cannot be estimated
    flag : what is unusual about the area; empty where nothing is
    """

    estimate: float | None
    se: float | None
    n_fakes: int
    n_reals: int
    flag: str = ""

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Compute the interval on the logit scale, which keeps it between 0 and 1; absent where flagged.

        Source: Pepe 2003, The Statistical Evaluation of Medical Tests, section 5.2.5 (logit transform, delta method).
        """
        if not 0 < level < 1:
            raise InputError(
                f"Confidence level {level} is not between 0 and 1; give a fraction such as 0.95."
            )
        if self.estimate is None or not self.se or self.estimate in (0.0, 1.0):
            return None
        area = self.estimate
        half = float(ndtri((1 + level) / 2)) * self.se / (area * (1 - area))
        middle = log(area / (1 - area))
        return Interval(float(expit(middle - half)), float(expit(middle + half)), level, LOGIT)

    def against_chance(self) -> Inference | None:
        """Test the area against .5 with DeLong's standard error; absent without an area."""
        if self.estimate is None:
            return None
        if not self.se:
            return not_estimable(self.estimate, CHANCE_AREA, DELONG, self.flag)
        return Inference(self.estimate, self.se, None, CHANCE_AREA, DELONG)


def placements(fakes: npt.ArrayLike, reals: npt.ArrayLike) -> Placements:
    """Compute placement values by midranks, in O((m + n) log(m + n)).

    Parameters
    ----------
    fakes : (m,) scores of fakes, m >= 1
    reals : (n,) scores of reals, n >= 1

    Raises
    ------
    InputError
        If either is empty or a score is missing.

    Source: Sun & Xu 2014, IEEE Signal Process Lett 21:1389, doi:10.1109/LSP.2014.2337313, algorithm 2.
    """
    x, y = np.asarray(fakes, dtype=np.float64), np.asarray(reals, dtype=np.float64)
    if not x.size or not y.size:
        raise InputError(f"A ROC area needs fakes and reals; there are {x.size} fakes and {y.size} reals.")
    if np.isnan(x).any() or np.isnan(y).any():
        raise InputError("A score is missing; leave cases without a score out before the ROC analysis.")
    together = rankdata(np.concatenate([x, y]))
    m, n = x.size, y.size
    return Placements(
        fakes=(together[:m] - rankdata(x)) / n,
        reals=1 - (together[m:] - rankdata(y)) / m,
    )


def curve(fakes: npt.ArrayLike, reals: npt.ArrayLike) -> Curve:
    """Trace the empirical ROC curve; the trapezoidal area below it is `area`.

    Raises
    ------
    InputError
        If there are no fakes or no reals.
    """
    x, y = np.sort(np.asarray(fakes, dtype=np.float64)), np.sort(np.asarray(reals, dtype=np.float64))
    if not x.size or not y.size:
        raise InputError(f"A ROC curve needs fakes and reals; there are {x.size} fakes and {y.size} reals.")
    thresholds = np.unique(np.concatenate([x, y]))[::-1]
    hits = 1 - np.searchsorted(x, thresholds, side="left") / x.size
    false_alarms = 1 - np.searchsorted(y, thresholds, side="left") / y.size
    return Curve((0.0, *false_alarms.tolist()), (0.0, *hits.tolist()), (float("inf"), *thresholds.tolist()))


def area(fakes: npt.ArrayLike, reals: npt.ArrayLike) -> Area:
    """Estimate the area under the empirical curve and its standard error.

    Parameters
    ----------
    fakes, reals : (m,) and (n,) scores; answers as 1 (fake) and 0 (real) give the balanced accuracy

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837-845, doi:10.2307/2531595.
    """
    m, n = np.size(fakes), np.size(reals)
    if not m or not n:
        return Area(None, None, m, n, f"{m} fakes and {n} reals; some of both are needed")
    placed = placements(fakes, reals)
    variance, estimate = placed.variance, placed.area
    se = None if variance is None else sqrt(variance)
    return Area(estimate, se, m, n, _flag(estimate, se))


def _flag(estimate: float, se: float | None) -> str:
    if se is None:
        return "fewer than two fakes or two reals, so there is no standard error"
    if estimate in (0.0, 1.0):
        apart = "above" if estimate else "below"
        return f"every fake is scored {apart} every real; the standard error is zero and says nothing"
    if se == 0:
        return "all placement values are equal; the standard error is zero and says nothing"
    return ""


def difference_between_readers(
    fakes: tuple[npt.ArrayLike, npt.ArrayLike], reals: tuple[npt.ArrayLike, npt.ArrayLike]
) -> Inference | None:
    """Compare two readers' areas on the same cases; absent without complete pairs of both kinds.

    Parameters
    ----------
    fakes : scores of the first and of the second reader for the same fakes, in the same order, NaN where unread
    reals : likewise for the reals

    Notes
    -----
    Both areas use only cases that both readers scored.

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837-845, equation 5.
    """
    x, y = _complete(fakes), _complete(reals)
    if not x.shape[1] or not y.shape[1]:
        return None
    first, second = placements(x[0], y[0]), placements(x[1], y[1])
    covariance = _covariance(first.fakes, second.fakes) + _covariance(first.reals, second.reals)
    return _difference(first, second, covariance)


def difference_between_generators(
    first: npt.ArrayLike, second: npt.ArrayLike, reals: npt.ArrayLike
) -> Inference | None:
    """Compare one reader's areas for two generators against the same reals.

    The fakes are different cases, so only the reals contribute to the covariance of the two areas.

    Parameters
    ----------
    first, second : (m1,) and (m2,) scores of the fakes of the two generators
    reals : (n,) scores of the reals, which both areas share

    Source: DeLong 1988 (above), equation 5 without the term of the fakes, which are independent.
    """
    if not np.size(first) or not np.size(second) or not np.size(reals):
        return None
    one, other = placements(first, reals), placements(second, reals)
    return _difference(one, other, _covariance(one.reals, other.reals))


def _difference(first: Placements, second: Placements, covariance: float) -> Inference:
    estimate = first.area - second.area
    if first.variance is None or second.variance is None:
        return not_estimable(estimate, 0.0, DELONG, "fewer than two fakes or two reals")
    variance = first.variance + second.variance - 2 * covariance
    # Equal placement values leave rounding errors of 1e-17 behind.
    return from_variance(estimate, 0.0 if abs(variance) < 1e-15 else variance, None, 0.0, DELONG)


def _covariance(first: Floats, second: Floats) -> float:
    """Covariance of two means over the same cases; zero where there is but one case."""
    if first.size < 2:
        return 0.0
    deviations = (first - first.mean()) * (second - second.mean())
    return float(deviations.sum() / (first.size - 1) / first.size)


def _complete(scores: tuple[npt.ArrayLike, npt.ArrayLike]) -> Floats:
    """Stack two readers' scores and keep the cases that both scored, (2, cases)."""
    both = np.stack([np.asarray(one, dtype=np.float64) for one in scores])
    kept: Floats = both[:, ~np.isnan(both).any(axis=0)]
    return kept
