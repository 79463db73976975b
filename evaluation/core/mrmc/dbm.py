"""Dorfman, Berbaum and Metz's analysis of jackknife pseudovalues: a second way to the same test, as a check."""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from evaluation.core.mrmc.merit import Merit
from evaluation.core.mrmc.ratings import Floats
from generation.core.errors import InputError


@dataclass(frozen=True)
class DorfmanBerbaumMetz:
    """Mean squares of the pseudovalues and what follows from them; random readers and random cases.

    Attributes
    ----------
    mean_squares : by T (arm), R (reader), C (case) and their products
    components : variance components by R, C, TR, TC, RC and error; negative ones as estimated
    f, df1, df2, p : test that all arms are equal; absent where MS(TR) = 0
    """

    mean_squares: dict[str, float]
    components: dict[str, float]
    f: float | None
    df1: float
    df2: float | None
    p: float | None


def analyse(merit: Merit) -> DorfmanBerbaumMetz:
    """Analyse pseudovalues C A - (C - 1) A without case c by a three-way analysis of variance.

    Parameters
    ----------
    merit : figures of merit of at least two arms, two readers and two cases

    Raises
    ------
    InputError
        With fewer.

    Source: Dorfman, Berbaum & Metz 1992, Invest Radiol 27:723; Hillis, Berbaum & Metz 2008, Acad Radiol 15:647-661,
    doi:10.1016/j.acra.2007.12.015 (one case component left out where it is negative, Hillis' denominator df).
    """
    n_arms, n_readers, n_cases = merit.left_out.shape
    if min(n_arms, n_readers, n_cases) < 2:
        raise InputError(
            f"The analysis of pseudovalues has {n_arms} arms, {n_readers} readers and {n_cases} cases; "
            "it needs two of each."
        )
    pseudovalues = n_cases * merit.values[..., None] - (n_cases - 1) * merit.left_out
    ms = _mean_squares(pseudovalues)
    denominator = ms["TR"] + max(ms["TC"] - ms["TRC"], 0.0)
    df1 = float(n_arms - 1)
    components = _components(ms, n_arms, n_readers, n_cases)
    if ms["TR"] < 1e-20:
        return DorfmanBerbaumMetz(ms, components, None, df1, None, None)
    f = ms["T"] / denominator
    df2 = denominator**2 / (ms["TR"] ** 2 / (df1 * (n_readers - 1)))
    return DorfmanBerbaumMetz(ms, components, f, df1, df2, float(fdtrc(df1, df2, f)))


def _mean_squares(y: Floats) -> dict[str, float]:
    """Mean squares of a complete three-way table, (I, J, C), one value per cell."""
    axes = {"T": 0, "R": 1, "C": 2}
    effects: dict[str, Floats] = {"": y.mean(keepdims=True)}
    squares: dict[str, float] = {}
    for term in ("T", "R", "C", "TR", "TC", "RC", "TRC"):
        averaged = tuple(axis for name, axis in axes.items() if name not in term)
        effect = y.mean(axis=averaged, keepdims=True)
        for inner, known in effects.items():
            if set(inner) < set(term):
                effect = effect - known
        effects[term] = effect
        repeats = np.prod([y.shape[axis] for axis in averaged])
        df = np.prod([y.shape[axes[name]] - 1 for name in term])
        squares[term] = float((effect**2).sum() * repeats / df)
    return squares


def _components(ms: dict[str, float], n_arms: int, n_readers: int, n_cases: int) -> dict[str, float]:
    return {
        "R": (ms["R"] - ms["TR"] - ms["RC"] + ms["TRC"]) / (n_arms * n_cases),
        "C": (ms["C"] - ms["TC"] - ms["RC"] + ms["TRC"]) / (n_arms * n_readers),
        "TR": (ms["TR"] - ms["TRC"]) / n_cases,
        "TC": (ms["TC"] - ms["TRC"]) / n_readers,
        "RC": (ms["RC"] - ms["TRC"]) / n_arms,
        "error": ms["TRC"],
    }
