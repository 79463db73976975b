"""Gallas' one-shot estimate: the variance of a reader-averaged ROC area from eight second moments.

The moments are products of two successes (a fake scored above a real by a reader) that share the reader, the real,
the fake, several of these or none. Readers and cases are random; the design may have gaps.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from evaluation.core.inference import Inference, from_variance, not_estimable
from evaluation.core.mrmc.ratings import Floats, Ratings
from generation.core.errors import InputError

GALLAS: Final = "gallas-one-shot"
V_STATISTIC: Final = "gallas-v-statistic"
TOO_FEW: Final = "two readers, two fakes and two reals are needed; no two comparisons are independent"
_FACTORS: Final = "rnf"  # reader, noise (real), fake

Sharing = frozenset[str]
_SHARINGS: Final[tuple[Sharing, ...]] = tuple(
    frozenset(chosen) for size in range(4) for chosen in combinations(_FACTORS, size)
)
_NOTHING: Final[Sharing] = frozenset()


@dataclass(frozen=True)
class Moments:
    """Second moments of the successes of two arms (or of one with itself), by what the two successes share.

    Attributes
    ----------
    unbiased : mean product over pairs that share exactly this; absent where there are no such pairs
    biased : mean product over pairs that share at least this; absent where there are no such pairs
    coefficients : share of the pairs that share exactly this; they sum to 1
    """

    unbiased: dict[Sharing, float | None]
    biased: dict[Sharing, float | None]
    coefficients: dict[Sharing, float]

    @property
    def covariance(self) -> float | None:
        """Unbiased covariance of the two areas (their variance for one arm); absent where no pair is independent."""
        return self._covariance(self.unbiased)

    @property
    def v_covariance(self) -> float | None:
        """Covariance in the empirical distribution: what an ideal bootstrap converges to; biased upwards."""
        return self._covariance(self.biased)

    def main_effect(self, factor: str) -> float:
        """Variance between the levels of one factor in the empirical distribution; 0 where none is shared."""
        own, rest = self.biased[frozenset(factor)], self.biased[_NOTHING]
        return 0.0 if own is None or rest is None else own - rest

    def df(self, factor: str) -> float:
        """Effective number of levels of a factor less one."""
        share = sum(value for sharing, value in self.coefficients.items() if factor in sharing)
        return 1 / share - 1 if share > 0 else 0.0

    def _covariance(self, moments: dict[Sharing, float | None]) -> float | None:
        independent = moments[_NOTHING]
        if independent is None:
            return None
        terms = ((self.coefficients[sharing], moments[sharing]) for sharing in _SHARINGS)
        return sum(share * moment for share, moment in terms if moment is not None) - independent


@dataclass(frozen=True)
class OneShot:
    """A reader-averaged area, or a difference of two, with its one-shot variance.

    Attributes
    ----------
    estimate : successes per comparison, over all readers
    variance : unbiased, may be negative; absent where not estimable
    v_variance : V-statistic, never negative
    df : degrees of freedom of Obuchowski, Gallas and Hillis
    """

    estimate: float
    variance: float | None
    v_variance: float | None
    df: float | None
    v_df: float | None

    @property
    def is_fallback(self) -> bool:
        """Whether the unbiased variance is not positive and the V-statistic stands in."""
        return self.variance is not None and self.variance <= 0

    def inference(self, null: float) -> Inference:
        """Test the estimate against `null`; by the V-statistic where the unbiased variance is not positive."""
        if self.variance is None or self.v_variance is None:
            return not_estimable(self.estimate, null, GALLAS, TOO_FEW)
        if self.is_fallback:
            return from_variance(self.estimate, self.v_variance, self.v_df, null, V_STATISTIC)
        return from_variance(self.estimate, self.variance, self.df, null, GALLAS)


def single(ratings: Ratings, arm: int = 0) -> OneShot:
    """Estimate the reader-averaged area of one arm.

    Raises
    ------
    InputError
        If no reader read a fake and a real in the arm.

    Source: Gallas 2006, Acad Radiol 13:353-362, doi:10.1016/j.acra.2005.11.030; Gallas, Bandos, Samuelson & Wagner
    2009, Commun Stat Theory Methods 38:2586-2603 (arbitrary designs, V-statistic); df of Obuchowski, Gallas & Hillis
    2012, Acad Radiol 19:1508-1517, not below the smallest of its parts (Gaylor & Hopper 1969, Technometrics 11:691).
    """
    estimate = _mean(ratings, arm)
    return _result(estimate, [(1.0, moments(_successes(ratings, arm), _successes(ratings, arm)))])


def difference(ratings: Ratings, first: int, second: int) -> OneShot:
    """Estimate the difference of two arms' reader-averaged areas; the arms may share all, some or no cases.

    Raises
    ------
    InputError
        If no reader read a fake and a real in either arm.

    Source: as `single`.
    """
    estimate = _mean(ratings, first) - _mean(ratings, second)
    parts = [
        (weight, moments(_successes(ratings, one), _successes(ratings, other)))
        for weight, one, other in ((1.0, first, first), (1.0, second, second), (-2.0, first, second))
    ]
    return _result(estimate, parts)


def moments(first: Iterable[Floats], second: Iterable[Floats]) -> Moments:
    """Sum products of successes by what they share and turn sums over "at least" into sums over "exactly".

    Parameters
    ----------
    first, second : per reader, in the same order, (reals, fakes) successes 0, 1/2 or 1, NaN where either case was not
        read; taken one reader at a time
    """
    products, pairs = _SharedSums(), _SharedSums()
    for a, b in zip(first, second, strict=True):
        products.add(np.nan_to_num(a), np.nan_to_num(b))
        pairs.add((~np.isnan(a)).astype(np.float64), (~np.isnan(b)).astype(np.float64))
    sums, counts = products.by_sharing(), pairs.by_sharing()
    exact_sums, exact_counts = _exactly(sums), _exactly(counts)
    return Moments(
        unbiased={s: exact_sums[s] / exact_counts[s] if exact_counts[s] else None for s in _SHARINGS},
        biased={s: sums[s] / counts[s] if counts[s] else None for s in _SHARINGS},
        coefficients={s: exact_counts[s] / counts[_NOTHING] for s in _SHARINGS},
    )


class _SharedSums:
    """Sums of the products of all pairs of entries whose indices agree at least in named factors."""

    def __init__(self) -> None:
        self._same_reader = dict.fromkeys(("", "n", "f", "nf"), 0.0)
        self._over_readers: tuple[Floats, Floats] | None = None

    def add(self, a: Floats, b: Floats) -> None:
        """Add one reader's table of the first and of the second arm."""
        for named, value in _table_sums(a, b).items():
            self._same_reader[named] += value
        if self._over_readers is None:
            self._over_readers = a.copy(), b.copy()
        else:
            for total, table in zip(self._over_readers, (a, b), strict=True):
                total += table

    def by_sharing(self) -> dict[Sharing, float]:
        """Name every sum by what its pairs share at least."""
        sums = {frozenset(named + "r"): value for named, value in self._same_reader.items()}
        if self._over_readers is not None:
            sums |= {frozenset(named): value for named, value in _table_sums(*self._over_readers).items()}
        return sums


