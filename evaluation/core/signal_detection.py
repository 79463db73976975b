"""Signal detection: how far fakes and reals lie apart for a reader (d') and where the reader draws the line (c)."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from scipy.stats import norm

from evaluation.core.confusion import Confusion
from evaluation.core.estimates import Estimate, wald
from evaluation.core.proportions import LEVEL

RAW: Final = "raw rates"
WEIGHTED: Final = "log-linear rates weighted by base rate"  # where a rate is 0 or 1
NO_ANSWERS: Final = "answers to both fakes and reals are needed"


@dataclass(frozen=True)
class Rate:
    """A hit or false-alarm rate on the probit scale: z(rate) and the variance of z."""

    rate: float
    n: int

    @property
    def z(self) -> float:
        """Probit of the rate."""
        return float(norm.ppf(self.rate))

    @property
    def variance(self) -> float:
        """Variance of z(rate), by the delta method.

        Source: Gourevitch & Galanter 1967, Psychometrika 32:25-33.
        """
        return self.rate * (1 - self.rate) / (self.n * float(norm.pdf(self.z)) ** 2)


@dataclass(frozen=True)
class SignalDetection:
    """Indices of the equal-variance normal model for one reader and one set of fakes.

    Attributes
    ----------
    hit_rate, false_alarm_rate : after the correction named by `rule`; absent without fakes or reals
    rule : `RAW`, or `WEIGHTED` where a raw rate is 0 or 1
    d_prime : z(H) - z(F); 0 at chance
    criterion : -(z(H) + z(F)) / 2; negative when the reader leans to "fake"
    ln_beta : criterion x d'
    a_prime : from the raw rates, without an interval; a secondary index, free of the normal model but not of bias
    """

    counts: Confusion
    hit_rate: float | None
    false_alarm_rate: float | None
    rule: str
    d_prime: Estimate
    criterion: Estimate
    ln_beta: Estimate
    a_prime: Estimate


def detect(counts: Confusion, *, level: float = LEVEL) -> SignalDetection:
    """Compute d', c, ln beta and A' from the counts of one reader.

    Where a rate is 0 or 1 both rates get the log-linear correction weighted by base rate: n_s/N is added to the
    hits and n_n/N to the false alarms, twice as much to their totals. A reader who always says "fake" then has
    d' = 0 however many fakes there are, which the unweighted rule (+0.5 and +1) misses.

    Source: Macmillan & Creelman 2005, Detection Theory, 2nd ed., chapters 1, 2 and 13; Hautus 1995, Behav Res
    Methods 27:46-51, doi:10.3758/BF03203619; Snodgrass & Corwin 1988, J Exp Psychol Gen 117:34-50.
    """
    if not counts.n_fakes or not counts.n_reals:
        nothing = Estimate(None, counts.n, "gourevitch-galanter", note=NO_ANSWERS)
        return SignalDetection(counts, None, None, RAW, nothing, nothing, nothing, nothing)
    rule = (
        RAW if _is_inside(counts.n_hits, counts.n_fakes, counts.n_false_alarms, counts.n_reals) else WEIGHTED
    )
    total = None if rule == RAW else counts.n
    hits = _rate(counts.n_hits, counts.n_fakes, total)
    alarms = _rate(counts.n_false_alarms, counts.n_reals, total)
    z_h, z_f = hits.z, alarms.z
    method = f"gourevitch-galanter, {rule}"
    spread = sqrt(hits.variance + alarms.variance)
    beta_spread = sqrt(z_h**2 * hits.variance + z_f**2 * alarms.variance)
    a_prime = Estimate(
        _a_prime(counts.n_hits / counts.n_fakes, counts.n_false_alarms / counts.n_reals),
        counts.n,
        "a-prime, raw rates",
        note="secondary index, no interval",
    )
    return SignalDetection(
        counts=counts,
        hit_rate=hits.rate,
        false_alarm_rate=alarms.rate,
        rule=rule,
        d_prime=wald(z_h - z_f, spread, counts.n, method, level=level),
        criterion=wald(-(z_h + z_f) / 2, spread / 2, counts.n, method, level=level),
        ln_beta=wald((z_f**2 - z_h**2) / 2, beta_spread, counts.n, f"delta method, {rule}", level=level),
        a_prime=a_prime,
    )


def d_prime_difference(first: Confusion, second: Confusion, *, level: float = LEVEL) -> Estimate:
    """Compare a reader's d' for two generators that were judged against the same reals.

    The two d' share their false alarms, so these cancel: the difference is z(H1) - z(H2), with the variances of
    the two hit rates alone. Adding the two variances of d' instead would count the reals twice. Where a rate is
    0 or 1, all rates are corrected with the base rates of the three sets together.
    """
    n = first.n_fakes + second.n_fakes + first.n_reals
    if not first.n_fakes or not second.n_fakes or not first.n_reals:
        return Estimate(None, n, "gourevitch-galanter", note=NO_ANSWERS)
    inside = all(
        _is_inside(one.n_hits, one.n_fakes, one.n_false_alarms, one.n_reals) for one in (first, second)
    )
    rule, total = (RAW, None) if inside else (WEIGHTED, n)
    one, other = _rate(first.n_hits, first.n_fakes, total), _rate(second.n_hits, second.n_fakes, total)
    return wald(
        one.z - other.z,
        sqrt(one.variance + other.variance),
        n,
        f"gourevitch-galanter, {rule}",
        level=level,
        note="both d' share the false alarms, which cancel",
    )


def d_prime_covariance(first: SignalDetection, second: SignalDetection) -> float | None:
    """Give the covariance of two d' of a reader from the same reals: the variance of z(false-alarm rate).

    Absent without answers, or where the two rest on different corrections.
    """
    rate = first.false_alarm_rate
    if rate is None or rate != second.false_alarm_rate:
        return None
    return Rate(rate, first.counts.n_reals).variance


def _rate(k: int, n: int, total: int | None) -> Rate:
    """Estimate a rate; with `total` (all cases), k + n/N of n + 2 n/N, written so that k = n does not depend on n."""
    return Rate(k / n if total is None else (k / n + 1 / total) / (1 + 2 / total), n)


def _is_inside(k: int, n: int, j: int, m: int) -> bool:
    return 0 < k < n and 0 < j < m


def _a_prime(h: float, f: float) -> float:
    """Compute A' of a hit and a false-alarm rate (Pollack & Norman 1964; below chance as Aaronson & Watts 1987)."""
    if h == f:
        return 0.5
    if h > f:
        return 0.5 + (h - f) * (1 + h - f) / (4 * h * (1 - f))
    return 0.5 - (f - h) * (1 + f - h) / (4 * f * (1 - h))
