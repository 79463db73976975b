"""Agreement of two raters, or of one with themselves: what they answered, not whether they were right."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.inter_rater import cohens_kappa

from evaluation.core.accuracy import ALL
from evaluation.core.estimates import Estimate, of_proportion, standard_error, wald
from evaluation.core.many_raters import gwet_ac1, rating_counts
from evaluation.core.proportions import LEVEL, Interval, Proportion
from evaluation.core.readings import FAKE, Readings
from generation.core.labels import REAL

ANSWERS: Final = (REAL, FAKE)
NO_PAIRS: Final = "no case has two answers"
CONSTANT: Final = "both gave one and the same answer throughout, so chance agreement is 1"
NO_SCORES: Final = "no case has two answers with confidence"


@dataclass(frozen=True)
class Agreement:
    """Agreement of two series of answers to the same cases.

    Attributes
    ----------
    table : (2, 2) counts, rows the first rater's real and fake, columns the second's
    observed : share of equal answers
    kappa : Cohen's
    pabak : prevalence-adjusted bias-adjusted kappa, 2 x observed - 1
    ac1 : Gwet's
    on_fake, on_real : specific agreement, the chance that one says so given that the other did
    weighted_kappa : linear weights on the confidence scores 1..2k; absent without confidence
    """

    table: tuple[tuple[int, int], tuple[int, int]]
    observed: Estimate
    kappa: Estimate
    pabak: Estimate
    ac1: Estimate
    on_fake: Estimate
    on_real: Estimate
    weighted_kappa: Estimate

    @property
    def n(self) -> int:
        """Cases with two answers."""
        return sum(map(sum, self.table))


def agreement(
    pairs: Sequence[tuple[str, str]],
    scores: Sequence[tuple[int, int]] = (),
    n_scores: int | None = None,
    *,
    level: float = LEVEL,
) -> Agreement:
    """Compute all indices of agreement of two series of answers.

    Parameters
    ----------
    pairs : the two answers to each case, `real` or `fake`
    scores : the two confidence scores of each case that has both, 1..`n_scores`

    Source: Cohen 1960, Educ Psychol Meas 20:37-46; Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323-327 (standard
    errors); Byrt, Bishop & Carlin 1993, J Clin Epidemiol 46:423-429; Gwet 2008, Br J Math Stat Psychol 61:29-48;
    Cicchetti & Feinstein 1990, J Clin Epidemiol 43:551-558 (specific agreement).
    """
    n = len(pairs)
    counts = cross_table(pairs, ANSWERS)
    (n_real, n_real_fake), (n_fake_real, n_fake) = counts.astype(int).tolist()
    n_unequal = n_real_fake + n_fake_real
    return Agreement(
        table=((n_real, n_real_fake), (n_fake_real, n_fake)),
        observed=of_proportion(Proportion(n - n_unequal, n), level=level),
        kappa=kappa(counts, level=level),
        pabak=_pabak(Proportion(n - n_unequal, n), level),
        ac1=gwet_ac1(rating_counts(pairs, ANSWERS), level=level),
        on_fake=_specific(n_fake, n_unequal, n, level, FAKE),
        on_real=_specific(n_real, n_unequal, n, level, REAL),
        weighted_kappa=weighted_kappa(scores, n_scores, level=level),
    )


def of_readers(
    readings: Readings, first: str, second: str, origin: str = ALL, *, level: float = LEVEL
) -> Agreement:
    """Compute the agreement of two readers on the cases of one origin, or all, that both answered.

    Over all origins together, agreement also reflects skill: two perfect readers agree on everything. Within one
    origin it does not.
    """
    one, other = readings.first[first], readings.first[second]
    both = [(one[c], other[c]) for c in readings.cases_of(origin) if c in one and c in other]
    return agreement(
        [(a.answer, b.answer) for a, b in both],
        [(a.score, b.score) for a, b in both if a.score is not None and b.score is not None],
        None if readings.n_levels is None else 2 * readings.n_levels,
        level=level,
    )


def cross_table(
    pairs: Sequence[tuple[Hashable, Hashable]], categories: Sequence[Hashable]
) -> NDArray[np.float64]:
    """Count pairs into a square table, first rating in rows."""
    place = {category: i for i, category in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for one, other in pairs:
        table[place[one], place[other]] += 1
    return table


def kappa(table: NDArray[np.float64], *, level: float = LEVEL) -> Estimate:
    """Compute Cohen's kappa of a square table of counts, with its asymptotic standard error."""
    n = int(table.sum())
    if not n:
        return Estimate(None, 0, "cohen", note=NO_PAIRS)
    if _is_constant(table):
        return Estimate(None, n, "cohen", note=CONSTANT)
    # statsmodels divides by variances, and takes roots of them, that are rounded zeros
    with np.errstate(all="ignore"):
        found = cohens_kappa(table)
    se = standard_error(_rounded(float(found.var_kappa)))
    return wald(float(found.kappa), se, n, "cohen; fleiss-cohen-everitt", level=level, bounds=(-1.0, 1.0))


def weighted_kappa(
    pairs: Sequence[tuple[int, int]], n_scores: int | None, *, level: float = LEVEL
) -> Estimate:
    """Compute kappa with linear weights on ordered scores 1..`n_scores`."""
    if not pairs or n_scores is None:
        return Estimate(None, 0, "cohen-weighted, linear", note=NO_SCORES)
    table = cross_table(pairs, range(1, n_scores + 1))
    if _is_constant(table):
        return Estimate(None, len(pairs), "cohen-weighted, linear", note=CONSTANT)
    with np.errstate(all="ignore"):
        found = cohens_kappa(table, wt="linear")
    se = standard_error(_rounded(float(found.var_kappa)))
    method = "cohen-weighted, linear; fleiss-cohen-everitt"
    return wald(float(found.kappa), se, len(pairs), method, level=level, bounds=(-1.0, 1.0))


def _is_constant(table: NDArray[np.float64]) -> bool:
    return bool(np.diag(table).max() == table.sum())


def _rounded(variance: float) -> float:
    """Read as zero a variance that is only rounding, as of perfect agreement."""
    return 0.0 if variance < 1e-15 else variance


def _pabak(equal: Proportion, level: float) -> Estimate:
    limits = equal.interval("wilson", level)
    if equal.fraction is None or limits is None:
        return Estimate(None, 0, "pabak", note=NO_PAIRS)
    interval = Interval(2 * limits.low - 1, 2 * limits.high - 1, level, "wilson, rescaled")
    return Estimate(2 * equal.fraction - 1, equal.n, "pabak; wilson, rescaled", interval=interval)


def _specific(n_same: int, n_unequal: int, n: int, level: float, answer: str) -> Estimate:
    total = 2 * n_same + n_unequal
    if not total:
        return Estimate(None, n, "specific-agreement", note=f'nobody answered "{answer}"' if n else NO_PAIRS)
    # Mackinnon 2000, Comput Biol Med 30:127-134
    se = sqrt(4 * n_same * n_unequal * (n_same + n_unequal)) / total**2
    return wald(2 * n_same / total, se, n, "specific-agreement; delta", level=level, bounds=(0.0, 1.0))
