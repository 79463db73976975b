"""Random fields: the irregularity of living tissue at a chosen scale in mm."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import fft, ndimage

from generation.core.phantom.grids import Array, Grid, apply_weights, spline_weights

_SPLINE_POWER = 151.0 / 315.0  # integral of the squared cubic B-spline: variance kept per axis


def smooth_noise(rng: np.random.Generator, grid: Grid, scale_mm: float) -> Array:
    """Draw a smooth random field with features of about `scale_mm`.

    Parameters
    ----------
    rng : random generator
    grid : where the field is wanted
    scale_mm : distance between the nodes of the underlying lattice

    Returns
    -------
    grid.shape float32, mean about 0, standard deviation about 1
    """
    matrices = []
    for n, spacing in zip(grid.shape, grid.spacing, strict=True):
        positions = np.arange(n, dtype=np.float32) * (spacing / scale_mm) + 1.0 + rng.random(dtype=np.float32)
        matrices.append(spline_weights(positions, int(positions[-1]) + 3))
    by_z, by_y, by_x = matrices
    lattice = rng.standard_normal((by_z.shape[1], by_y.shape[1], by_x.shape[1]), dtype=np.float32)
    return apply_weights(lattice / _SPLINE_POWER**1.5, by_z, by_y, by_x)


@dataclass(frozen=True)
class FractalNoise:
    """A periodic random volume with a power-law spectrum, to be sampled at any (warped) points."""

    values: Array

    @classmethod
    def draw(
        cls, rng: np.random.Generator, *, n: int = 96, exponent: float = 1.7, longest: float = 24.0
    ) -> Self:
        """Draw a volume of n^3 cells; amplitude falls as frequency^-exponent below wavelengths of `longest` cells."""
        white = rng.standard_normal((n, n, n), dtype=np.float32)
        f = fft.fftfreq(n).astype(np.float32)
        f_half = fft.rfftfreq(n).astype(np.float32)
        frequency = np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + f_half**2)
        amplitude = np.maximum(frequency, 1.0 / longest) ** -exponent
        amplitude *= np.exp(-((frequency / 0.25) ** 4))
        amplitude[0, 0, 0] = 0.0
        values = fft.irfftn(fft.rfftn(white) * amplitude, s=white.shape)
        return cls(np.asarray(values / values.std(), dtype=np.float32))

    def at(self, points: Array, cell_mm: float | tuple[float, float, float], offset: Array) -> Array:
        """Sample the noise.

        Parameters
        ----------
        points : (3, n) positions in mm
        cell_mm : size of a cell, or one size per axis
        offset : (3,) in cells; another offset gives another, nearly independent field

        Returns
        -------
        (n,) float32
        """
        scale = np.broadcast_to(np.asarray(cell_mm, dtype=np.float32), (3,))
        coordinates = points / scale[:, None] + offset[:, None]
        return np.asarray(
            ndimage.map_coordinates(self.values, coordinates, order=1, mode="grid-wrap", output=np.float32)
        )


def draw_offset(rng: np.random.Generator) -> Array:
    """Draw where in a FractalNoise to look."""
    return rng.uniform(0.0, 96.0, 3).astype(np.float32)
