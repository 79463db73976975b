"""Agreement of any number of raters from counts of ratings: Fleiss' kappa, Krippendorff's alpha, Gwet's AC1.

Every function takes `counts`, (N, q): how many raters put case i into category j. All are sums over cases, so a
bootstrap over cases is one product with a matrix of weights.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from math import sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from evaluation.core.estimates import ROUNDING, ZERO_SPREAD, Estimate, HypothesisTest, standard_error
from evaluation.core.proportions import LEVEL, Interval
from generation.core.counting import counted

Counts = NDArray[np.float64]
Scale = Literal["nominal", "ordinal"]

N_REPLICATES: Final = 2000
MAX_CELLS: Final = (
    4_000_000  # replicates x cases that are worked on at once; 32 MB for each intermediate table
)
MAX_UNDEFINED: Final = 0.05  # share of bootstrap replicates without a value above which there is no interval
NO_PAIRS: Final = "no case has two ratings"
CONSTANT: Final = "all ratings are the same, so chance agreement is 1"
BOOTSTRAP: Final = "bootstrap over cases, percentile"
ONE_CASE: Final = "one case gives no standard error"


def rating_counts(ratings: Iterable[Sequence[Hashable]], categories: Sequence[Hashable]) -> Counts:
    """Count the ratings of each case by category.

    Parameters
    ----------
    ratings : one sequence per case, with None where a rater is missing
    categories : q of them, in their order where they have one

    Returns
    -------
    (N, q) float
    """
    place = {category: j for j, category in enumerate(categories)}
    rows = []
    for given in ratings:
        row = [0.0] * len(categories)
        for rating in given:
            if rating is not None:
                row[place[rating]] += 1
        rows.append(row)
    return np.array(rows).reshape(-1, len(categories))


def fleiss_kappa(
    counts: Counts,
    rng: np.random.Generator,
    *,
    strata: Sequence[Hashable] | None = None,
    n_replicates: int = N_REPLICATES,
    level: float = LEVEL,
) -> Estimate:
    """Compute Fleiss' kappa on the cases that all raters rated, with a bootstrap interval.

    Parameters
    ----------
    counts : (N, q); cases with fewer ratings than the most rated ones are left out
    strata : stratum of each case; resampling keeps their sizes

    Source: Fleiss 1971, Psychol Bull 76:378-382, doi:10.1037/h0031619.
    """
    complete, n_left_out, kept = _complete(counts, strata)
    note = f"{counted(n_left_out, 'incomplete case')} left out" if n_left_out else ""
    if not len(complete):
        return Estimate(None, 0, "fleiss", note=NO_PAIRS)
    value = _fleiss(complete, np.ones((1, len(complete))))[0]
    if np.isnan(value):
        return Estimate(None, len(complete), "fleiss", note=CONSTANT)
    replicates = _replicated(lambda weights: _fleiss(complete, weights), kept, rng, n_replicates)
    return _with_bootstrap(float(value), replicates, len(complete), "fleiss", level, note)


def fleiss_test(counts: Counts) -> HypothesisTest:
    """Test that agreement is no better than chance (kappa = 0) on the cases that all raters rated.

    Source: Fleiss, Nee & Landis 1979, Psychol Bull 86:974-977, equation 12.
    """
    complete, _, _ = _complete(counts, None)
    n = len(complete)
    if not n:
        return HypothesisTest("fleiss-nee-landis", 0, None, note=NO_PAIRS)
    n_raters = complete[0].sum()
    p = complete.sum(0) / (n * n_raters)
    spread = float((p * (1 - p)).sum())
    if not spread:
        return HypothesisTest("fleiss-nee-landis", n, None, note=CONSTANT)
    variance = 2 * (spread**2 - (p * (1 - p) * (1 - 2 * p)).sum())
    variance /= spread**2 * n * n_raters * (n_raters - 1)
    z = float(_fleiss(complete, np.ones((1, n)))[0]) / sqrt(variance)
    return HypothesisTest("fleiss-nee-landis", n, float(2 * norm.sf(abs(z))), z)


def krippendorff_alpha(
    counts: Counts,
    rng: np.random.Generator,
    *,
    scale: Scale = "nominal",
    strata: Sequence[Hashable] | None = None,
    n_replicates: int = N_REPLICATES,
    level: float = LEVEL,
) -> Estimate:
    """Compute Krippendorff's alpha, which bears missing ratings, with a bootstrap interval.

    Parameters
    ----------
    counts : (N, q), categories in their order where `scale` is ordinal; cases with one rating are left out
    strata : stratum of each case; resampling keeps their sizes

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, University of Pennsylvania.
    """
    method = f"krippendorff, {scale}"
    pairable = counts.sum(1) >= 2
    kept = None if strata is None else [one for one, is_kept in zip(strata, pairable, strict=True) if is_kept]
    units = counts[pairable]
    if not len(units):
        return Estimate(None, 0, method, note=NO_PAIRS)
    value = _alpha(units, np.ones((1, len(units))), scale)[0]
    if np.isnan(value):
        return Estimate(None, len(units), method, note=CONSTANT)
    strata = kept if kept is not None else [0] * len(units)
    replicates = _replicated(lambda weights: _alpha(units, weights, scale), strata, rng, n_replicates)
    return _with_bootstrap(float(value), replicates, len(units), method, level)


def gwet_ac1(counts: Counts, *, level: float = LEVEL) -> Estimate:
    """Compute Gwet's AC1 with its linearised standard error; it bears missing ratings and lopsided answers.

    Source: Gwet 2008, Br J Math Stat Psychol 61:29-48, doi:10.1348/000711006X126600; Gwet 2014, Handbook of
    Inter-Rater Reliability, 4th ed., chapter 5 (missing ratings).
    """
    rated = counts[counts.sum(1) > 0]
    n, q = rated.shape
    r = rated.sum(1)
    is_pair = r >= 2
    if not is_pair.any():
        return Estimate(None, 0, "gwet", note=NO_PAIRS)
    agreement = np.where(is_pair, (rated * (rated - 1)).sum(1) / np.maximum(r * (r - 1), 1), 0.0)
    observed = agreement[is_pair].mean()
    share = (rated / r[:, None]).mean(0)
    expected = (share * (1 - share)).sum() / (q - 1)
    value = float((observed - expected) / (1 - expected))
    if n < 2:
        return Estimate(value, n, "gwet", note=ONE_CASE)
    per_case = n / is_pair.sum() * (agreement - expected * is_pair) / (1 - expected)
    chance = (rated @ (1 - share)) / r / (q - 1)
    pseudo = per_case - 2 * (1 - value) * (chance - expected) / (1 - expected)
    se = standard_error(float(((pseudo - value) ** 2).sum() / (n * (n - 1))))
    if se < ROUNDING:
        return Estimate(value, n, "gwet", 0.0, note=ZERO_SPREAD)
    margin = float(student.ppf((1 + level) / 2, n - 1)) * se
    limits = Interval(max(value - margin, -1.0), min(value + margin, 1.0), level, "gwet, t")
    return Estimate(value, n, "gwet", se, limits)


def _complete(counts: Counts, strata: Sequence[Hashable] | None) -> tuple[Counts, int, list[Hashable]]:
    totals = counts.sum(1)
    n_raters = totals.max(initial=0.0)
    kept = (totals == n_raters) & (totals >= 2)
    labels = strata if strata is not None else [0] * len(counts)
    return (
        counts[kept],
        int((~kept & (totals > 0)).sum()),
        [one for one, is_kept in zip(labels, kept, strict=True) if is_kept],
    )


def _fleiss(counts: Counts, weights: Counts) -> Counts:
    """Compute kappa for each row of weights over the cases; NaN where all ratings are the same."""
    n_raters = counts[0].sum()
    agreement = ((counts**2).sum(1) - n_raters) / (n_raters * (n_raters - 1))
    n = weights.sum(1)
    observed = weights @ agreement / n
    expected = (((weights @ counts) / (n * n_raters)[:, None]) ** 2).sum(1)
    return _quotient(observed - expected, 1 - expected)


def _alpha(counts: Counts, weights: Counts, scale: Scale) -> Counts:
    """Compute alpha for each row of weights over the units; NaN where all ratings are the same.

    Sums of (x - y)^2 over pairs of ratings are written as 2 (m sum x^2 - (sum x)^2), so nothing is as large as the
    matrix of coincidences.
    """
    m = counts.sum(1)
    n_v = weights @ counts
    n = n_v.sum(1)
    if scale == "nominal":
        observed = weights @ ((m**2 - (counts**2).sum(1)) / (m - 1))
        expected = n**2 - (n_v**2).sum(1)
    else:
        # the ordinal distance of two values is the squared difference of their mid-ranks
        ranks = np.cumsum(n_v, 1) - n_v / 2 - n[:, None] / 2
        within = m * (ranks**2 @ counts.T) - (ranks @ counts.T) ** 2
        observed = 2 * (weights * within / (m - 1)).sum(1)
        expected = 2 * (n * (n_v * ranks**2).sum(1) - (n_v * ranks).sum(1) ** 2)
    return 1 - _quotient((n - 1) * observed, expected)


def _quotient(above: Counts, below: Counts) -> Counts:
    is_defined = below > ROUNDING
    return np.where(is_defined, above / np.where(is_defined, below, 1.0), np.nan)


def _replicated(
    statistic: Callable[[Counts], Counts],
    strata: Sequence[Hashable],
    rng: np.random.Generator,
    n_replicates: int,
) -> Counts:
    """Compute a statistic of every replicate, block by block where cases are many."""
    drawn = _resampled(strata, rng, n_replicates)
    return np.concatenate([statistic(block.astype(np.float64)) for block in blocks(drawn)])


def blocks(drawn: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    """Cut rows of draws into blocks of a size that is soon worked on; those of ordinary studies stay whole."""
    n_rows = max(1, MAX_CELLS // max(drawn.shape[1], 1))
    for start in range(0, len(drawn), n_rows):
        yield drawn[start : start + n_rows]


def _resampled(strata: Sequence[Hashable], rng: np.random.Generator, n_replicates: int) -> NDArray[np.int32]:
    """Draw how often each case enters each replicate, (replicates, N); strata keep their sizes."""
    drawn = np.zeros((n_replicates, len(strata)), dtype=np.int32)
    for stratum in dict.fromkeys(strata):
        columns = [i for i, one in enumerate(strata) if one == stratum]
        n = len(columns)
        drawn[:, columns] = rng.multinomial(n, np.full(n, 1 / n), size=n_replicates)
    return drawn


def _with_bootstrap(
    value: float, replicates: Counts, n: int, method: str, level: float, note: str = ""
) -> Estimate:
    defined = replicates[~np.isnan(replicates)]
    n_undefined = len(replicates) - len(defined)
    if n_undefined > MAX_UNDEFINED * len(replicates):
        said = (
            f"{n_undefined} of {len(replicates)} bootstrap replicates have no value, so there is no interval"
        )
        return Estimate(value, n, method, note="; ".join(filter(None, (note, said))))
    se = float(defined.std(ddof=1))
    if se < ROUNDING:
        said = "all bootstrap replicates are equal, so there is no interval"
        return Estimate(value, n, method, note="; ".join(filter(None, (note, said))))
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    said = f"{len(replicates)} bootstrap replicates"
    limits = Interval(float(low), float(high), level, BOOTSTRAP)
    return Estimate(value, n, f"{method}; {BOOTSTRAP}", se, limits, "; ".join(filter(None, (note, said))))
