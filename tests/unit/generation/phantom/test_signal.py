"""Signal equations, chemical shift and noise against known answers."""

import numpy as np
import pytest

from generation.core.phantom.kinetics import Kinetics
from generation.core.phantom.signal import (
    FAT,
    Protocol,
    Tissue,
    add_rician_noise,
    scaled_signals,
    shift_fat,
    signals,
    spoiled_gradient_echo,
    turbo_spin_echo,
)

GLAND = Tissue(t1_s=1.266, t2_s=0.058, m0=1.0, kinetics=Kinetics(0.02, 0.0, vp=0.02))


class TestSpoiledGradientEcho:
    def test_saturation_recovery_at_ninety_degrees(self):
        """At 90 degrees S = M0 (1 - exp(-TR / T1)) exp(-TE / T2*): 0.25 / 0.296 s gives 0.57026, times 0.89137."""
        assert float(spoiled_gradient_echo(FAT, Protocol())) == pytest.approx(0.57026 * 0.89137, abs=2e-4)

    def test_ernst_angle_is_the_maximum(self):
        """cos(a) = E1 maximises the signal (Ernst and Anderson 1966)."""
        tr, t1 = 0.005, 1.0
        ernst = np.degrees(np.arccos(np.exp(-tr / t1)))
        tissue = Tissue(t1_s=t1, t2_s=0.08)
        found = [
            float(spoiled_gradient_echo(tissue, Protocol(tr_s=tr, flip_deg=ernst + d)))
            for d in (-0.6, 0.0, 0.6)
        ]
        assert found[1] > max(found[0], found[2])

    def test_contrast_agent_shortens_t1(self):
        """1 mM at 4.5 /s/mM takes T1 from 1.266 s to 1 / (1 / 1.266 + 4.5) = 0.18902 s."""
        enhanced = spoiled_gradient_echo(GLAND, Protocol(), np.float32(1.0))
        shortened = spoiled_gradient_echo(Tissue(t1_s=0.18902, t2_s=0.058, m0=1.0), Protocol())
        assert float(enhanced) == pytest.approx(float(shortened), rel=1e-4)


class TestTurboSpinEcho:
    def test_decay_over_one_t2(self):
        """TE = T2 and a long TR leave M0 / e."""
        protocol = Protocol(t2_tr_s=100.0, t2_te_s=0.08)
        assert turbo_spin_echo(Tissue(t1_s=1.0, t2_s=0.08, m0=1.0), protocol) == pytest.approx(np.exp(-1.0))


class TestFrames:
    def test_fat_is_bright_and_gland_grey_before_contrast(self):
        fat, gland = signals(FAT, Protocol()), signals(GLAND, Protocol())
        assert 0.2 < gland[1] / fat[1] < 0.45

    def test_fat_takes_up_nothing(self):
        np.testing.assert_allclose(signals(FAT, Protocol())[1:], signals(FAT, Protocol())[1], rtol=1e-6)

    def test_uptake_zero_is_the_signal_before_contrast(self):
        frames = scaled_signals(GLAND, Protocol(), np.array([0.0, 1.0], dtype=np.float32))
        np.testing.assert_allclose(frames[1:, 0], frames[1, 0])
        assert (np.diff(frames[1:, 1]) > 0.0).all()  # Patlak tissue only ever gains

    def test_table_agrees_with_the_equation(self):
        uptake = np.array([0.3, 1.1, 2.0], dtype=np.float32)
        frames = scaled_signals(GLAND, Protocol(), uptake)
        for i, factor in enumerate(uptake):
            concentration = GLAND.kinetics.concentrations() * factor
            expected = spoiled_gradient_echo(GLAND, Protocol(), concentration.astype(np.float32))
            np.testing.assert_allclose(frames[2:, i], expected, rtol=0.01)


class TestShiftFat:
    @pytest.mark.parametrize("axis", [1, 2])
    def test_moves_by_whole_and_half_pixels(self, axis):
        fat = np.zeros((1, 7, 7), dtype=np.float32)
        fat[0, 3, 3] = 1.0
        line = np.moveaxis(shift_fat(fat, 1.5, axis), axis, 2)[0, 3]
        np.testing.assert_allclose(line, [0, 0, 0, 0, 0.5, 0.5, 0])

    def test_moves_backwards(self):
        fat = np.zeros((1, 1, 5), dtype=np.float32)
        fat[0, 0, 2] = 1.0
        np.testing.assert_allclose(shift_fat(fat, -1.0, 2)[0, 0], [0, 1, 0, 0, 0])


class TestRicianNoise:
    def test_background_is_rayleigh(self):
        """Without signal the mean is sigma sqrt(pi / 2) and the second moment 2 sigma^2 (Gudbjartsson 1995)."""
        air = add_rician_noise(np.random.default_rng(3), np.zeros(200_000, dtype=np.float32), 5.0)
        assert air.mean() == pytest.approx(5.0 * np.sqrt(np.pi / 2.0), rel=0.01)
        assert (air**2).mean() == pytest.approx(50.0, rel=0.01)

    def test_strong_signal_is_nearly_gaussian(self):
        """For S >> sigma the mean is sqrt(S^2 + sigma^2) and the deviation sigma."""
        tissue = add_rician_noise(np.random.default_rng(4), np.full(200_000, 100.0, dtype=np.float32), 5.0)
        assert tissue.mean() == pytest.approx(np.sqrt(100.0**2 + 25.0), rel=1e-3)
        assert tissue.std() == pytest.approx(5.0, rel=0.02)
