"""Frechet distance between two sets of features: features -> statistics -> distance.

For Gaussians with covariances S1 = A^T A and S2 = B^T B, Tr (S1 S2)^(1/2) is the nuclear norm (the sum of singular
values) of A B^T. With A the centred features over sqrt(n - 1), no covariance matrix is formed, no matrix square root is
taken and nothing is added to a diagonal: n x n instead of d x d where n < d, and exact to rounding where covariances are
singular. Where n >= d, the triangular factor of a QR decomposition takes the place of the centred features.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from generation.core.errors import InputError

MIN_FEATURES: Final = 2  # a variance needs two


@dataclass(frozen=True)
class Gaussian:
    """Mean and a root of the covariance of a set of features.

    Parameters
    ----------
    mean : (d,) float64
    root : (r, d) float64 with root.T @ root = covariance, r = min(n, d)
    """

    mean: NDArray[np.float64]
    root: NDArray[np.float64]

    @property
    def trace(self) -> float:
        """Trace of the covariance."""
        return float(np.vdot(self.root, self.root))


def statistics(features: NDArray[np.floating]) -> Gaussian:
    """Reduce features to the mean and a root of their unbiased covariance.

    Parameters
    ----------
    features : (n, d) floats, n >= 2, all finite

    Raises
    ------
    InputError
        If there are fewer than two rows or a value is not finite.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < MIN_FEATURES:
        raise InputError(
            f"Features of shape {rows.shape} have no covariance; give a table of at least {MIN_FEATURES} rows."
        )
    if not np.isfinite(rows).all():
        raise InputError(
            "Features hold values that are not finite; check the patches and the weights of the extractor."
        )
    mean = rows.mean(axis=0)
    root = (rows - mean) / np.sqrt(len(rows) - 1)
    n, d = root.shape
    if n > d:
        root = linalg.qr(root, mode="r", check_finite=False, overwrite_a=True)[0][:d]
    return Gaussian(mean, np.ascontiguousarray(root))


def from_moments(mean: NDArray[np.floating], covariance: NDArray[np.floating]) -> Gaussian:
    """Build the statistics from a known mean and covariance.

    Parameters
    ----------
    mean : (d,) floats
    covariance : (d, d) floats, symmetric, no eigenvalue below zero beyond rounding

    Raises
    ------
    InputError
        If the covariance has a clearly negative eigenvalue.
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=np.float64))
    if values[0] < -1e-10 * max(values[-1], 1.0):
        raise InputError(f"Covariance has the eigenvalue {values[0]:.3g}; a covariance has none below 0.")
    root = np.sqrt(np.clip(values, 0.0, None))[:, None] * vectors.T
    return Gaussian(np.asarray(mean, dtype=np.float64), root)


def between(first: Gaussian, second: Gaussian) -> float:
    """Compute the squared Frechet distance of two Gaussians.

    Raises
    ------
    InputError
        If the two have different numbers of features.

    Source: Heusel 2017, arXiv:1706.08500, equation 6; Haarburger 2019, equation 4.
    """
    if first.mean.shape != second.mean.shape:
        raise InputError(
            f"Sets have {len(first.mean)} and {len(second.mean)} features; extract both with the same extractor."
        )
    gap = first.mean - second.mean
    overlap = float(np.linalg.svd(first.root @ second.root.T, compute_uv=False).sum())
    squared = float(gap @ gap) + first.trace + second.trace - 2.0 * overlap
    return max(squared, 0.0)  # a distance; rounding alone can bring it below zero


def distance(real_features: NDArray[np.floating], fake_features: NDArray[np.floating]) -> float:
    """Compute the squared Frechet distance of two sets of features.

    Parameters
    ----------
    real_features : (n, d) floats
    fake_features : (m, d) floats

    Raises
    ------
    InputError
        If a set has fewer than two rows, values are not finite, or the numbers of features differ.
    """
    return between(statistics(real_features), statistics(fake_features))
