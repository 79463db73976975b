"""Arterial input, tissue model and curve types against known answers."""

from collections import Counter

import numpy as np
import pytest

from generation.core.phantom.kinetics import (
    HEMATOCRIT,
    KEP_BANDS,
    KUHL_BENIGN,
    KUHL_MALIGNANT,
    CurveType,
    Kinetics,
    curve_type,
    draw_curve_type,
    draw_lesion_kinetics,
    extended_tofts,
    parker_aif,
)
from generation.core.phantom.signal import Protocol, Tissue, signals

FINE = np.arange(0.0, 5.0 + 1e-9, 1.0 / 120.0)


class TestParkerAif:
    def test_peak_of_the_first_pass(self):
        """Both Gaussians at T1 = 0.17046 min: 0.809 / (0.0563 sqrt(2 pi)) = 5.7325 and
        0.330 / (0.132 sqrt(2 pi)) exp(-0.19454^2 / (2 * 0.132^2)) = 0.3366; the sigmoid term adds
        1.05 * 0.97169 / (1 + exp(38.078 * 0.31254)) = 0.000007."""
        minutes = np.arange(0.0, 1.0, 0.0005)
        blood = parker_aif(minutes)
        assert parker_aif(np.array([0.17046]))[0] == pytest.approx(6.0691, abs=2e-3)
        assert minutes[np.argmax(blood)] == pytest.approx(0.172, abs=0.003)
        assert blood.max() == pytest.approx(6.07, abs=0.01)

    def test_late_phase_is_the_exponential(self):
        """Long after the first pass only alpha exp(-beta t) is left: 1.05 exp(-0.1685 * 3) = 0.63338."""
        assert parker_aif(np.array([3.0]))[0] == pytest.approx(1.05 * np.exp(-0.5055), rel=1e-6)

    def test_nothing_before_the_bolus(self):
        assert not parker_aif(np.array([-1.0, -0.01])).any()


class TestExtendedTofts:
    @pytest.mark.parametrize("kep", [0.1, 0.7, 2.5])
    def test_constant_input_has_a_closed_form(self, kep):
        """For Cp = c: C(t) = vp c + Ktrans c (1 - exp(-kep t)) / kep."""
        at = np.array([1.0, 2.5, 4.0])
        found = extended_tofts(FINE, np.full_like(FINE, 2.0), at, ktrans=0.3, kep=kep, vp=0.05)
        expected = 0.1 + 0.3 * 2.0 * (1.0 - np.exp(-kep * at)) / kep
        np.testing.assert_allclose(found, expected, rtol=1e-4)

    def test_patlak_without_backflow(self):
        """kep = 0 and a constant input: C(t) = vp c + Ktrans c t."""
        found = extended_tofts(FINE, np.ones_like(FINE), np.array([3.0]), ktrans=0.02, kep=0.0, vp=0.01)
        assert found[0] == pytest.approx(0.01 + 0.06, rel=1e-9)

    def test_exponential_input_has_a_closed_form(self):
        """For Cp = exp(-b t): integral = (exp(-b t) - exp(-kep t)) / (kep - b)."""
        b, kep, t = 0.5, 1.5, 2.0
        found = extended_tofts(FINE, np.exp(-b * FINE), np.array([t]), ktrans=1.0, kep=kep, vp=0.0)
        assert found[0] == pytest.approx((np.exp(-b * t) - np.exp(-kep * t)) / (kep - b), rel=1e-4)

    def test_step_is_fine_enough_for_the_first_pass(self):
        """Halving the step changes Parker's convolution by less than 0.1 %."""
        kinetics = Kinetics(ktrans=0.3, kep=0.8, vp=0.05, delay_s=3.0)
        fine = np.arange(0.0, 4.7, 1.0 / 1200.0)
        at = np.asarray([70.0, 140.0, 210.0, 280.0]) / 60.0
        plasma = parker_aif(fine - 0.05) / (1.0 - HEMATOCRIT)
        finer = extended_tofts(fine, plasma, at, ktrans=0.3, kep=0.8, vp=0.05)
        np.testing.assert_allclose(kinetics.concentrations(), finer, rtol=1e-3)

    def test_ve_is_ktrans_over_kep(self):
        assert Kinetics(ktrans=0.3, kep=0.6, vp=0.0).ve == pytest.approx(0.5)
        assert Kinetics(ktrans=0.3, kep=0.0, vp=0.0).ve == 0.0


class TestCurveTypes:
    @pytest.mark.parametrize(
        ("kep", "low", "high"),
        # late change in % found by a separate program (Parker, TR 250 ms, FA 90, T10 1.0 s), rounding added
        [(0.10, 7, 18), (0.20, 8, 16), (0.30, 4, 9), (0.60, -10, -6), (1.0, -20, -16), (2.5, -27, -23)],
    )
    def test_backflow_decides_the_late_change(self, kep, low, high):
        for ve in (0.30, 0.45, 0.60):
            tissue = Tissue(1.0, 0.08, kinetics=Kinetics(kep * ve, kep, vp=0.05, delay_s=0.0))
            frames = signals(tissue, Protocol())
            assert low <= 100.0 * (frames[5] / frames[2] - 1.0) <= high

    @pytest.mark.parametrize(
        ("post4", "expected"),
        [(111.0, "persistent"), (110.0, "plateau"), (90.0, "plateau"), (89.0, "washout")],
    )
    def test_limits_are_ten_percent(self, post4, expected):
        assert curve_type(100.0, post4) is CurveType(expected)

    @pytest.mark.parametrize(("is_malignant", "table"), [(False, KUHL_BENIGN), (True, KUHL_MALIGNANT)])
    def test_frequencies_follow_kuhl(self, is_malignant, table):
        rng = np.random.default_rng(1)
        n = 4000
        counted = Counter(draw_curve_type(rng, is_malignant=is_malignant) for _ in range(n))
        for word, share in zip(CurveType, table, strict=True):
            assert counted[word] / n == pytest.approx(share, abs=0.025)  # three standard errors

    @pytest.mark.parametrize("is_malignant", [False, True])
    @pytest.mark.parametrize("wanted", list(CurveType))
    def test_kinetics_stay_in_their_bands(self, wanted, is_malignant):
        rng = np.random.default_rng(2)
        for _ in range(100):
            kinetics = draw_lesion_kinetics(rng, wanted, is_malignant=is_malignant)
            assert KEP_BANDS[wanted][0] <= kinetics.kep <= KEP_BANDS[wanted][1]
            assert 0.25 <= kinetics.ve <= 0.60
            assert 0.01 <= kinetics.vp <= 0.09
