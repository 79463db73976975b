"""d', c, ln beta and A' against Macmillan & Creelman and derived values."""

from math import log, sqrt

import pytest
from scipy.stats import norm

from evaluation.core.confusion import Confusion
from evaluation.core.signal_detection import (
    NO_ANSWERS,
    RAW,
    WEIGHTED,
    d_prime_covariance,
    d_prime_difference,
    detect,
)

# Macmillan & Creelman 2005, Detection Theory, table 1.1: 20 of 25 old and 10 of 25 new faces called old
FACES = Confusion(n_hits=20, n_misses=5, n_false_alarms=10, n_correct_rejections=15)


class TestDetect:
    def test_macmillan_and_creelman(self) -> None:
        # chapters 1 and 2: d' = 1.095, c = -.294, beta = .72; A' = .5 + .4 x 1.4 / (4 x .8 x .6) = .7917
        found = detect(FACES)
        assert found.rule == RAW
        assert found.d_prime.value == pytest.approx(1.095, abs=5e-4)
        assert found.criterion.value == pytest.approx(-0.294, abs=5e-4)
        assert found.ln_beta.value == pytest.approx(log(0.7245), abs=1e-3)
        assert found.a_prime.value == pytest.approx(0.791667, abs=1e-6)

    def test_standard_errors(self) -> None:
        # Gourevitch & Galanter: .8 x .2 / (25 phi(.8416)^2) + .4 x .6 / (25 phi(-.2533)^2) = .0816 + .0643
        found = detect(FACES)
        hits = 0.16 / (25 * norm.pdf(norm.ppf(0.8)) ** 2)
        alarms = 0.24 / (25 * norm.pdf(norm.ppf(0.4)) ** 2)
        assert found.d_prime.se == pytest.approx(sqrt(hits + alarms))
        assert found.d_prime.se == pytest.approx(sqrt(0.0816 + 0.0643), abs=1e-3)
        assert found.criterion.se == pytest.approx(sqrt(hits + alarms) / 2)
        # ln beta = (z(F)^2 - z(H)^2) / 2, so its derivatives are -z(H) and z(F)
        expected = sqrt(norm.ppf(0.8) ** 2 * hits + norm.ppf(0.4) ** 2 * alarms)
        assert found.ln_beta.se == pytest.approx(expected)
        assert found.d_prime.interval is not None
        assert found.d_prime.interval.low == pytest.approx(1.0950 - 1.959964 * 0.38202, abs=1e-3)

    def test_always_fake_is_exactly_at_chance_whatever_the_mix(self) -> None:
        # the unweighted rule (+.5, +1) gives z(120.5/121) - z(240.5/241) = -.2255
        assert norm.ppf(120.5 / 121) - norm.ppf(240.5 / 241) == pytest.approx(-0.2255, abs=5e-5)
        found = detect(Confusion(120, 0, 240, 0))
        assert found.rule == WEIGHTED
        assert found.d_prime.value == 0.0
        assert found.criterion.value is not None
        assert found.criterion.value < -2  # leans to "fake"
        assert found.a_prime.value == 0.5

    def test_always_real_mirrors_always_fake(self) -> None:
        fake, real = detect(Confusion(120, 0, 240, 0)), detect(Confusion(0, 120, 0, 240))
        assert real.d_prime.value == 0.0
        assert real.criterion.value == pytest.approx(-fake.criterion.value)  # type: ignore[operator]

    def test_equal_base_rates_give_hautus(self) -> None:
        # Hautus 1995: (hits + .5) / (n + 1) where both sets are of one size; 20 of 20 and 5 of 20
        found = detect(Confusion(20, 0, 5, 15))
        assert found.hit_rate == pytest.approx(20.5 / 21)
        assert found.false_alarm_rate == pytest.approx(5.5 / 21)

    def test_perfect_reader_stays_finite(self) -> None:
        found = detect(Confusion(120, 0, 0, 240))
        assert found.d_prime.value is not None
        assert 4 < found.d_prime.value < 8
        assert found.a_prime.value == 1.0

    @pytest.mark.parametrize("counts", [Confusion(3, 4, 0, 0), Confusion(0, 0, 1, 2), Confusion(0, 0, 0, 0)])
    def test_absent_without_both_kinds(self, counts: Confusion) -> None:
        found = detect(counts)
        assert found.d_prime.value is None
        assert found.d_prime.note == NO_ANSWERS
        assert found.hit_rate is None

    def test_below_chance_a_prime_mirrors(self) -> None:
        # Snodgrass & Corwin 1988: A'(H, F) + A'(F, H) = 1
        above, below = detect(FACES).a_prime.value, detect(Confusion(10, 15, 20, 5)).a_prime.value
        assert above is not None
        assert below == pytest.approx(1 - above)


class TestGenerators:
    first, second = Confusion(90, 30, 64, 176), Confusion(92, 28, 64, 176)  # Table 3, the radiologist

    def test_false_alarms_cancel(self) -> None:
        found = d_prime_difference(self.first, self.second)
        assert found.value == pytest.approx(norm.ppf(90 / 120) - norm.ppf(92 / 120))
        one, other = detect(self.first).d_prime, detect(self.second).d_prime
        assert found.value == pytest.approx(one.value - other.value)  # type: ignore[operator]

    def test_variance_is_that_of_the_correlated_difference(self) -> None:
        one, other = detect(self.first), detect(self.second)
        shared = d_prime_covariance(one, other)
        assert shared is not None
        expected = one.d_prime.se**2 + other.d_prime.se**2 - 2 * shared  # type: ignore[operator]
        found = d_prime_difference(self.first, self.second)
        assert found.se == pytest.approx(sqrt(expected))

    def test_one_perfect_generator_corrects_both(self) -> None:
        found = d_prime_difference(Confusion(120, 0, 64, 176), self.second)
        assert WEIGHTED in found.method
        # (120 / 120 + 1 / 480) / (1 + 2 / 480), the same rule for 92 of 120
        assert found.value == pytest.approx(norm.ppf(481 / 482) - norm.ppf((92 / 120 + 1 / 480) * 480 / 482))

    def test_no_covariance_between_different_corrections(self) -> None:
        assert d_prime_covariance(detect(Confusion(120, 0, 64, 176)), detect(self.second)) is None

    def test_absent_without_answers(self) -> None:
        assert d_prime_difference(Confusion(0, 0, 1, 1), self.second).value is None
