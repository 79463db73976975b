"""Groups of readers, such as radiologists and laypersons, compared by the means of their readers.

A reader is one observation. Pooling the trials of a group would count answers of one person as independent readers.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from typing import Final

import numpy as np
from scipy.stats import t as student

from evaluation.core.accuracy import ALL
from evaluation.core.confusion import of_reader
from evaluation.core.estimates import ROUNDING, Estimate, HypothesisTest
from evaluation.core.multiplicity import holm
from evaluation.core.proportions import LEVEL, Interval
from evaluation.core.readings import Readings
from generation.core.labels import REAL

BALANCED: Final = "balanced"  # the mean of the accuracies on all fakes and on all reals
MAX_PARTITIONS: Final = 50_000
WELCH: Final = "welch"
PERMUTATION: Final = "exact permutation of readers"
ONE_READER: Final = "a group of one reader has no spread"
NO_READERS: Final = "no reader of the group has such trials"
NO_SPREAD: Final = "all readers of a group have the same value"


@dataclass(frozen=True)
class GroupMean:
    """Mean over the readers of a group, with Student's interval on the readers.

    Attributes
    ----------
    values : one per reader who has such trials
    sd : between readers; absent for one reader
    """

    group: str
    values: tuple[float, ...]
    mean: Estimate
    sd: float | None


@dataclass(frozen=True)
class GroupDifference:
    """Two groups: difference of their means, Welch's test and the exact permutation of readers.

    Attributes
    ----------
    p_holm : of the permutation, adjusted within all pairs of groups
    """

    first: str
    second: str
    difference: Estimate
    welch: HypothesisTest
    permutation: HypothesisTest
    p_holm: float | None


@dataclass(frozen=True)
class GroupComparison:
    """All groups on one measure: the accuracy on one origin, on all, or balanced."""

    measure: str
    means: tuple[GroupMean, ...]
    pairs: tuple[GroupDifference, ...]


def compare(readings: Readings, measure: str = BALANCED, *, level: float = LEVEL) -> GroupComparison:
    """Compare the groups of readers; readers without a group form a group of their own without a name.

    Parameters
    ----------
    measure : an origin, `all`, or `balanced`
    """
    values: dict[str, list[float]] = {reader.group: [] for reader in readings.readers}
    for reader in readings.readers:
        value = _value(readings, reader.name, measure)
        if value is not None:
            values[reader.group].append(value)
    names = sorted(values)
    means = tuple(group_mean(name, values[name], level=level) for name in names)
    tests = {
        (one, other): permutation_test(values[one], values[other]) for one, other in combinations(names, 2)
    }
    adjusted = holm([test.p for test in tests.values()])
    pairs = []
    for ((one, other), test), p_holm in zip(tests.items(), adjusted, strict=True):
        difference, welch = welch_test(values[one], values[other], level=level)
        pairs.append(GroupDifference(one, other, difference, welch, test, p_holm))
    return GroupComparison(measure, means, tuple(pairs))


def _value(readings: Readings, reader: str, measure: str) -> float | None:
    if measure == BALANCED:
        return of_reader(readings, reader).balanced.estimate
    given = readings.answered(reader, measure)
    return sum(bool(one.is_correct) for one in given) / len(given) if given else None


def panels(readings: Readings) -> tuple[str, ...]:
    """List the groups that can be analysed as panels of their own: two readers or more, and not all readers there are.

    Readers without a group are no panel; nothing says what they have in common.
    """
    members = Counter(reader.group for reader in readings.readers)
    return tuple(name for name in sorted(members) if name and 1 < members[name] < len(readings.readers))


def group_mean(group: str, values: Sequence[float], *, level: float = LEVEL) -> GroupMean:
    """Average the readers of a group."""
    n = len(values)
    method = "mean of readers, t"
    if not n:
        return GroupMean(group, (), Estimate(None, 0, method, note=NO_READERS), None)
    mean = float(np.mean(values))
    if n == 1:
        return GroupMean(group, tuple(values), Estimate(mean, 1, method, note=ONE_READER), None)
    sd = float(np.std(values, ddof=1))
    if sd < ROUNDING:
        return GroupMean(group, tuple(values), Estimate(mean, n, method, 0.0, note=NO_SPREAD), 0.0)
    se = sd / sqrt(n)
    margin = float(student.ppf((1 + level) / 2, n - 1)) * se
    limits = Interval(max(mean - margin, 0.0), min(mean + margin, 1.0), level, method)
    return GroupMean(group, tuple(values), Estimate(mean, n, method, se, limits), sd)


def welch_test(
    first: Sequence[float], second: Sequence[float], *, level: float = LEVEL
) -> tuple[Estimate, HypothesisTest]:
    """Compare two means without assuming equal variances.

    Source: Welch 1947, Biometrika 34:28-35.
    """
    n, m = len(first), len(second)
    if not n or not m:
        return Estimate(None, n + m, WELCH, note=NO_READERS), HypothesisTest(
            WELCH, n + m, None, note=NO_READERS
        )
    difference = float(np.mean(first) - np.mean(second))
    if min(n, m) < 2:
        reason = ONE_READER
    elif max(np.ptp(first), np.ptp(second)) < ROUNDING:
        reason = NO_SPREAD
    else:
        reason = ""
    if reason:
        return Estimate(difference, n + m, WELCH, note=reason), HypothesisTest(
            WELCH, n + m, None, note=reason
        )
    u, v = float(np.var(first, ddof=1)) / n, float(np.var(second, ddof=1)) / m
    se, df = sqrt(u + v), (u + v) ** 2 / (u**2 / (n - 1) + v**2 / (m - 1))
    margin = float(student.ppf((1 + level) / 2, df)) * se
    limits = Interval(max(difference - margin, -1.0), min(difference + margin, 1.0), level, WELCH)
    statistic = difference / se
    p = float(2 * student.sf(abs(statistic), df))
    return Estimate(difference, n + m, WELCH, se, limits), HypothesisTest(WELCH, n + m, p, statistic, df)


def permutation_test(first: Sequence[float], second: Sequence[float]) -> HypothesisTest:
    """Test equal means by every assignment of the readers to two groups of these sizes, two-sided.

    The smallest p that J readers can give is 1 (or 2, for equal sizes) over the number of assignments.

    Source: Fisher 1935, The Design of Experiments, section 21; Pitman 1937, Suppl J R Stat Soc 4:119-130.
    """
    n, m = len(first), len(second)
    if not n or not m:
        return HypothesisTest(PERMUTATION, n + m, None, note=NO_READERS)
    n_partitions = comb(n + m, n)
    if n_partitions > MAX_PARTITIONS:
        said = (
            f"{n_partitions} assignments of readers are too many to list; Welch's test serves so many readers"
        )
        return HypothesisTest(PERMUTATION, n + m, None, note=said)
    together = np.array([*first, *second])
    chosen = np.array(list(combinations(range(n + m), n)))
    sums = together[chosen].sum(1)
    distances = np.abs(sums / n - (together.sum() - sums) / m)
    n_extreme = int((distances >= distances[0] - 1e-9).sum())  # the first assignment is the observed one
    return HypothesisTest(
        PERMUTATION, n + m, n_extreme / n_partitions, note=f"{n_partitions} assignments of readers"
    )


def measures(readings: Readings) -> tuple[str, ...]:
    """List what groups are compared on: balanced and total accuracy where both kinds occur, then every origin."""
    together = (BALANCED, ALL) if REAL in readings.origins and readings.generators else (ALL,)
    return (*together, *readings.origins)
