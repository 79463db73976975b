"""Kernel Inception distance: the squared maximum mean discrepancy under a cubic polynomial kernel, without bias.

Its expectation does not depend on the number of patches, so unlike a Frechet distance it may be compared between sets of
different sizes; it is 0 on average, and negative half of the time, where the sets do not differ.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from generation.core.errors import InputError

MIN_ROWS: Final = 4  # a delete-one jackknife of a statistic of pairs
MAX_ROWS: Final = 2000  # of each side: three kernel matrices of 32 MB
LEVEL: Final = 0.95

Features = NDArray[np.floating]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class KernelDistance:
    """Estimate with a jackknife interval.

    Parameters
    ----------
    estimate : unbiased squared maximum mean discrepancy
    se : jackknife standard error, reals left out by groups (patients) where groups are known
    df : of the t interval: one less than the smaller number of groups
    n_real, n_fake : rows used
    n_groups : groups of reals left out in turn
    """

    estimate: float
    se: float
    df: int
    n_real: int
    n_fake: int
    n_groups: int

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Give the t interval around the estimate."""
        half = float(stats.t.ppf(0.5 + level / 2, self.df)) * self.se
        return self.estimate - half, self.estimate + half


def between_sets(
    reals: Features, fakes: Features, real_groups: Sequence[str] | None = None
) -> KernelDistance:
    """Estimate the kernel distance of two sets of features.

    Parameters
    ----------
    reals : (n, d) floats
    fakes : (m, d) floats
    real_groups : n names (patients); rows of one name are left out together

    Raises
    ------
    InputError
        If a set has fewer than four rows, one group holds all reals or all but one, or the numbers of features differ.

    Source: Binkowski 2018, arXiv:1801.01401, section 4 (kernel); Gretton 2012, JMLR 13:723, equation 3 (estimator);
    Efron & Stein 1981, 10.1214/aos/1176345462 (the jackknife variance is not too small on average).
    """
    if min(len(reals), len(fakes)) < MIN_ROWS or reals.shape[1] != fakes.shape[1]:
        raise InputError(
            f"A kernel distance of features of shapes {reals.shape} and {fakes.shape} is not defined; "
            f"give at least {MIN_ROWS} rows of each, from the same extractor."
        )
    x, y = np.asarray(reals, dtype=np.float64), np.asarray(fakes, dtype=np.float64)
    groups = np.unique(np.asarray(real_groups), return_inverse=True)[1] if real_groups else np.arange(len(x))
    n_groups = int(groups.max()) + 1
    if not is_defined(len(x), len(y), real_groups):
        raise InputError(
            "All reals, or all but one, belong to one patient, so an interval is not defined; add patients."
        )
    xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
    np.fill_diagonal(xx, 0.0)
    np.fill_diagonal(yy, 0.0)
    estimate = _unbiased(xx.sum(), len(x), yy.sum(), len(y), xy.sum())
    without_reals = _leave_groups_out(xx, xy.sum(axis=1), groups, n_groups)
    leave_x = [
        _unbiased(within, n, yy.sum(), len(y), across)
        for within, n, across in zip(*without_reals, strict=True)
    ]
    without_fakes = _leave_groups_out(yy, xy.sum(axis=0), np.arange(len(y)), len(y))
    leave_y = [
        _unbiased(xx.sum(), len(x), within, n, across)
        for within, n, across in zip(*without_fakes, strict=True)
    ]
    variance = _jackknife_variance(leave_x) + _jackknife_variance(leave_y)
    df = min(n_groups, len(y)) - 1
    return KernelDistance(estimate, float(np.sqrt(variance)), df, len(x), len(y), n_groups)


def is_defined(n_real: int, n_fake: int, real_groups: Sequence[str] | None = None) -> bool:
    """Say whether the distance and its jackknife are: a pair of reals has to be left without any one group.

    Parameters
    ----------
    n_real, n_fake : rows
    real_groups : names of the reals' groups; None where every real is one of its own
    """
    largest = max(Counter(real_groups).values()) if real_groups else 1
    return min(n_real, n_fake) >= MIN_ROWS and n_real - largest >= 2


def kernel(x: Matrix, y: Matrix) -> Matrix:
    """Compute (x . y / d + 1)^3 for every pair of rows.

    Source: Binkowski 2018, arXiv:1801.01401, section 4.
    """
    product: Matrix = (x @ y.T / x.shape[1] + 1.0) ** 3
    return product


def _unbiased(within_x: float, n: float, within_y: float, m: float, across: float) -> float:
    """Combine sums over pairs (i, j) with i != j, and over all pairs across."""
    return float(within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2.0 * across / (n * m))


def _leave_groups_out(
    within: Matrix, across: Matrix, groups: NDArray[np.intp], n_groups: int
) -> tuple[Matrix, Matrix, Matrix]:
    """Sums of pairs within, numbers of rows and sums across, each without one group."""
    member = np.zeros((len(within), n_groups))
    member[np.arange(len(within)), groups] = 1.0
    by_group = within @ member  # (n, g)
    of_rows = member.T @ by_group.sum(axis=1)
    inside = np.einsum("ig,ig->g", member, by_group)
    n_left = len(within) - member.sum(axis=0)
    enough = n_left >= 2
    sums = within.sum() - 2.0 * of_rows + inside
    return sums[enough], n_left[enough], (across.sum() - member.T @ across)[enough]


def _jackknife_variance(values: list[float]) -> float:
    n = len(values)
    return float((n - 1) * np.var(values)) if n > 1 else 0.0
