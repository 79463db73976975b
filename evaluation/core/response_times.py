"""Response times, from the panel's first paint to the answer, by origin and by right and wrong answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, sqrt
from typing import Final

import numpy as np
from scipy.stats import mannwhitneyu
from scipy.stats import t as student

from evaluation.core.accuracy import ALL
from evaluation.core.estimates import Estimate, HypothesisTest
from evaluation.core.proportions import LEVEL, Interval
from evaluation.core.readings import Readings
from generation.core.errors import InputError
from generation.core.labels import REAL

MIN_MS: Final = 200  # nobody perceives and judges a panel in less
GEOMETRIC: Final = "geometric mean, t on logarithms"
MANN_WHITNEY: Final = "mann-whitney"
NO_TIMES: Final = "no response times"
DESCRIPTIVE: Final = "descriptive: trials of one reader"


@dataclass(frozen=True)
class ExclusionRule:
    """Which times are left out; to be fixed before anyone sees the data.

    Parameters
    ----------
    min_ms : shorter times are left out
    max_ms : longer times are left out; None for no limit

    Raises
    ------
    InputError
        If the limits leave nothing.
    """

    min_ms: int = MIN_MS
    max_ms: int | None = None

    def __post_init__(self) -> None:
        if self.min_ms < 1 or (self.max_ms is not None and self.max_ms <= self.min_ms):
            raise InputError(
                f"Response times from {self.min_ms} to {self.max_ms} ms leave nothing; "
                "give a lower limit of at least 1 ms and a higher upper one."
            )

    def keeps(self, rt_ms: int) -> bool:
        """Say whether a time is kept."""
        return rt_ms >= self.min_ms and (self.max_ms is None or rt_ms <= self.max_ms)

    @property
    def words(self) -> str:
        """The rule as a table note says it."""
        upper = "" if self.max_ms is None else f" or above {self.max_ms} ms"
        return f"times below {self.min_ms} ms{upper} left out"


@dataclass(frozen=True)
class TimeExclusions:
    """What a reader's times do not include."""

    n_timeouts: int
    n_without_time: int
    n_too_fast: int
    n_too_slow: int


@dataclass(frozen=True)
class TimeSummary:
    """Response times of one reader for one origin and right, wrong or all answers, in milliseconds.

    Attributes
    ----------
    is_correct : None for all answers
    median, first_quartile, third_quartile : by linear interpolation; absent without times
    geometric_mean : with Student's interval of the mean logarithm
    """

    origin: str
    is_correct: bool | None
    n: int
    median: float | None
    first_quartile: float | None
    third_quartile: float | None
    geometric_mean: Estimate


@dataclass(frozen=True)
class TimeContrast:
    """Two sets of a reader's times: the chance that one of the first is longer, and Mann-Whitney's test."""

    first: str
    second: str
    superiority: Estimate
    test: HypothesisTest


def kept_times(
    readings: Readings,
    reader: str,
    origin: str = ALL,
    is_correct: bool | None = None,
    rule: ExclusionRule | None = None,
) -> list[int]:
    """List a reader's times for one origin, or all, and right, wrong or all answers."""
    rule = rule or ExclusionRule()
    return [
        one.rt_ms
        for one in readings.answered(reader, origin)
        if one.rt_ms is not None and rule.keeps(one.rt_ms) and is_correct in (None, one.is_correct)
    ]


def exclusions(readings: Readings, reader: str, rule: ExclusionRule | None = None) -> TimeExclusions:
    """Count the first readings of a reader that have no usable time."""
    rule = rule or ExclusionRule()
    given = readings.answered(reader)
    times = [one.rt_ms for one in given if one.rt_ms is not None]
    n_too_fast = sum(time < rule.min_ms for time in times)
    return TimeExclusions(
        n_timeouts=sum(one.is_timeout for one in readings.unanswered[reader].values()),
        n_without_time=len(given) - len(times),
        n_too_fast=n_too_fast,
        n_too_slow=sum(not rule.keeps(time) for time in times) - n_too_fast,
    )


def summaries(
    readings: Readings, reader: str, rule: ExclusionRule | None = None, *, level: float = LEVEL
) -> tuple[TimeSummary, ...]:
    """Summarise a reader's times for each origin and all, for all answers, the right and the wrong ones."""
    return tuple(
        summarise(kept_times(readings, reader, origin, is_correct, rule), origin, is_correct, level=level)
        for origin in (*readings.origins, ALL)
        for is_correct in (None, True, False)
    )


def summarise(
    times: Sequence[int], origin: str = ALL, is_correct: bool | None = None, *, level: float = LEVEL
) -> TimeSummary:
    """Summarise times in milliseconds, all above 0."""
    n = len(times)
    if not n:
        nothing = Estimate(None, 0, GEOMETRIC, note=NO_TIMES)
        return TimeSummary(origin, is_correct, 0, None, None, None, nothing)
    low, middle, high = (float(q) for q in np.quantile(times, [0.25, 0.5, 0.75]))
    logarithms = np.log(np.array(times, float))
    mean, limits, note = float(logarithms.mean()), None, ""
    spread = float(logarithms.std(ddof=1)) / sqrt(n) if n > 1 else 0.0
    if spread:
        margin = float(student.ppf((1 + level) / 2, n - 1)) * spread
        limits = Interval(exp(mean - margin), exp(mean + margin), level, GEOMETRIC)
    else:
        note = "the times do not vary, so there is no interval"
    estimate = Estimate(exp(mean), n, GEOMETRIC, interval=limits, note=note)
    return TimeSummary(origin, is_correct, n, middle, low, high, estimate)


def contrasts(readings: Readings, reader: str, rule: ExclusionRule | None = None) -> tuple[TimeContrast, ...]:
    """Compare a reader's times: wrong with right answers, each generator with real, and each two generators."""
    wrong, right = (kept_times(readings, reader, ALL, is_correct, rule) for is_correct in (False, True))
    found = [contrast("wrong", "right", wrong, right)]
    times = {origin: kept_times(readings, reader, origin, None, rule) for origin in readings.origins}
    if REAL in times:
        found += [contrast(name, REAL, times[name], times[REAL]) for name in readings.generators]
    found += [contrast(one, two, times[one], times[two]) for one, two in combinations(readings.generators, 2)]
    return tuple(found)


def contrast(first: str, second: str, one: Sequence[int], other: Sequence[int]) -> TimeContrast:
    """Compare two sets of times by ranks.

    Source: Mann & Whitney 1947, Ann Math Stat 18:50-60.
    """
    n = len(one) + len(other)
    if not one or not other:
        reason = f"no response times for {second if one else first}"
        return TimeContrast(
            first,
            second,
            Estimate(None, n, MANN_WHITNEY, note=reason),
            HypothesisTest(MANN_WHITNEY, n, None, note=reason),
        )
    share = _share_longer(one, other)
    if len({*one, *other}) == 1:
        test = HypothesisTest(MANN_WHITNEY, n, 1.0, note="all times are equal")
    else:
        found = mannwhitneyu(one, other)
        test = HypothesisTest(MANN_WHITNEY, n, float(found.pvalue), float(found.statistic), note=DESCRIPTIVE)
    return TimeContrast(first, second, Estimate(share, n, MANN_WHITNEY, note=DESCRIPTIVE), test)


def _share_longer(one: Sequence[int], other: Sequence[int]) -> float:
    """Count by ranks, so that the table of all pairs is never laid out."""
    ordered = np.sort(other)
    below, up_to = (np.searchsorted(ordered, one, side=side) for side in ("left", "right"))
    return float((below + up_to).sum() / 2 / (len(one) * len(other)))
