"""The scanner's sampling grid and separable interpolation on it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """A regular axial grid; every triple is in array order (z, y, x).

    Patient axes in mm, LPS as in ITK: x grows to the patient's left, y to the back, z to the head.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]  # mm
    origin: tuple[float, float, float]  # mm, centre of the first voxel

    def axes(self) -> tuple[Array, Array, Array]:
        """Return z (n_z, 1, 1), y (n_y, 1) and x (n_x,) in mm, ready to broadcast."""
        z, y, x = (
            (origin + spacing * np.arange(n)).astype(np.float32)
            for n, spacing, origin in zip(self.shape, self.spacing, self.origin, strict=True)
        )
        return z[:, None, None], y[:, None], x

    def coarser(self, factor: int) -> "Grid":
        """Return a grid over the same field of view with `factor` times larger pixels in plane."""
        n_z, n_y, n_x = self.shape
        d_z, d_y, d_x = self.spacing
        shape = (n_z, -(-n_y // factor) + 1, -(-n_x // factor) + 1)
        return Grid(shape, (d_z, d_y * factor, d_x * factor), self.origin)

    def index_of(self, axis: int, mm: Array) -> Array:
        """Continuous index of positions in mm along one axis."""
        return np.asarray((mm - self.origin[axis]) / self.spacing[axis], dtype=np.float32)


def linear_weights(positions: Array, n_nodes: int) -> Array:
    """Build the matrix that interpolates linearly between nodes and holds the border values.

    Parameters
    ----------
    positions : (n,) continuous node indices
    n_nodes : number of nodes

    Returns
    -------
    (n, n_nodes) float32 whose rows sum to 1
    """
    clipped = np.clip(positions, 0.0, n_nodes - 1.0)
    distance = np.abs(clipped[:, None] - np.arange(n_nodes, dtype=np.float32))
    return np.asarray(np.clip(1.0 - distance, 0.0, None), dtype=np.float32)


def spline_weights(positions: Array, n_nodes: int) -> Array:
    """Build the matrix of uniform cubic B-splines: smooth, and not interpolating, as noise wants it.

    Parameters
    ----------
    positions : (n,) continuous node indices, at least 1 node away from both ends
    n_nodes : number of nodes

    Returns
    -------
    (n, n_nodes) float32
    """
    distance = np.abs(positions[:, None] - np.arange(n_nodes, dtype=np.float32))
    near = 2.0 / 3.0 - distance**2 * (1.0 - distance / 2.0)
    far = np.clip(2.0 - distance, 0.0, None) ** 3 / 6.0
    return np.asarray(np.where(distance < 1.0, near, far), dtype=np.float32)


def cubic_weights(positions: Array, n_nodes: int) -> Array:
    """Build the matrix of cubic convolution: interpolates like `linear_weights` and keeps edges sharper.

    Source: Keys, IEEE Trans Acoust 1981;29:1153, a = -1/2.
    """
    clipped = np.clip(positions, 0.0, n_nodes - 1.0)
    d = np.abs(clipped[:, None] - np.arange(n_nodes, dtype=np.float32))
    near = (1.5 * d - 2.5) * d * d + 1.0
    far = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    weights = np.where(d < 1.0, near, np.where(d < 2.0, far, 0.0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def shift_weights(n: int, shift: float, blur: float) -> Array:
    """Build the band matrix that moves a line by `shift` pixels and blurs it by a Gaussian of `blur` pixels.

    Parameters
    ----------
    n : pixels of the line
    shift : pixels towards higher indices
    blur : standard deviation in pixels; 0.3 and more

    Returns
    -------
    (n, n) float32 whose rows sum to 1
    """
    pixels = np.arange(n, dtype=np.float32)
    distance = np.clip(pixels - shift, 0, n - 1)[:, None] - pixels
    weights = np.exp(-0.5 * (distance / blur) ** 2)
    weights[np.abs(distance) > 3.0 * blur + 1.0] = 0.0
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def apply_weights(lattice: Array, by_z: Array | None, by_y: Array, by_x: Array) -> Array:
    """Apply one matrix per axis to a volume.

    Parameters
    ----------
    lattice : (m_z, m_y, m_x)
    by_z, by_y, by_x : (n_z, m_z) or None to leave z alone, (n_y, m_y), (n_x, m_x)

    Returns
    -------
    (n_z, n_y, n_x) float32, contiguous
    """
    values = np.ascontiguousarray(lattice, dtype=np.float32)
    if by_z is not None:
        m_z = values.shape[0]
        values = (by_z @ values.reshape(m_z, -1)).reshape(by_z.shape[0], *values.shape[1:])
    in_plane: Array = np.matmul(np.matmul(by_y, values), by_x.T)
    return in_plane
