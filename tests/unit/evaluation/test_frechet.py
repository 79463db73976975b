"""Frechet distance against analytic cases, scipy's matrix square root and a 60-digit reference."""

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from evaluation.core import frechet
from generation.core.errors import InputError


def make_features(n: int, d: int, *, seed: int, shift: float = 0.0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((d, d)) / np.sqrt(d)
    return rng.standard_normal((n, d)) @ mixing + shift


def by_definition(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Equation 4 of the paper, by scipy's matrix square root."""
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    gap = a.mean(0) - b.mean(0)
    return float(gap @ gap + np.trace(s + t - 2 * np.real(linalg.sqrtm(s @ t))))


def by_60_digits(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Equation 4 with 60 digits, through the eigenvalues of S1^(1/2) S2 S1^(1/2)."""
    with mpmath.workdps(60):

        def moments(x: NDArray[np.float64]) -> tuple[mpmath.matrix, mpmath.matrix]:
            m = mpmath.matrix(x.tolist())
            mean = mpmath.matrix(
                [mpmath.fsum(m[i, j] for i in range(m.rows)) / m.rows for j in range(m.cols)]
            )
            for i in range(m.rows):
                for j in range(m.cols):
                    m[i, j] -= mean[j]
            return mean, m.T * m / (m.rows - 1)

        (mean_a, s), (mean_b, t) = moments(a), moments(b)
        values, vectors = mpmath.eigsy(s)
        root = vectors * mpmath.diag([mpmath.sqrt(max(v, mpmath.mpf(0))) for v in values]) * vectors.T
        overlap = mpmath.fsum(mpmath.sqrt(max(v, mpmath.mpf(0))) for v in mpmath.eigsy(root * t * root)[0])
        gap = mpmath.fsum((x - y) ** 2 for x, y in zip(mean_a, mean_b, strict=True))
        traces = mpmath.fsum(s[i, i] + t[i, i] for i in range(s.rows))
        return float(gap + traces - 2 * overlap)


class TestDistance:
    @pytest.mark.parametrize(("n", "m"), [(12, 12), (9, 40), (40, 9), (40, 60)])
    def test_60_digit_reference(self, n: int, m: int) -> None:
        # d = 16: fewer rows than features on both sides, on one, on none
        a, b = make_features(n, 16, seed=1), make_features(m, 16, seed=2, shift=0.3)
        assert frechet.distance(a, b) == pytest.approx(by_60_digits(a, b), rel=1e-12)

    def test_matrix_square_root_of_scipy(self) -> None:
        a, b = make_features(400, 64, seed=3), make_features(300, 64, seed=4, shift=0.1)
        assert frechet.distance(a, b) == pytest.approx(by_definition(a, b), rel=1e-9)

    def test_singular_covariances_against_scipy(self) -> None:
        # n < d: scipy's square root of a singular product is only good to about 1e-4
        a, b = make_features(60, 128, seed=5), make_features(60, 128, seed=6)
        assert frechet.distance(a, b) == pytest.approx(by_definition(a, b), rel=1e-3)

    def test_a_shift_gives_its_squared_length(self) -> None:
        a = make_features(30, 50, seed=7)
        assert frechet.distance(a, a + 0.2) == pytest.approx(50 * 0.04, rel=1e-10)

    def test_a_scaling_gives_the_trace(self) -> None:
        # covariance c^2 S: Tr S (1 - c)^2, and the mean moves by (c - 1) mean
        a = make_features(30, 50, seed=8)
        expected = 0.25 * np.var(a, axis=0, ddof=1).sum() + 0.25 * (a.mean(0) ** 2).sum()
        assert frechet.distance(a, 1.5 * a) == pytest.approx(expected, rel=1e-10)

    @pytest.mark.parametrize("n", [20, 200])
    def test_of_a_set_with_itself_is_zero(self, n: int) -> None:
        a = make_features(n, 64, seed=9, shift=5)
        assert frechet.distance(a, a) == pytest.approx(0, abs=1e-9)

    def test_float32_features_are_computed_in_float64(self) -> None:
        a, b = (
            make_features(50, 80, seed=10).astype(np.float32),
            make_features(50, 80, seed=11).astype(np.float32),
        )
        assert frechet.distance(a, b) == frechet.distance(a.astype(np.float64), b.astype(np.float64))

    def test_constant_features_differ_only_by_the_mean(self) -> None:
        assert frechet.distance(np.zeros((5, 3)), np.full((4, 3), 2.0)) == pytest.approx(12)

    def test_one_row_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"shape \(1, 3\) have no covariance"):
            frechet.distance(np.zeros((1, 3)), np.zeros((4, 3)))

    def test_values_that_are_not_finite_are_refused(self) -> None:
        with pytest.raises(InputError, match="not finite"):
            frechet.distance(np.full((4, 3), np.nan), np.zeros((4, 3)))

    def test_different_extractors_are_refused(self) -> None:
        with pytest.raises(InputError, match="3 and 4 features"):
            frechet.distance(np.zeros((5, 3)), np.zeros((5, 4)))


class TestFromMoments:
    def test_commuting_gaussians(self) -> None:
        # Diagonal covariances: sum (sqrt s - sqrt t)^2 + |gap|^2; Dowson & Landau 1982
        first = frechet.from_moments(np.array([0.0, 1.0]), np.diag([4.0, 9.0]))
        second = frechet.from_moments(np.array([3.0, 1.0]), np.diag([1.0, 0.0]))
        assert frechet.between(first, second) == pytest.approx(9 + 1 + 9)

    def test_agrees_with_features(self) -> None:
        a, b = make_features(30, 8, seed=12), make_features(30, 8, seed=13)
        moments = [frechet.from_moments(x.mean(0), np.cov(x, rowvar=False)) for x in (a, b)]
        assert frechet.between(*moments) == pytest.approx(frechet.distance(a, b), rel=1e-9)

    def test_a_matrix_that_is_no_covariance_is_refused(self) -> None:
        with pytest.raises(InputError, match="eigenvalue -1"):
            frechet.from_moments(np.zeros(2), np.diag([1.0, -1.0]))
