"""One reader, two generators: detection compared within lesion classes (Cochran-Mantel-Haenszel, Breslow-Day).

The patches of two generators are different ones, so the comparison is unpaired. `proportions.Difference` compares the
totals; here the lesion classes are strata, so that a different mix of classes cannot pass for a difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm
from statsmodels.stats.contingency_tables import StratifiedTable

from evaluation.core.estimates import Estimate, HypothesisTest
from evaluation.core.proportions import LEVEL, Difference, Interval, Proportion
from evaluation.core.readings import Readings

CMH: Final = "cochran-mantel-haenszel"
BRESLOW_DAY: Final = "breslow-day, tarone"
NO_CONTRAST: Final = "no lesion class has trials of both generators and both right and wrong answers"
ONE_SIDED: Final = (
    "in every lesion class one generator was judged without any contrast, so the odds ratio is 0 or infinite"
)
ONE_STRATUM: Final = "only one lesion class has a contrast, so there is nothing to compare between classes"


@dataclass(frozen=True)
class StratifiedDifference:
    """Two generators compared within lesion classes.

    Attributes
    ----------
    strata : the difference of the two proportions in each lesion class
    test : of no association within any class (odds ratio 1), without continuity correction
    odds_ratio : of a correct answer, first generator against second (Mantel-Haenszel, Robins-Breslow-Greenland interval)
    homogeneity : test that the odds ratio is the same in all classes
    """

    tissues: tuple[str, ...]
    strata: tuple[Difference, ...]
    test: HypothesisTest
    odds_ratio: Estimate
    homogeneity: HypothesisTest


def by_tissue(
    readings: Readings, reader: str, first: str, second: str, *, level: float = LEVEL
) -> StratifiedDifference:
    """Compare a reader's detection of two generators within lesion classes."""

    def detected(origin: str, tissue: str) -> Proportion:
        given = [one for one in readings.answered(reader, origin) if one.tissue == tissue]
        return Proportion(sum(bool(one.is_correct) for one in given), len(given))

    strata = [Difference(detected(first, tissue), detected(second, tissue)) for tissue in readings.tissues]
    return stratified(readings.tissues, strata, level=level)


def stratified(
    tissues: Sequence[str], strata: Sequence[Difference], *, level: float = LEVEL
) -> StratifiedDifference:
    """Compare two proportions within strata.

    Source: Mantel & Haenszel 1959, J Natl Cancer Inst 22:719-748; Robins, Breslow & Greenland 1986, Biometrics
    42:311-323; Breslow & Day 1980, IARC Sci Publ 32, section 4.4; Tarone 1985, Biometrika 72:91-95.
    """
    n = sum(one.first.n + one.second.n for one in strata)
    tables = np.array([_table(one) for one in strata if _has_contrast(one)], float)
    if not len(tables):
        return StratifiedDifference(
            tuple(tissues),
            tuple(strata),
            HypothesisTest(CMH, n, 1.0 if n else None, note=NO_CONTRAST),
            Estimate(None, n, "mantel-haenszel", note=NO_CONTRAST),
            HypothesisTest(BRESLOW_DAY, n, None, note=NO_CONTRAST),
        )
    cube = StratifiedTable(np.moveaxis(tables, 0, -1))
    statistic = float(cube.test_null_odds().statistic)
    return StratifiedDifference(
        tuple(tissues),
        tuple(strata),
        HypothesisTest(CMH, n, float(chi2.sf(statistic, 1)), statistic, 1.0),
        _odds_ratio(cube, tables, n, level),
        _homogeneity(tables, n),
    )


def _table(one: Difference) -> list[list[int]]:
    return [[side.n_correct, side.n - side.n_correct] for side in (one.first, one.second)]


def _has_contrast(one: Difference) -> bool:
    n_correct = one.first.n_correct + one.second.n_correct
    return bool(one.first.n and one.second.n) and 0 < n_correct < one.first.n + one.second.n


def _odds_ratio(cube: StratifiedTable, tables: NDArray[np.float64], n: int, level: float) -> Estimate:
    up, down = _cross_products(tables)
    if not up or not down:
        return Estimate(None, n, "mantel-haenszel", note=ONE_SIDED)
    centre, se = log(up / down), float(cube.logodds_pooled_se)
    margin = float(norm.ppf((1 + level) / 2)) * se
    limits = Interval(exp(centre - margin), exp(centre + margin), level, "robins-breslow-greenland")
    return Estimate(
        up / down, n, "mantel-haenszel; robins-breslow-greenland", se, limits, "se of the log odds ratio"
    )


def _cross_products(tables: NDArray[np.float64]) -> tuple[float, float]:
    totals = tables.sum((1, 2))
    up = (tables[:, 0, 0] * tables[:, 1, 1] / totals).sum()
    down = (tables[:, 0, 1] * tables[:, 1, 0] / totals).sum()
    return float(up), float(down)


def _homogeneity(tables: NDArray[np.float64], n: int) -> HypothesisTest:
    """Test equal odds ratios; written out because statsmodels divides 0 by 0 at a pooled odds ratio of exactly 1."""
    up, down = _cross_products(tables)
    if len(tables) < 2:
        return HypothesisTest(BRESLOW_DAY, n, None, note=ONE_STRATUM)
    if not up or not down:
        return HypothesisTest(BRESLOW_DAY, n, None, note=ONE_SIDED)
    ratio = up / down
    row, column, rest = tables[:, 0].sum(1), tables[:, :, 0].sum(1), tables[:, 1, 1] - tables[:, 0, 0]
    # the first cell expected under the common odds ratio solves a e^2 + b e + c = 0
    a, b, c = 1 - ratio, ratio * (row + column) + rest, -ratio * row * column
    expected = -2 * c / (b + np.sqrt(b**2 - 4 * a * c))
    variance = 1 / (1 / expected + 1 / (row - expected) + 1 / (column - expected) + 1 / (rest + expected))
    excess = tables[:, 0, 0] - expected
    statistic = float((excess**2 / variance).sum() - excess.sum() ** 2 / variance.sum())
    df = len(tables) - 1
    return HypothesisTest(BRESLOW_DAY, n, float(chi2.sf(statistic, df)), statistic, float(df))
