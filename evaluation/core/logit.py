"""Logistic regression of one reader's answers, refused where the likelihood has no maximum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from statsmodels.discrete.discrete_model import Logit

from evaluation.core.estimates import Estimate, HypothesisTest, wald
from evaluation.core.proportions import LEVEL

METHOD: Final = "logit, wald"
SAME_OUTCOME: Final = "all outcomes are the same"
COLLINEAR: Final = "the predictors determine each other or do not vary"
SEPARATED: Final = "the predictors separate the outcomes, so a log odds ratio is infinite"


@dataclass(frozen=True)
class Coefficient:
    """A log odds ratio with its Wald interval and test."""

    name: str
    estimate: Estimate
    test: HypothesisTest


def fit(
    outcome: Sequence[bool], predictors: Mapping[str, Sequence[float]], *, level: float = LEVEL
) -> dict[str, Coefficient]:
    """Fit outcome ~ 1 + predictors by maximum likelihood; every coefficient is absent where one is infinite.

    Parameters
    ----------
    outcome : n of them
    predictors : name -> n values

    Source: separation by the linear programme of Konis 2007, Linear programming algorithms for detecting separated
    data in binary logistic regression models, DPhil thesis, University of Oxford, section 4.
    """
    n = len(outcome)
    y = np.array(outcome, float)
    design = np.column_stack([np.ones(n), *predictors.values()]) if n else np.empty((0, 1 + len(predictors)))
    reason = _obstacle(y, design)
    if reason:
        return {name: _absent(name, n, reason) for name in predictors}
    fitted = Logit(y, design).fit(method="newton", maxiter=200, disp=0)
    found = {}
    for i, name in enumerate(predictors, start=1):
        value, se = float(fitted.params[i]), float(fitted.bse[i])
        test = HypothesisTest(METHOD, n, float(fitted.pvalues[i]), value / se)
        found[name] = Coefficient(name, wald(value, se, n, METHOD, level=level), test)
    return found


def _absent(name: str, n: int, reason: str) -> Coefficient:
    return Coefficient(
        name, Estimate(None, n, METHOD, note=reason), HypothesisTest(METHOD, n, None, note=reason)
    )


def _obstacle(y: NDArray[np.float64], design: NDArray[np.float64]) -> str:
    if len(np.unique(y)) < 2:
        return SAME_OUTCOME
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return COLLINEAR
    return SEPARATED if _is_separated(y, design) else ""


def _is_separated(y: NDArray[np.float64], design: NDArray[np.float64]) -> bool:
    """Look for a direction along which no outcome lies on the wrong side and some lie strictly on the right one."""
    signed = np.where(y[:, None] == 1, design, -design)
    found = linprog(
        -signed.sum(0),
        A_ub=np.vstack([-signed, signed]),
        b_ub=np.concatenate([np.zeros(len(y)), np.ones(len(y))]),
        bounds=(None, None),
        method="highs",
    )
    return found.fun is not None and bool(found.fun < -1e-6)
