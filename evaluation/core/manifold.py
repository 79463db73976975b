"""Precision, recall, density and coverage: do fakes lie where reals lie, and reals where fakes lie?

Each set's support is approximated by balls around its points that reach to their k-th nearest neighbour.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError

K_PRECISION: Final = 3  # Kynkaanniemi 2019, section 2
K_DENSITY: Final = 5  # Naeem 2020, section 5.1.1
_ROUNDING: Final = 64.0 * float(np.finfo(np.float64).eps)

Features = NDArray[np.floating]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ManifoldScores:
    """Shares of patches that lie inside the other set's balls; density is a mean number of balls and may exceed 1."""

    precision: float  # fakes inside some ball of a real, k = K_PRECISION
    recall: float  # reals inside some ball of a fake, k = K_PRECISION
    density: (
        float  # balls of reals around a fake over k, k = K_DENSITY; 1 in expectation for equal distributions
    )
    coverage: float  # reals whose ball holds a fake, k = K_DENSITY


def between_sets(reals: Features, fakes: Features) -> ManifoldScores:
    """Compute the four scores of two sets of features, in Euclidean distance and with closed balls.

    Parameters
    ----------
    reals : (n, d) floats, n > K_DENSITY
    fakes : (m, d) floats, m > K_DENSITY

    Raises
    ------
    InputError
        If a set has too few rows or the numbers of features differ.

    Source: Kynkaanniemi 2019, arXiv:1904.06991, equations 1-3; Naeem 2020, arXiv:2002.09797, equations 5 and 6.
    """
    if min(len(reals), len(fakes)) <= K_DENSITY or reals.shape[1] != fakes.shape[1]:
        raise InputError(
            f"Neighbourhoods of features of shapes {reals.shape} and {fakes.shape} are not defined; "
            f"give more than {K_DENSITY} rows of each, from the same extractor."
        )
    centre = np.asarray(reals, dtype=np.float64).mean(axis=0)
    x, y = np.asarray(reals, dtype=np.float64) - centre, np.asarray(fakes, dtype=np.float64) - centre
    across = squared_distances(x, y)
    real_radii, fake_radii = _radii(x), _radii(y)
    in_real_ball = across <= real_radii[K_PRECISION][:, None]
    in_fake_ball = across <= fake_radii[K_PRECISION][None, :]
    in_wide_ball = across <= real_radii[K_DENSITY][:, None]
    return ManifoldScores(
        precision=float(in_real_ball.any(axis=0).mean()),
        recall=float(in_fake_ball.any(axis=1).mean()),
        density=float(in_wide_ball.sum() / (K_DENSITY * len(y))),
        coverage=float(in_wide_ball.any(axis=1).mean()),
    )


def expected_coverage(n: int, m: int, k: int = K_DENSITY) -> float:
    """Give the coverage of m fakes that come from the distribution of the n reals.

    Source: Naeem 2020, arXiv:2002.09797, lemma 2, with the number of fakes kept apart from that of the reals: none of
    the k nearest of the n - 1 + m other points is a fake.
    """
    missed = 1.0
    for i in range(k):
        missed *= (n - 1 - i) / (n - 1 + m - i)
    return 1.0 - missed


def squared_distances(x: Matrix, y: Matrix) -> Matrix:
    """Compute squared Euclidean distances of every pair of rows; what rounding cannot tell from 0 is 0.

    Parameters
    ----------
    x : (n, d) float64
    y : (m, d) float64

    Returns
    -------
    (n, m) float64
    """
    squares_x, squares_y = np.einsum("ij,ij->i", x, x), np.einsum("ij,ij->i", y, y)
    sums = squares_x[:, None] + squares_y[None, :]
    found: Matrix = sums - 2.0 * (x @ y.T)
    found[found < _ROUNDING * sums] = 0.0
    return found


def _radii(points: Matrix) -> dict[int, Matrix]:
    """Squared distance of every point to its k-th nearest other point, and what rounding may add to a point on the sphere."""
    distances = squared_distances(points, points)
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(np.partition(distances, K_DENSITY - 1, axis=1)[:, :K_DENSITY], axis=1)
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points))
    found = {}
    for k in (K_PRECISION, K_DENSITY):
        radii = nearest[:, k - 1]
        found[k] = radii + _ROUNDING * (lengths**2 + (lengths + np.sqrt(radii)) ** 2)
    return found
