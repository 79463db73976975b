"""Contrast kinetics: curves drawn into patches are read back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.core import kinetics
from generation.core.frames import assemble


def make_patch(curve: tuple[int, ...], *, at: tuple[int, int] = (32, 32)) -> NDArray[np.int16]:
    """A patch whose tissue stays at 200 but for a 5 x 5 lesion with this curve T1_pre .. T1_post4."""
    scanned = np.full((6, 64, 64), 200, dtype=np.int16)
    row, column = at
    for i, value in enumerate(curve):
        scanned[1 + i, row - 2 : row + 3, column - 2 : column + 3] = value
    return assemble(scanned)


PERSISTENT = make_patch((300, 450, 500, 520, 540))  # +20 % after post1
PLATEAU = make_patch((300, 600, 620, 610, 630))  # +5 %
WASHOUT = make_patch((300, 600, 560, 520, 480))  # -20 %


class TestMeasure:
    def test_curves_by_hand(self) -> None:
        found = kinetics.measure(np.stack([PERSISTENT, PLATEAU, WASHOUT]))
        assert found.initial == pytest.approx([0.5, 1.0, 1.0])
        assert found.peak == pytest.approx([0.8, 1.1, 1.0])
        assert found.late_change == pytest.approx([0.2, 0.05, -0.2])
        assert found.type_counts == {"persistent": 1, "plateau": 1, "washout": 1}
        assert found.n_dark == 0

    def test_ten_per_cent_is_still_a_plateau(self) -> None:
        # BI-RADS: persistent is an increase of more than 10 %, washout a decrease of more than 10 %
        patches = np.stack([make_patch((300, 500, 500, 500, last)) for last in (550, 551, 450, 449)])
        assert kinetics.measure(patches).type_counts == {"persistent": 1, "plateau": 2, "washout": 1}

    def test_the_rim_of_a_patch_does_not_count(self) -> None:
        found = kinetics.measure(make_patch((300, 900, 900, 900, 900), at=(5, 5))[None])
        assert found.initial == pytest.approx([0.0])

    def test_dark_patches_are_counted_apart(self) -> None:
        dark = np.zeros((2, 7, 64, 64), dtype=np.int16)
        found = kinetics.measure(np.concatenate([dark, WASHOUT[None]]))
        assert (found.n_dark, found.measured.tolist()) == (2, [2])

    def test_no_patches(self) -> None:
        found = kinetics.measure(np.empty((0, 7, 64, 64), dtype=np.int16))
        assert found.type_counts == {"persistent": 0, "plateau": 0, "washout": 0}


class TestCompare:
    def test_by_hand(self) -> None:
        reals = kinetics.measure(np.stack([PERSISTENT, PERSISTENT, PLATEAU, WASHOUT]))
        fakes = kinetics.measure(np.stack([WASHOUT, WASHOUT]))
        found = kinetics.compare(reals, fakes, np.random.default_rng(1))
        # types 1/2, 1/4, 1/4 against 0, 0, 1: half of 1/2 + 1/4 + 3/4
        assert found.type_distance == pytest.approx(0.75)
        # initial: .5 .5 1 1 against 1 1, quantile by quantile: half of the mass moves by .5
        assert found.wasserstein["initial"] == pytest.approx(0.25)
        # late: .2 .2 .05 -.2 against -.2: (.4 + .4 + .25 + 0) / 4
        assert found.wasserstein["late_change"] == pytest.approx(0.2625)
        assert found.real_medians["late_change"] == pytest.approx(0.125)
        assert found.note == ""

    def test_the_same_patches_are_at_distance_zero(self) -> None:
        one = kinetics.measure(np.stack([PERSISTENT, WASHOUT]))
        found = kinetics.compare(one, one, np.random.default_rng(1))
        assert (found.type_distance, found.wasserstein["peak"]) == (0.0, 0.0)

    def test_nothing_to_measure(self) -> None:
        dark = kinetics.measure(np.zeros((3, 7, 64, 64), dtype=np.int16))
        found = kinetics.compare(kinetics.measure(WASHOUT[None]), dark, np.random.default_rng(1))
        assert (found.type_distance, found.wasserstein["initial"]) == (None, None)
        assert (found.wasserstein_floor["initial"], found.n_fake_dark) == (None, 3)
        assert found.note == "No generated patch is bright enough to measure."
