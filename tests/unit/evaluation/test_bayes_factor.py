"""Bayes factor against chance under a uniform prior."""

from fractions import Fraction
from math import comb, log

import pytest

from evaluation.core.bayes_factor import against_chance
from evaluation.core.proportions import Proportion


def exact(k: int, n: int) -> Fraction:
    """B(k + 1, n - k + 1) 2^n = 2^n / ((n + 1) C(n, k)), in rational numbers."""
    return Fraction(2**n, (n + 1) * comb(n, k))


@pytest.mark.parametrize(
    ("k", "n"), [(0, 1), (5, 10), (75, 120), (84, 120), (155, 240), (176, 240), (358, 480)]
)
def test_equals_rational_arithmetic(k: int, n: int) -> None:
    found = against_chance(Proportion(k, n))
    assert found.bf10 == pytest.approx(float(exact(k, n)), rel=1e-9)
    assert found.bf01 == pytest.approx(float(1 / exact(k, n)), rel=1e-9)


def test_guessing_is_supported_too() -> None:
    # 240 of 480: BF01 = 481 C(480, 240) / 2^480 = 17.5
    found = against_chance(Proportion(240, 480))
    assert found.bf01 == pytest.approx(17.508, abs=0.001)
    assert found.log_bf10 < 0


def test_no_trials_say_nothing() -> None:
    assert against_chance(Proportion(0, 0)).bf10 == 1.0


def test_what_a_double_cannot_hold_is_absent_and_its_logarithm_is_not() -> None:
    found = against_chance(Proportion(5000, 5000))
    # 2^5000 / 5001
    assert found.log_bf10 == pytest.approx(5000 * log(2) - log(5001))
    assert found.bf10 is None
    assert found.log10_bf10 == pytest.approx(1501.451, abs=0.001)
    assert found.bf01 == 0.0