def _table_sums(a: Floats, b: Floats) -> dict[str, float]:
    of_a, of_b = (a.sum(axis=1), a.sum(axis=0)), (b.sum(axis=1), b.sum(axis=0))
    return {
        "": float(of_a[0].sum() * of_b[0].sum()),
        "n": float((of_a[0] * of_b[0]).sum()),
        "f": float((of_a[1] * of_b[1]).sum()),
        "nf": float(np.einsum("ij,ij->", a, b)),  # not BLAS, whose threads cost more than they give here
    }


def _exactly(at_least: dict[Sharing, float]) -> dict[Sharing, float]:
    """Invert sums over "shares at least" to sums over "shares exactly" (Moebius inversion)."""
    return {s: sum((-1) ** (len(t) - len(s)) * at_least[t] for t in _SHARINGS if t >= s) for s in _SHARINGS}


def _successes(ratings: Ratings, arm: int) -> Iterator[Floats]:
    """Compare every real with every fake, per reader: 1 where the fake is scored higher, 1/2 for a tie."""
    for scores in ratings.scores[arm]:
        apart = np.sign(scores[ratings.is_fake][None, :] - scores[~ratings.is_fake][:, None])
        yield (apart + 1) / 2


def _mean(ratings: Ratings, arm: int) -> float:
    total, count = 0.0, 0
    for successes in _successes(ratings, arm):
        total += float(np.nansum(successes))
        count += int(np.isfinite(successes).sum())
    if not count:
        raise InputError(
            f'No reader read both a fake and a real in arm "{ratings.arms[arm]}"; an area needs some of both.'
        )
    return total / count


def _result(estimate: float, parts: list[tuple[float, Moments]]) -> OneShot:
    variance, v_variance = 0.0, 0.0
    for weight, part in parts:
        unbiased, biased = part.covariance, part.v_covariance
        if unbiased is None or biased is None:
            return OneShot(estimate, None, None, None, None)
        variance += weight * unbiased
        v_variance += weight * biased
    arms = [part for weight, part in parts if weight > 0]
    spread, least = 0.0, np.inf
    for factor in _FACTORS:
        df = min(part.df(factor) for part in arms)
        least = min(least, df)
        spread += sum(weight * part.main_effect(factor) for weight, part in parts) ** 2 / df**3
    v_variance = max(v_variance, 0.0)
    return OneShot(
        estimate, variance, v_variance, _df(variance, spread, least), _df(v_variance, spread, least)
    )


def _df(variance: float, spread: float, least: float) -> float | None:
    if variance <= 0 or spread <= 0:
        return None
    return max(variance**2 / spread, float(least))
