"""A Frechet distance at infinitely many patches, from its values at growing numbers of patches.

The distance between samples is larger than the distance between the distributions they come from, by about c / n. A
straight line through the distances of subsets against 1 / n meets the axis where n is infinite.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core import frechet

N_POINTS: Final = 15  # Chong & Forsyth 2020, section 3
MIN_LARGEST: Final = 40  # with fewer patches in the largest subset, the line is drawn through noise
SMALLEST_SHARE: Final = 0.5  # of the largest subset: c / n holds only for large n, so small subsets stay out

Features = NDArray[np.floating]


@dataclass(frozen=True)
class Extrapolation:
    """Intercept of a line of distances against 1 / n.

    Parameters
    ----------
    estimate : distance at infinite n; may fall a little below 0 where the sets do not differ
    fit_se : standard error of the intercept in this fit; subsets overlap, so the real one is larger
    sizes, distances : the points of the line
    note : why there is no estimate, or what weakens it
    """

    estimate: float | None
    fit_se: float | None
    sizes: tuple[int, ...]
    distances: tuple[float, ...]
    note: str


def between_sets(reals: Features, fakes: Features, rng: np.random.Generator) -> Extrapolation:
    """Extrapolate the Frechet distance of two sets, with equally many of both in every subset.

    Parameters
    ----------
    reals : (n, d) floats
    fakes : (m, d) floats
    rng : draws the subsets

    Source: Chong & Forsyth 2020, arXiv:1911.07023, section 3 (FID_infinity); there the reals are so many that only the
    fakes are subsampled.
    """
    largest = min(len(reals), len(fakes))

    def distance(n: int) -> float:
        rows = [rng.choice(len(one), n, replace=False) for one in (reals, fakes)]
        return frechet.distance(reals[rows[0]], fakes[rows[1]])

    return _fitted(largest, reals.shape[1], distance)


def floor(reals: Features, rng: np.random.Generator) -> Extrapolation:
    """Extrapolate the distance between disjoint subsets of the reals; what it is above 0 is the method's own error.

    Parameters
    ----------
    reals : (n, d) floats
    rng : draws the subsets
    """

    def distance(n: int) -> float:
        order = rng.permutation(len(reals))
        return frechet.distance(reals[order[:n]], reals[order[n : 2 * n]])

    return _fitted(len(reals) // 2, reals.shape[1], distance)


def line_at_infinity(sizes: NDArray[np.integer], distances: NDArray[np.floating]) -> tuple[float, float]:
    """Fit distance = a + b / n by least squares.

    Parameters
    ----------
    sizes : (k,) numbers of patches, k >= 3
    distances : (k,) floats

    Returns
    -------
    a and its standard error
    """
    x = 1.0 / np.asarray(sizes, dtype=np.float64)
    y = np.asarray(distances, dtype=np.float64)
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    intercept = float(y.mean() - slope * x.mean())
    residual = y - intercept - slope * x
    variance = float(residual @ residual) / (len(x) - 2)
    return intercept, float(np.sqrt(variance * (1.0 / len(x) + x.mean() ** 2 / spread)))


def _fitted(largest: int, n_features: int, distance: Callable[[int], float]) -> Extrapolation:
    if largest < MIN_LARGEST:
        why = f"Not extrapolated: {largest} patches in the largest subset, at least {MIN_LARGEST} are needed."
        return Extrapolation(None, None, (), (), why)
    sizes = np.unique(np.linspace(largest * SMALLEST_SHARE, largest, N_POINTS).round().astype(int))
    distances = np.array([distance(int(n)) for n in sizes])
    estimate, se = line_at_infinity(sizes, distances)
    note = ""
    if largest <= n_features:
        note = (
            f"Extrapolated from at most {largest} patches in {n_features} features, where the bias does not yet fall "
            "as 1 / n: the result is still too high; compare it with the extrapolated floor."
        )
    return Extrapolation(estimate, se, tuple(int(n) for n in sizes), tuple(map(float, distances)), note)
