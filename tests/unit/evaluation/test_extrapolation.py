"""Extrapolation to infinite n: exact lines, and Gaussians whose distance is known."""

import numpy as np
import pytest

from evaluation.core import extrapolation, frechet


class TestLineAtInfinity:
    def test_points_on_a_line_give_its_intercept(self) -> None:
        sizes = np.array([50, 100, 200, 400])
        intercept, se = extrapolation.line_at_infinity(sizes, 3.0 + 120.0 / sizes)
        assert intercept == pytest.approx(3.0, abs=1e-12)
        assert se == pytest.approx(0.0, abs=1e-10)

    def test_intercept_and_its_error_by_hand(self) -> None:
        # x = 1/n = 1, 1/2, 1/4 and y = 4, 3, 1: mean x 7/12, mean y 8/3, Sxx 7/24, Sxy 13/12 -> slope 26/7,
        # intercept 8/3 - 26/7 * 7/12 = 1/2; residuals -3/14, 9/14, -3/7 -> RSS 9/14, one degree of freedom;
        # se^2 = 9/14 * (1/3 + (7/12)^2 / (7/24)) = 9/14 * 3/2
        intercept, se = extrapolation.line_at_infinity(np.array([1, 2, 4]), np.array([4.0, 3.0, 1.0]))
        assert intercept == pytest.approx(0.5)
        assert se == pytest.approx(np.sqrt(27 / 28))


class TestBetweenSets:
    def test_known_gaussians(self) -> None:
        # N(0, I) against N(0.25, I) in 8 dimensions: 8 * 0.0625 = 0.5 exactly
        rng = np.random.default_rng(1)
        reals, fakes = rng.standard_normal((4000, 8)), rng.standard_normal((4000, 8)) + 0.25
        found = extrapolation.between_sets(reals[:800], fakes[:800], rng)
        assert found.estimate == pytest.approx(0.5, abs=0.08)
        assert found.estimate is not None
        assert frechet.distance(reals[:100], fakes[:100]) > 0.55  # what a hundred patches show
        assert found.note == ""
        assert (found.sizes[0], found.sizes[-1], len(found.sizes)) == (400, 800, extrapolation.N_POINTS)

    def test_more_features_than_patches_is_said(self) -> None:
        rng = np.random.default_rng(2)
        found = extrapolation.between_sets(
            rng.standard_normal((60, 100)), rng.standard_normal((60, 100)), rng
        )
        assert "does not yet fall as 1 / n" in found.note

    def test_too_few_patches(self) -> None:
        rng = np.random.default_rng(3)
        found = extrapolation.between_sets(rng.standard_normal((39, 2)), rng.standard_normal((90, 2)), rng)
        assert (found.estimate, found.fit_se) == (None, None)
        assert found.note == "Not extrapolated: 39 patches in the largest subset, at least 40 are needed."

    def test_the_floor_of_one_distribution_is_near_zero(self) -> None:
        rng = np.random.default_rng(4)
        found = extrapolation.floor(rng.standard_normal((2000, 6)), rng)
        assert found.estimate == pytest.approx(0.0, abs=0.02)
        assert max(found.distances) > 0
