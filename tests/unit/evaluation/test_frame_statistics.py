"""Frame by frame: earth mover's distances and sharpness by hand."""

import numpy as np
import pytest
from scipy import stats

from evaluation.core import frame_statistics
from evaluation.core.diversity import Diversity
from generation.core.frames import FRAMES, SUB
from tests.factories import make_patches

NOTHING = Diversity(None, None, (), 0, "")


class TestGreyLevelDistance:
    def test_a_shift_is_its_own_distance(self) -> None:
        pixels = np.array([[3, 900], [-20, 7]])
        assert frame_statistics.grey_level_distance(pixels, pixels + 11) == pytest.approx(11)

    def test_agrees_with_scipy(self) -> None:
        rng = np.random.default_rng(1)
        a, b = rng.integers(-1023, 1024, 300), rng.integers(0, 500, 200)
        expected = stats.wasserstein_distance(a, b)
        assert frame_statistics.grey_level_distance(a, b) == pytest.approx(expected, rel=1e-9)


class TestSharpness:
    def test_a_ramp(self) -> None:
        # 2 per column, 4 per row
        ramp = 2 * np.arange(8)[None, :] + 4 * np.arange(8)[:, None]
        assert frame_statistics.sharpness(ramp[None]) == pytest.approx(3)


class TestCompare:
    def test_only_the_changed_frame_differs(self) -> None:
        reals = make_patches(6, np.random.default_rng(2)).clip(0, 900)
        fakes = reals.copy()
        fakes[:, 3] += 50
        found = frame_statistics.compare(reals, fakes, (NOTHING, NOTHING), np.random.default_rng(3))
        assert [one.frame for one in found] == list(FRAMES)
        distances = [one.intensity_distance for one in found]
        assert distances == pytest.approx([0, 0, 0, 50, 0, 0, 0])
        assert found[3].fake_mean - found[3].real_mean == pytest.approx(50)
        assert found[SUB].real_sharpness == pytest.approx(found[SUB].fake_sharpness)
        assert all(one.intensity_floor is not None and one.intensity_floor > 0 for one in found)

    def test_no_patches(self) -> None:
        none = np.empty((0, 7, 64, 64), dtype=np.int16)
        assert frame_statistics.compare(none, none, (NOTHING, NOTHING), np.random.default_rng(1)) == ()
