"""Lesions: what the two classes look like."""

from dataclasses import replace

import numpy as np
import pytest

from generation.core.phantom.grids import Grid
from generation.core.phantom.kinetics import curve_type
from generation.core.phantom.lesions import (
    BENIGN_SHAPES,
    MALIGNANT_SHAPES,
    Lesion,
    draw_lesion,
    place,
    render,
)
from generation.core.phantom.noise import FractalNoise
from generation.core.phantom.signal import Protocol, signals

GRID = Grid((21, 60, 60), (2.0, 1.0, 1.0), (-20.0, -29.5, -29.5))
NOISE = FractalNoise.draw(np.random.default_rng(0), n=48)
PROTOCOL = Protocol()


def make_lesion(seed: int = 1, *, is_malignant: bool = False, **changes: object) -> Lesion:
    lesion = draw_lesion(np.random.default_rng(seed), PROTOCOL, is_malignant=is_malignant)
    return replace(lesion, **changes)


def drawn(lesion: Lesion, seed: int = 2):
    return render(np.random.default_rng(seed), lesion, GRID, NOISE, PROTOCOL)


class TestDrawing:
    @pytest.mark.parametrize(("is_malignant", "limits"), [(False, (5.0, 20.0)), (True, (8.0, 45.0))])
    def test_sizes_shapes_and_curves(self, is_malignant, limits):
        rng = np.random.default_rng(3)
        for _ in range(60):
            lesion = draw_lesion(rng, PROTOCOL, is_malignant=is_malignant)
            assert limits[0] <= lesion.diameter <= limits[1]
            assert lesion.shape in (MALIGNANT_SHAPES if is_malignant else BENIGN_SHAPES)
            frames = signals(lesion.tissue, PROTOCOL)
            assert curve_type(float(frames[2]), float(frames[5])) is lesion.curve

    def test_a_third_of_the_malignant_has_a_rim_and_no_benign_one(self):
        rng = np.random.default_rng(4)
        rims = [draw_lesion(rng, PROTOCOL, is_malignant=True).has_rim for _ in range(400)]
        assert 0.25 < np.mean(rims) < 0.42
        assert not any(draw_lesion(rng, PROTOCOL, is_malignant=False).has_rim for _ in range(60))

    def test_malignant_lesions_enhance_more(self):
        rng = np.random.default_rng(5)

        def early(is_malignant: bool) -> float:
            frames = [
                signals(draw_lesion(rng, PROTOCOL, is_malignant=is_malignant).tissue, PROTOCOL)
                for _ in range(60)
            ]
            return float(np.median([f[2] / f[1] for f in frames]))

        assert early(True) > early(False) + 0.3


class TestRendering:
    def test_a_round_lesion_has_the_volume_of_its_sphere(self):
        lesion = make_lesion(shape="round", diameter=14.0, n_septa=0)
        volume = drawn(lesion).share.sum() * np.prod(GRID.spacing)
        assert volume == pytest.approx(np.pi / 6.0 * 14.0**3, rel=0.15)

    def test_a_malignant_margin_is_rougher(self):
        def surface_per_volume(is_malignant: bool) -> float:
            found = []
            for seed in range(8):
                shape, n = ("spiculated", 14) if is_malignant else ("round", 0)
                lesion = make_lesion(
                    seed, is_malignant=is_malignant, shape=shape, diameter=16.0, n_spicules=n
                )
                share = np.pad(drawn(lesion, seed).share, 1)
                surface = sum(np.abs(np.diff(share, axis=axis)).sum() for axis in (1, 2))
                found.append(surface / share.sum() ** (2.0 / 3.0))
            return float(np.mean(found))

        assert surface_per_volume(True) > 1.15 * surface_per_volume(False)

    def test_the_core_of_a_rim_lesion_enhances_less(self):
        lesion = make_lesion(
            7, is_malignant=True, shape="irregular", diameter=24.0, has_rim=True, rim=3.0, n_spicules=0
        )
        rendered = drawn(lesion)
        rise = (rendered.signal[2] - rendered.signal[1]) * (rendered.share > 0.9)
        middle = tuple(n // 2 for n in rise.shape)
        assert rise[middle] < 0.6 * np.percentile(rise[rendered.share > 0.9], 90)

    def test_same_seed_same_lesion(self):
        lesion = make_lesion(8, is_malignant=True, diameter=15.0)
        assert drawn(lesion).signal.tobytes() == drawn(lesion).signal.tobytes()

    def test_shrinking_keeps_the_centre(self):
        placed = place(make_lesion(diameter=10.0), (1.0, 2.0, 3.0), shrink=0.5)
        assert placed.diameter == 5.0
        assert placed.centre == (1.0, 2.0, 3.0)

    def test_truth_uses_the_words_of_the_format(self):
        truth = make_lesion(9).truth(2)
        assert truth["lesion"] == 2
        assert truth["malignant"] is False
        assert truth["Ktrans"] == pytest.approx(truth["ve"] * truth["kep"], abs=1e-3)
