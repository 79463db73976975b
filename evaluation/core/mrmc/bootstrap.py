"""Bootstrap of readers and cases together, stratified by origin: a check on the analytic variances.

Its variance tends to the V-statistic, which is biased upwards, so it is not the primary analysis.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.core.many_raters import blocks
from evaluation.core.mrmc.merit import AUC
from evaluation.core.mrmc.ratings import Bools, Floats, Ratings
from evaluation.core.proportions import LEVEL, Interval
from generation.core.errors import InputError

N_RESAMPLES = 2000
METHOD = "bootstrap-readers-cases"


@dataclass(frozen=True)
class Bootstrap:
    """Reader averages of every arm in every resample.

    Attributes
    ----------
    estimates : (I,) from the data as they are
    resampled : (B, I); resamples in which no reader had a value are left out
    n_left_out : how many these are
    """

    estimates: Floats
    resampled: Floats
    n_left_out: int

    def arm(self, index: int, level: float = LEVEL) -> Interval:
        """Percentile interval of one arm."""
        return _percentiles(self.resampled[:, index], level)

    def difference(self, first: int, second: int, level: float = LEVEL) -> Interval:
        """Percentile interval of first minus second."""
        return _percentiles(self.resampled[:, first] - self.resampled[:, second], level)

    def se(self, index: int) -> float:
        """Standard deviation of one arm over the resamples."""
        return float(self.resampled[:, index].std(ddof=1))


def resample(
    ratings: Ratings, kind: str, rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> Bootstrap:
    """Draw readers, and cases within each origin, with replacement; average the readers' values.

    Parameters
    ----------
    ratings : at least one reader; a reader counts as often as drawn
    kind : `auc`, or `proportion` for mean scores
    rng : source of randomness; store its seed with the result
    n_resamples : B

    Raises
    ------
    InputError
        If no resample has a value.

    Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, sections 8 and 13.3 (percentile interval);
    Gallas 2009, Commun Stat Theory Methods 38:2586-2603 (its bias).
    """
    j, strata = ratings.n_readers, ratings.strata
    readers = rng.multinomial(j, np.full(j, 1 / j), size=n_resamples).astype(np.float64)
    cases = np.empty((n_resamples, strata.size), dtype=np.int32)
    for stratum in np.unique(strata):
        own = np.flatnonzero(strata == stratum)
        cases[:, own] = rng.multinomial(own.size, np.full(own.size, 1 / own.size), size=n_resamples)
    n_done, parts = 0, []
    for block in blocks(cases):
        drawn = readers[n_done : n_done + len(block)]
        parts.append(_averages(ratings, kind, drawn, block.astype(np.float64)))
        n_done += len(block)
    values = np.concatenate(parts)
    estimates = _averages(ratings, kind, np.ones((1, j)), np.ones((1, strata.size)))[0]
    usable = np.isfinite(values).all(axis=1)
    if not usable.any():
        raise InputError(
            "No bootstrap resample has a reader with cases of both kinds; collect more readings first."
        )
    return Bootstrap(estimates, values[usable], int((~usable).sum()))


def _averages(ratings: Ratings, kind: str, readers: Floats, cases: Floats) -> Floats:
    """Reader averages (B, I) under weights of readers (B, J) and cases (B, C); NaN where no reader has a value."""
    averages = np.empty((cases.shape[0], ratings.n_arms))
    for i in range(ratings.n_arms):
        total, weight = np.zeros(cases.shape[0]), np.zeros(cases.shape[0])
        for j in range(ratings.n_readers):
            numerator, denominator = _weighted(ratings.scores[i, j], ratings.is_fake, kind, cases)
            has_value = denominator > 0
            total += readers[:, j] * np.where(has_value, numerator / np.where(has_value, denominator, 1), 0)
            weight += readers[:, j] * has_value
        averages[:, i] = np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
    return averages


def _weighted(scores: Floats, is_fake: Bools, kind: str, cases: Floats) -> tuple[Floats, Floats]:
    """Numerator and denominator (B,) of one reader's value under weights of cases (B, C)."""
    read = ~np.isnan(scores)
    if kind != AUC:
        return cases[:, read] @ scores[read], cases[:, read].sum(axis=1)
    levels, place = np.unique(scores[read], return_inverse=True)
    is_at = np.zeros((place.size, levels.size))
    is_at[np.arange(place.size), place] = 1.0
    fakes = is_fake[read]
    # (B, levels): sums of whole weights, so that these and all that follows from them are exact
    of_fakes = cases[:, np.flatnonzero(read)[fakes]] @ is_at[fakes]
    of_reals = cases[:, np.flatnonzero(read)[~fakes]] @ is_at[~fakes]
    below = np.cumsum(of_reals, axis=1) - of_reals
    numerator = (of_fakes * (below + of_reals / 2)).sum(axis=1)
    return numerator, of_fakes.sum(axis=1) * of_reals.sum(axis=1)


def _percentiles(values: Floats, level: float) -> Interval:
    if not 0 < level < 1:
        raise InputError(f"Confidence level {level} is not between 0 and 1; give a fraction such as 0.95.")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, METHOD)
