"""Agreement of all readers on their answers, over everything and within each origin."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from evaluation.core.accuracy import ALL
from evaluation.core.agreement import ANSWERS
from evaluation.core.estimates import Estimate, HypothesisTest
from evaluation.core.many_raters import (
    N_REPLICATES,
    fleiss_kappa,
    fleiss_test,
    gwet_ac1,
    krippendorff_alpha,
    rating_counts,
)
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import Readings

NO_CONFIDENCE: Final = "no confidence was asked"


@dataclass(frozen=True)
class AgreementOfReaders:
    """Agreement of all readers on the cases of one origin, or of all.

    Attributes
    ----------
    n_cases : cases with at least two answers
    observed : mean share of equal answers over pairs of answers to the same case
    fleiss : on the cases that every reader answered
    fleiss_test : of no agreement beyond chance
    alpha : Krippendorff's, on all cases with two answers or more
    alpha_ordinal : of the confidence scores 1..2k
    ac1 : Gwet's
    """

    origin: str
    n_readers: int
    n_cases: int
    observed: float | None
    fleiss: Estimate
    fleiss_test: HypothesisTest
    alpha: Estimate
    alpha_ordinal: Estimate
    ac1: Estimate


def of_all(
    readings: Readings,
    rng: np.random.Generator,
    origin: str = ALL,
    *,
    n_replicates: int = N_REPLICATES,
    level: float = LEVEL,
) -> AgreementOfReaders:
    """Compute the agreement of all readers.

    Parameters
    ----------
    rng : draws the cases of the bootstrap replicates, within each origin
    origin : one origin, or `all`; over all origins together, agreement also reflects skill
    """
    cases = readings.cases_of(origin)
    strata = [readings.origin_of[case] for case in cases]
    by_case = list(zip(*readings.answers_matrix(origin), strict=True))
    counts = rating_counts(by_case, ANSWERS)
    pairs = counts.sum(1) * (counts.sum(1) - 1)
    equal = (counts * (counts - 1)).sum(1)
    return AgreementOfReaders(
        origin=origin,
        n_readers=len(readings.readers),
        n_cases=int((pairs > 0).sum()),
        observed=float(equal[pairs > 0].sum() / pairs.sum()) if pairs.any() else None,
        fleiss=fleiss_kappa(counts, rng, strata=strata, n_replicates=n_replicates, level=level),
        fleiss_test=fleiss_test(counts),
        alpha=krippendorff_alpha(counts, rng, strata=strata, n_replicates=n_replicates, level=level),
        alpha_ordinal=_ordinal(readings, origin, rng, strata, n_replicates, level),
        ac1=gwet_ac1(counts, level=level),
    )


def _ordinal(
    readings: Readings,
    origin: str,
    rng: np.random.Generator,
    strata: list[str],
    n_replicates: int,
    level: float,
) -> Estimate:
    if readings.n_levels is None:
        return Estimate(None, 0, "krippendorff, ordinal", note=NO_CONFIDENCE)
    scores = zip(*readings.scores_matrix(origin), strict=True)
    counts = rating_counts(scores, range(1, 2 * readings.n_levels + 1))
    return krippendorff_alpha(
        counts, rng, scale="ordinal", strata=strata, n_replicates=n_replicates, level=level
    )
