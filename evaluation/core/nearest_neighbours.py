"""Leave-one-out 1-nearest-neighbour accuracy of real against fake, in Euclidean distance.

Distances come from one float32 matrix product per block of rows, of features centred by their common mean (which loses
no neighbour to cancellation). Candidates closer to each other than the rounding of that product are measured again in
float64. Neighbours that are then still exactly tied (copies) share the vote: a point with one real and one fake copy at
the same distance counts one half. So swapping the two sets swaps the two accuracies, and nothing depends on row order.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError

BLOCK_BYTES: Final = 64 * 1024 * 1024  # of distances held at once
_ROUNDING: Final = 8.0 * float(np.finfo(np.float32).eps)  # times sqrt(d): scatter of a float32 dot product


@dataclass(frozen=True)
class OneNearestNeighbour:
    """Share of points whose nearest other point has their own label.

    Expected near .5 on both sides if fakes are independent draws from the distribution of the reals; near 1 if the sets
    lie apart; below .5 only if fakes lie closer to particular reals than reals lie to each other, as copies do.
    """

    real_accuracy: float
    fake_accuracy: float
    n_real: int
    n_fake: int
    n_ties: int  # points whose exactly tied neighbours carry both labels

    @property
    def accuracy(self) -> float:
        """Accuracy over both sets together."""
        total = self.n_real + self.n_fake
        return (self.real_accuracy * self.n_real + self.fake_accuracy * self.n_fake) / total

    @property
    def z(self) -> float | None:
        """Overall accuracy against one half in standard errors; absent for sets of unequal size.

        Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545, section 3.1: N(1/2, 1 / (4 n)) under equality.
        """
        return (
            z_against_half(self.accuracy, self.n_real + self.n_fake) if self.n_real == self.n_fake else None
        )


def z_against_half(accuracy: float, n: int) -> float:
    """Standardize an accuracy over n points against one half."""
    return (accuracy - 0.5) * 2.0 * sqrt(n)


def leave_one_out(
    real_features: NDArray[np.floating], fake_features: NDArray[np.floating]
) -> OneNearestNeighbour:
    """Classify every point by its nearest other point among reals and fakes together.

    Parameters
    ----------
    real_features : (n, d) floats
    fake_features : (m, d) floats

    Raises
    ------
    InputError
        If a set is empty, both together hold fewer than two points, or the numbers of features differ.

    Source: Xu 2018, arXiv:1806.07755, section 3 (1-NN two-sample test).
    """
    if real_features.ndim != 2 or fake_features.ndim != 2 or real_features.shape[1] != fake_features.shape[1]:
        raise InputError(
            f"Features of shapes {real_features.shape} and {fake_features.shape} cannot be compared; "
            "extract both with the same extractor."
        )
    if not len(real_features) or not len(fake_features):
        raise InputError(
            "A nearest-neighbour test needs at least one real and one fake; one of the sets is empty."
        )
    points = np.concatenate([real_features, fake_features])
    is_fake = np.arange(len(points)) >= len(real_features)
    neighbour, near_ties = _neighbours(points)
    own_label = (is_fake[neighbour] == is_fake).astype(np.float64)
    n_ties = 0
    for i, candidates in near_ties:
        votes = is_fake[candidates] == is_fake[i]
        if votes.any() and not votes.all():
            votes = is_fake[_closest(points, i, candidates)] == is_fake[i]
        own_label[i] = votes.mean()
        n_ties += int(votes.any() and not votes.all())
    return OneNearestNeighbour(
        float(own_label[~is_fake].mean()),
        float(own_label[is_fake].mean()),
        len(real_features),
        len(fake_features),
        n_ties,
    )


def nearest(points: NDArray[np.floating]) -> NDArray[np.intp]:
    """Find the nearest other point of every point; the lowest index among exact ties.

    Parameters
    ----------
    points : (n, d) floats, n >= 2

    Returns
    -------
    (n,) indices
    """
    found, near_ties = _neighbours(points)
    for i, candidates in near_ties:
        found[i] = _closest(points, i, candidates)[0]
    return found


def _neighbours(points: NDArray[np.floating]) -> tuple[NDArray[np.intp], list[tuple[int, NDArray[np.intp]]]]:
    """Find nearest others in float32, and the points for which float32 cannot tell which of several it is."""
    centred = np.ascontiguousarray(points - points.mean(axis=0), dtype=np.float32)
    squares = np.einsum("ij,ij->i", centred, centred)
    slack = np.float32(_ROUNDING * sqrt(centred.shape[1])) * (squares + squares.max())
    found = np.empty(len(points), dtype=np.intp)
    near_ties: list[tuple[int, NDArray[np.intp]]] = []
    n_rows = max(1, BLOCK_BYTES // (4 * len(points)))
    for start in range(0, len(points), n_rows):
        stop = min(start + n_rows, len(points))
        rows = np.arange(stop - start)
        distances = centred[start:stop] @ centred.T
        distances *= -2
        distances += squares  # the point's own square is the same along its row
        distances[rows, start + rows] = np.inf
        found[start:stop] = distances.argmin(axis=1)
        is_close = distances <= (distances[rows, found[start:stop]] + slack[start:stop])[:, None]
        for row in np.flatnonzero(np.count_nonzero(is_close, axis=1) > 1):
            near_ties.append((start + int(row), np.flatnonzero(is_close[row])))
    return found, near_ties


def _closest(points: NDArray[np.floating], i: int, candidates: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the candidates at the smallest distance from point i, measured in float64."""
    gaps = points[candidates].astype(np.float64) - points[i].astype(np.float64)
    exact = np.einsum("ij,ij->i", gaps, gaps)
    kept: NDArray[np.intp] = candidates[exact == exact.min()]
    return kept
