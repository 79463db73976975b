"""Kernel distance against its definition, a hand calculation and a jackknife that leaves rows out one by one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.core import kernel_distance
from generation.core.errors import InputError

Rows = NDArray[np.float64]


def by_definition(x: Rows, y: Rows) -> float:
    """Gretton 2012, equation 3, sum by sum."""

    def k(a: Rows, b: Rows) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    across = sum(k(a, b) for a in x for b in y) / (n * m)
    return within_x + within_y - 2 * across


class TestBetweenSets:
    def test_definition(self) -> None:
        rng = np.random.default_rng(1)
        x, y = rng.standard_normal((7, 5)), rng.standard_normal((9, 5)) + 0.4
        assert kernel_distance.between_sets(x, y).estimate == pytest.approx(by_definition(x, y), rel=1e-12)

    def test_constants_by_hand(self) -> None:
        # one feature, x = 1 and y = 2 throughout: (1 + 1)^3 + (4 + 1)^3 - 2 (2 + 1)^3 = 8 + 125 - 54
        found = kernel_distance.between_sets(np.full((4, 1), 1.0), np.full((5, 1), 2.0))
        assert found.estimate == pytest.approx(79)
        assert found.se == pytest.approx(0, abs=1e-9)

    def test_jackknife_leaves_out_one_row_at_a_time(self) -> None:
        rng = np.random.default_rng(2)
        x, y = rng.standard_normal((6, 3)), rng.standard_normal((8, 3))
        left_x = [by_definition(np.delete(x, i, 0), y) for i in range(6)]
        left_y = [by_definition(x, np.delete(y, i, 0)) for i in range(8)]
        # Efron & Stein 1981: (n - 1) / n times the sum of squares about the mean, for each sample
        variance = 5 * np.var(left_x) + 7 * np.var(left_y)
        found = kernel_distance.between_sets(x, y)
        assert found.se == pytest.approx(np.sqrt(variance), rel=1e-9)
        assert found.df == 5
        low, high = found.interval()
        # t quantile of 5 degrees of freedom, R: qt(.975, 5) = 2.570582
        assert high - found.estimate == pytest.approx(2.570582 * found.se, rel=1e-6)
        assert low < found.estimate

    def test_patients_are_left_out_whole(self) -> None:
        rng = np.random.default_rng(3)
        x, y = rng.standard_normal((6, 3)), rng.standard_normal((8, 3))
        patients = ["a", "b", "a", "c", "c", "c"]
        left = [by_definition(x[[p != q for p in patients]], y) for q in "abc"]
        left_y = [by_definition(x, np.delete(y, i, 0)) for i in range(8)]
        found = kernel_distance.between_sets(x, y, patients)
        assert found.se == pytest.approx(np.sqrt(2 * np.var(left) + 7 * np.var(left_y)), rel=1e-9)
        assert (found.n_groups, found.df) == (3, 2)

    def test_unbiased_and_covered_under_equality(self) -> None:
        # the mean over many pairs of sets of one distribution is 0 within its own standard error
        rng = np.random.default_rng(4)
        runs = [
            kernel_distance.between_sets(rng.standard_normal((25, 4)), rng.standard_normal((25, 4)))
            for _ in range(200)
        ]
        estimates = np.array([one.estimate for one in runs])
        assert abs(estimates.mean()) < 3 * estimates.std(ddof=1) / np.sqrt(200)
        covered = np.mean([one.interval()[0] <= 0 <= one.interval()[1] for one in runs])
        assert covered > 0.92  # nominal .95; binomial standard error .015

    def test_too_few_rows_and_one_patient_are_refused(self) -> None:
        with pytest.raises(InputError, match="at least 4 rows of each"):
            kernel_distance.between_sets(np.zeros((3, 2)), np.zeros((5, 2)))
        with pytest.raises(InputError, match="belong to one patient"):
            kernel_distance.between_sets(np.zeros((5, 2)), np.zeros((5, 2)), ["a"] * 5)
        # without "a" one real is left, and a kernel distance needs a pair of them (Gretton 2012, equation 3)
        with pytest.raises(InputError, match="all but one, belong to one patient"):
            kernel_distance.between_sets(np.zeros((5, 2)), np.zeros((5, 2)), ["a"] * 4 + ["b"])
