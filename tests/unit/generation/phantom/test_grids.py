"""Interpolation matrices and random fields."""

import numpy as np
import pytest

from generation.core.phantom.grids import (
    Grid,
    apply_weights,
    cubic_weights,
    linear_weights,
    shift_weights,
    spline_weights,
)
from generation.core.phantom.noise import FractalNoise, smooth_noise

POSITIONS = np.array([1.0, 1.25, 2.5, 3.9, 5.0], dtype=np.float32)


class TestWeights:
    def test_linear_reproduces_a_line(self):
        nodes = 3.0 * np.arange(7) - 1.0
        np.testing.assert_allclose(linear_weights(POSITIONS, 7) @ nodes, 3.0 * POSITIONS - 1.0, rtol=1e-5)

    def test_linear_holds_the_border(self):
        outside = np.array([-4.0, 9.0], dtype=np.float32)
        np.testing.assert_allclose(linear_weights(outside, 3) @ np.array([5.0, 6.0, 7.0]), [5.0, 7.0])

    def test_cubic_reproduces_a_parabola(self):
        """Cubic convolution with a = -1/2 is exact for polynomials of degree 2 (Keys 1981)."""
        nodes = np.arange(7.0) ** 2
        np.testing.assert_allclose(cubic_weights(POSITIONS, 7) @ nodes, POSITIONS**2, rtol=1e-4)

    def test_splines_sum_to_one(self):
        np.testing.assert_allclose(spline_weights(POSITIONS, 8).sum(axis=1), 1.0, rtol=1e-5)

    @pytest.mark.parametrize("shift", [-1.0, 0.0, 0.4, 1.0])
    def test_shift_moves_the_centre_of_mass(self, shift):
        line = np.zeros(21)
        line[10] = 1.0
        moved = shift_weights(21, shift, 0.5) @ line
        assert (moved * np.arange(21)).sum() / moved.sum() == pytest.approx(10.0 + shift, abs=0.06)

    def test_one_matrix_per_axis(self):
        volume = np.random.default_rng(0).random((2, 3, 4), dtype=np.float32)
        a, b, c = (np.random.default_rng(n).random((n + 3, n), dtype=np.float32) for n in (2, 3, 4))
        expected = np.einsum("zi,yj,xk,ijk->zyx", a, b, c, volume)
        np.testing.assert_allclose(apply_weights(volume, a, b, c), expected, rtol=1e-5)


class TestGrid:
    def test_coarser_covers_the_same_field_of_view(self):
        grid = Grid((4, 31, 40), (4.0, 0.9, 0.9), (0.0, -10.0, 5.0))
        coarse = grid.coarser(3)
        for axis in (1, 2):
            assert (coarse.shape[axis] - 1) * coarse.spacing[axis] >= (grid.shape[axis] - 1) * grid.spacing[
                axis
            ]

    def test_index_of_inverts_the_axes(self):
        grid = Grid((4, 31, 40), (4.0, 0.9, 0.8), (0.0, -10.0, 5.0))
        np.testing.assert_allclose(grid.index_of(2, grid.axes()[2]), np.arange(40), atol=1e-4)


class TestNoise:
    GRID = Grid((24, 90, 90), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0))

    def test_smooth_noise_has_unit_variance(self):
        field = smooth_noise(np.random.default_rng(5), self.GRID, 4.0)
        assert field.mean() == pytest.approx(0.0, abs=0.05)
        assert field.std() == pytest.approx(1.0, abs=0.05)

    def test_a_larger_scale_is_smoother(self):
        steps = [
            np.abs(np.diff(smooth_noise(np.random.default_rng(6), self.GRID, scale), axis=2)).mean()
            for scale in (3.0, 9.0)
        ]
        assert steps[0] > 2.0 * steps[1]

    def test_fractal_noise_is_periodic(self):
        noise = FractalNoise.draw(np.random.default_rng(7), n=32)
        points = np.random.default_rng(8).uniform(0.0, 32.0, (3, 50)).astype(np.float32)
        here = noise.at(points, 1.0, np.zeros(3, dtype=np.float32))
        there = noise.at(points, 1.0, np.full(3, 32.0, dtype=np.float32))
        np.testing.assert_allclose(here, there, atol=1e-3)

    def test_same_seed_same_noise(self):
        one, two = (smooth_noise(np.random.default_rng(9), self.GRID, 5.0) for _ in range(2))
        assert one.tobytes() == two.tobytes()
