"""Planning: how many cases a study needs, and what a number of cases can show, for one reader.

Exact powers are not smooth in n: an added case can lower them. A sample size is therefore given twice, the first that
reaches the target and the first from which on no larger one falls below it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, ceil, isfinite, sin, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from evaluation.core.equivalence import ALPHA, MARGIN, check_margin
from evaluation.core.proportions import CHANCE
from generation.core.errors import InputError

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
TARGET: Final = 0.80
MAX_CASES: Final = 20_000  # no reader judges more
LARGE_SAMPLE: Final = 2_000  # from here on the normal approximation replaces the sum over all pairs of counts


@dataclass(frozen=True)
class SampleSize:
    """Numbers of cases that reach a target power.

    Attributes
    ----------
    n : the smallest from which on the power stays at the target; plan with this one
    first : the smallest that reaches the target, though a larger one may fall below it again
    power : at n
    approximation : n by the normal approximation, not rounded
    """

    n: int
    first: int
    power: float
    approximation: float


def against_chance(n: int, accuracy: float, alpha: float = ALPHA) -> float:
    """Compute the exact power of the two-sided binomial test of one reader against .5.

    Parameters
    ----------
    n : cases the reader judges
    accuracy : the reader's true probability of a correct answer
    alpha : level of the test

    Raises
    ------
    InputError
        If n is not positive, or a probability not between 0 and 1.
    """
    _check(n=n, accuracy=accuracy, alpha=alpha)
    return float(_chance_power(np.array([n]), accuracy, alpha)[0])


def n_against_chance(accuracy: float, target: float = TARGET, alpha: float = ALPHA) -> SampleSize | None:
    """Find how many cases one reader needs to be told from chance; absent if more than 20,000 or accuracy is .5.

    Raises
    ------
    InputError
        If a probability does not lie between 0 and 1.
    """
    _check(accuracy=accuracy, alpha=alpha, target=target)
    if accuracy == CHANCE:
        return None
    spread = ndtri(1 - alpha / 2) * 0.5 + ndtri(target) * sqrt(accuracy * (1 - accuracy))
    guess = float(spread / (accuracy - CHANCE)) ** 2
    return _search(lambda n: _chance_power(n, accuracy, alpha), guess, target)


def of_equivalence(n: int, margin: float = MARGIN, accuracy: float = CHANCE, alpha: float = ALPHA) -> float:
    """Compute the exact power of the two one-sided binomial tests of equivalence to .5.

    Parameters
    ----------
    n : cases the reader judges
    margin : largest deviation from .5 that counts as none
    accuracy : the reader's true probability of a correct answer, .5 unless told
    alpha : level of each one-sided test

    Raises
    ------
    InputError
        If n is not positive, or a probability out of range.
    """
    check_margin(margin, alpha)
    _check(n=n, accuracy=accuracy)
    return float(_equivalence_power(np.array([n]), margin, accuracy, alpha)[0])


def n_for_equivalence(
    margin: float = MARGIN, target: float = TARGET, accuracy: float = CHANCE, alpha: float = ALPHA
) -> SampleSize | None:
    """Find how many cases one reader needs for equivalence to be shown; absent if more than 20,000.

    It is absent too where the true accuracy lies on or outside the margin.

    Raises
    ------
    InputError
        As `of_equivalence`.
    """
    check_margin(margin, alpha)
    _check(accuracy=accuracy, target=target)
    room = margin - abs(accuracy - CHANCE)
    if room <= 0:
        return None
    # At chance both tests can fail, so each gets half of the allowance.
    z = ndtri(1 - alpha) + ndtri((1 + target) / 2 if accuracy == CHANCE else target)
    guess = float(z**2 * accuracy * (1 - accuracy) / room**2)
    return _search(lambda n: _equivalence_power(n, margin, accuracy, alpha), guess, target)


def of_difference(n_first: int, n_second: int, first: float, second: float, alpha: float = ALPHA) -> float:
    """Compute the power of comparing one reader's detection of two generators, whose fakes are different cases.

    Parameters
    ----------
    n_first, n_second : fakes of each generator
    first, second : true detection rates

    Raises
    ------
    InputError
        If a count is not positive, or a probability not between 0 and 1.

    Source: Cohen 1988, Statistical Power Analysis, section 6.3 (arcsine transform), both tails.
    """
    _check(n=n_first, accuracy=first, alpha=alpha)
    _check(n=n_second, accuracy=second)
    shift = abs(_arcsine(first) - _arcsine(second)) / sqrt(1 / n_first + 1 / n_second)
    limit = ndtri(1 - alpha / 2)
    return float(ndtr(shift - limit) + ndtr(-shift - limit))


def exact_difference(n_first: int, n_second: int, first: float, second: float, alpha: float = ALPHA) -> float:
    """Compute the exact power of the pooled z test of two independent proportions, over all pairs of counts.

    Raises
    ------
    InputError
        As `of_difference`.
    """
    _check(n=n_first, accuracy=first, alpha=alpha)
    _check(n=n_second, accuracy=second)
    likely_first, likely_second = _likely(n_first, first), _likely(n_second, second)
    k, m = likely_first[:, None], likely_second[None, :]
    pooled = (k + m) / (n_first + n_second)
    variance = pooled * (1 - pooled) * (1 / n_first + 1 / n_second)
    # |z| > limit, without dividing by a variance that is zero where all or no answers are correct
    rejects = (k / n_first - m / n_second) ** 2 > ndtri(1 - alpha / 2) ** 2 * variance
    weights_first = binom.pmf(likely_first, n_first, first)
    return float(weights_first @ (rejects @ binom.pmf(likely_second, n_second, second)))


def n_for_difference(
    first: float, second: float, target: float = TARGET, alpha: float = ALPHA
) -> SampleSize | None:
    """Find how many fakes of each generator tell two detection rates apart; absent if more than 20,000.

    The smallest n, from the normal approximation (rounded down) upwards, whose exact power reaches the target; beyond
    2,000 fakes the approximation, rounded up, because there the two agree to a case in a thousand.

    Raises
    ------
    InputError
        If a probability does not lie between 0 and 1.
    """
    _check(accuracy=first, alpha=alpha, target=target)
    _check(accuracy=second)
    if first == second:
        return None
    effect = _arcsine(first) - _arcsine(second)
    guess = 2 * float((ndtri(1 - alpha / 2) + ndtri(target)) / effect) ** 2
    if not isfinite(guess) or guess > MAX_CASES:
        return None
    if guess > LARGE_SAMPLE:
        n = ceil(guess)
        return SampleSize(n, n, of_difference(n, n, first, second, alpha), guess)
    n = max(2, int(guess))
    while (power := exact_difference(n, n, first, second, alpha)) < target:
        n += 1
    return SampleSize(n, n, power, guess)


def detectable_difference(n: int, rate: float, target: float = TARGET, alpha: float = ALPHA) -> float | None:
    """Find the smallest increase over `rate` that n fakes of each generator detect; absent if none below 1 is.

    Raises
    ------
    InputError
        As `of_difference`.
    """
    _check(n=n, accuracy=rate, alpha=alpha, target=target)
    angle = _arcsine(rate) + float(ndtri(1 - alpha / 2) + ndtri(target)) * sqrt(2 / n)
    return sin(angle / 2) ** 2 - rate if angle < np.pi else None


def _chance_power(n: Counts, accuracy: float, alpha: float) -> Floats:
    """Power at every n; at chance .5 the test rejects k <= c and k >= n - c with P(X <= c) <= alpha / 2."""
    c = _last_at_most(n, CHANCE, alpha / 2)
    power = np.asarray(binom.cdf(c, n, accuracy) + binom.sf(n - c - 1, n, accuracy))
    return np.where(c >= 0, power, 0.0)


def _equivalence_power(n: Counts, margin: float, accuracy: float, alpha: float) -> Floats:
    """Power at every n; equivalence is shown for n - c <= k <= c with P(X <= c | .5 + margin) <= alpha."""
    c = _last_at_most(n, CHANCE + margin, alpha)
    power = np.asarray(binom.cdf(c, n, accuracy) - binom.cdf(n - c - 1, n, accuracy))
    return np.where(n - c <= c, power, 0.0)


def _last_at_most(n: Counts, probability: float, limit: float) -> Floats:
    """Find the largest count whose cumulative probability is at most `limit`; -1 where there is none."""
    c = np.asarray(binom.ppf(limit, n, probability))
    return np.where(binom.cdf(c, n, probability) <= limit, c, c - 1)


def _search(power_at: Callable[[Counts], Floats], guess: float, target: float) -> SampleSize | None:
    """Look for both sample sizes around the normal approximation; the saw-tooth is narrower than the window."""
    if not isfinite(guess) or guess > MAX_CASES:
        return None
    reach = 60 + 6 * sqrt(guess)
    n = np.arange(max(1, int(guess - reach)), int(guess + reach) + 1)
    power = power_at(n)
    enough = power >= target
    if not enough[-1]:
        return None
    below = np.flatnonzero(~enough)
    stays = int(below[-1]) + 1 if below.size else 0
    return SampleSize(int(n[stays]), int(n[enough.argmax()]), float(power[stays]), guess)


def _likely(n: int, probability: float) -> Counts:
    """Counts within eight standard deviations; the rest has a probability below 1e-14."""
    reach = 8 * sqrt(n * probability * (1 - probability)) + 8
    return np.arange(max(0, int(n * probability - reach)), min(n, int(n * probability + reach)) + 1)


def _arcsine(probability: float) -> float:
    return 2 * asin(sqrt(probability))


def _check(
    *, n: int | None = None, accuracy: float | None = None, alpha: float = ALPHA, target: float = TARGET
) -> None:
    if n is not None and n < 1:
        raise InputError(f"{n} cases are not enough for a study; give at least 1.")
    if accuracy is not None and not 0 < accuracy < 1:
        raise InputError(f"Probability {accuracy} is not between 0 and 1; give a fraction such as 0.60.")
    for name, value in (("Level", alpha), ("Target power", target)):
        if not 0 < value < 1:
            raise InputError(f"{name} {value} is not between 0 and 1; give a fraction such as 0.80.")
