"""What the order of the trials does to a reader: learning, fatigue, drift, and the pull of the previous answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.stats import t as student

from evaluation.core.estimates import ROUNDING, Estimate, HypothesisTest
from evaluation.core.logit import METHOD, Coefficient, fit
from evaluation.core.proportions import LEVEL, Difference, Interval, Proportion
from evaluation.core.readings import FAKE, Reading, Readings
from evaluation.core.response_times import ExclusionRule, TimeSummary, summarise
from evaluation.core.trial_roles import FIRST
from generation.core.labels import REAL

N_QUARTERS: Final = 4
POSITION: Final = "position"  # 0 at the first trial shown, 1 at the last
PREVIOUS: Final = "previous answer"  # 1 after "fake", 0 after "real"
IS_FAKE: Final = "is fake"
MEAN_SLOPE: Final = "mean of readers, t"
NO_ORDER: Final = "column order is missing, so the sequence is unknown"
TIED_ORDER: Final = "several trials have the same order, so the sequence is unknown"
FEW_SLOPES: Final = "fewer than two readers have a slope of their own"


@dataclass(frozen=True)
class Quarter:
    """A quarter of a reader's test trials, by position."""

    number: int
    accuracy: Proportion
    answered_fake: Proportion
    times: TimeSummary


@dataclass(frozen=True)
class OrderEffects:
    """Sequence effects of one reader.

    Attributes
    ----------
    quarters : empty where the order is unknown
    learning : log odds of a right answer from the first to the last trial, the same for fakes and reals apart from a shift
    drift : log odds of the answer "fake" from the first to the last trial, given the truth
    after_fake, after_real : answers "fake" after an answer "fake" and after an answer "real"
    dependence : log odds of "fake" after "fake" against after "real", given the truth and the position
    note : why all is absent
    """

    reader: str
    quarters: tuple[Quarter, ...]
    learning: Coefficient
    drift: Coefficient
    after_fake: Proportion
    after_real: Proportion
    dependence: Coefficient
    note: str = ""

    @property
    def repetition(self) -> Difference:
        """Share of "fake" after "fake" minus that after "real"; 0 for a reader without memory in a random order."""
        return Difference(self.after_fake, self.after_real)


@dataclass(frozen=True)
class _Placed:
    """A first reading with its place in the sequence, from 0 to 1."""

    reading: Reading
    position: float


def of_reader(
    readings: Readings, reader: str, rule: ExclusionRule | None = None, *, level: float = LEVEL
) -> OrderEffects:
    """Describe how a reader's answers depend on their place in the sequence.

    Positions count every test trial that was shown, repeats and attention checks included; the analysed answers
    are the first readings. The previous answer is that of the trial shown just before, whatever its role.

    Parameters
    ----------
    rule : which response times enter the quarters
    """
    shown = readings.shown[reader]
    if not shown or any(one.order is None for one in shown):
        return _unknown(reader, len(readings.first[reader]), NO_ORDER)
    if len({one.order for one in shown}) < len(shown):
        return _unknown(reader, len(readings.first[reader]), TIED_ORDER)
    step = max(len(shown) - 1, 1)
    placed = [_Placed(one, i / step) for i, one in enumerate(shown) if one.role == FIRST and one.answer]
    right = [bool(one.reading.is_correct) for one in placed]
    fake = [one.reading.answer == FAKE for one in placed]
    place = {POSITION: [one.position for one in placed], **_truth([one.reading for one in placed])}
    follows = [
        (before.answer == FAKE, now, i / step)
        for i, (before, now) in enumerate(pairwise(shown), start=1)
        if before.answer and now.answer and now.role == FIRST and _is_next(before, now)
    ]
    after_fake = [now.answer == FAKE for before, now, _ in follows if before]
    after_real = [now.answer == FAKE for before, now, _ in follows if not before]
    previous = {
        PREVIOUS: [float(before) for before, _, _ in follows],
        POSITION: [position for _, _, position in follows],
        **_truth([now for _, now, _ in follows]),
    }
    return OrderEffects(
        reader=reader,
        quarters=_quarters(shown, rule or ExclusionRule(), level),
        learning=fit(right, place, level=level)[POSITION],
        drift=fit(fake, place, level=level)[POSITION],
        after_fake=Proportion(sum(after_fake), len(after_fake)),
        after_real=Proportion(sum(after_real), len(after_real)),
        dependence=fit([now.answer == FAKE for _, now, _ in follows], previous, level=level)[PREVIOUS],
    )


def mean_slope(effects: Sequence[Coefficient], *, level: float = LEVEL) -> tuple[Estimate, HypothesisTest]:
    """Average a slope over readers and test it against 0: one observation per reader, so it speaks for readers."""
    values = [one.estimate.value for one in effects if one.estimate.value is not None]
    n = len(values)
    mean = float(np.mean(values)) if n else None
    spread = float(np.std(values, ddof=1)) / n**0.5 if n > 1 else 0.0
    if mean is None or spread < ROUNDING:
        return Estimate(mean, n, MEAN_SLOPE, note=FEW_SLOPES), HypothesisTest(
            MEAN_SLOPE, n, None, note=FEW_SLOPES
        )
    margin = float(student.ppf((1 + level) / 2, n - 1)) * spread
    limits = Interval(mean - margin, mean + margin, level, MEAN_SLOPE)
    p = float(2 * student.sf(abs(mean / spread), n - 1))
    return (
        Estimate(mean, n, MEAN_SLOPE, spread, limits),
        HypothesisTest(MEAN_SLOPE, n, p, mean / spread, float(n - 1)),
    )


def quarter_of(i: int, n: int) -> int:
    """Give the quarter, 1 to 4, of the i-th of n trials, i from 0."""
    return i * N_QUARTERS // n + 1


def _is_next(before: Reading, now: Reading) -> bool:
    """Say whether nothing is missing between two trials."""
    return before.order is not None and now.order == before.order + 1


def _truth(given: Sequence[Reading]) -> dict[str, list[float]]:
    """Give the truth as a predictor, unless only fakes or only reals are there."""
    is_fake = [float(one.origin != REAL) for one in given]
    return {IS_FAKE: is_fake} if len(set(is_fake)) > 1 else {}


def _quarters(shown: Sequence[Reading], rule: ExclusionRule, level: float) -> tuple[Quarter, ...]:
    found = []
    for number in range(1, N_QUARTERS + 1):
        part = [
            one
            for i, one in enumerate(shown)
            if quarter_of(i, len(shown)) == number and one.role == FIRST and one.answer
        ]
        times = [one.rt_ms for one in part if one.rt_ms is not None and rule.keeps(one.rt_ms)]
        found.append(
            Quarter(
                number,
                Proportion(sum(bool(one.is_correct) for one in part), len(part)),
                Proportion(sum(one.answer == FAKE for one in part), len(part)),
                summarise(times, level=level),
            )
        )
    return tuple(found)


def _unknown(reader: str, n: int, reason: str) -> OrderEffects:
    def absent(name: str) -> Coefficient:
        return Coefficient(
            name, Estimate(None, n, METHOD, note=reason), HypothesisTest(METHOD, n, None, note=reason)
        )

    nothing = Proportion(0, 0)
    return OrderEffects(
        reader, (), absent(POSITION), absent(POSITION), nothing, nothing, absent(PREVIOUS), reason
    )
