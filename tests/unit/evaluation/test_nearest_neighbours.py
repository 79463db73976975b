"""Leave-one-out 1-NN against scikit-learn and cases whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from evaluation.core import nearest_neighbours
from evaluation.core.nearest_neighbours import leave_one_out, nearest, z_against_half
from generation.core.errors import InputError


def make_points(n: int, d: int, seed: int, shift: float = 0.0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal((n, d)) + shift).astype(np.float32)


class TestNearest:
    @pytest.mark.parametrize("shift", [0.0, 50.0])
    def test_same_neighbours_as_scikit_learn(self, shift: float) -> None:
        points = make_points(300, 200, 1, shift)
        brute = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points.astype(np.float64))
        assert (nearest(points) == brute.kneighbors(return_distance=False)[:, 0]).all()

    def test_blocks_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        points = make_points(101, 30, 2)
        whole = nearest(points)
        monkeypatch.setattr(nearest_neighbours, "BLOCK_BYTES", 4 * 101 * 7)
        assert (nearest(points) == whole).all()

    def test_copies_find_each_other_far_from_the_origin(self) -> None:
        points = np.concatenate([make_points(20, 64, 3, 1000.0)] * 2)
        assert (nearest(points) == np.roll(np.arange(40), 20)).all()


class TestLeaveOneOut:
    def test_sets_apart_are_told_apart(self) -> None:
        scores = leave_one_out(make_points(50, 8, 4), make_points(50, 8, 5, 100.0))
        assert (scores.real_accuracy, scores.fake_accuracy, scores.accuracy) == (1.0, 1.0, 1.0)
        assert scores.z == pytest.approx(10.0)  # (1 - .5) * 2 * sqrt(100)

    def test_near_copies_give_accuracies_near_zero(self) -> None:
        reals = make_points(50, 64, 6)
        scores = leave_one_out(reals, reals + 1e-3)
        assert (scores.real_accuracy, scores.fake_accuracy) == (0.0, 0.0)

    def test_two_halves_of_one_set_are_near_one_half(self) -> None:
        points = make_points(2000, 16, 7)
        scores = leave_one_out(points[:1000], points[1000:])
        assert scores.z is not None
        assert abs(scores.z) < 4
        assert scores.real_accuracy + scores.fake_accuracy == pytest.approx(1, abs=0.1)

    def test_exact_ties_share_the_vote(self) -> None:
        # each point has one real and one fake copy at distance 0
        one = np.array([[0.0, 0.0], [9.0, 9.0]])
        scores = leave_one_out(np.repeat(one, 2, axis=0), np.repeat(one, 1, axis=0))
        assert scores.real_accuracy == 0.5
        assert scores.fake_accuracy == 0.0  # a fake's copies are all real
        assert scores.n_ties == 4
        assert scores.z is None  # unequal sizes

    def test_swapping_the_sets_swaps_the_accuracies(self) -> None:
        reals = np.repeat(make_points(20, 4, 8), 2, axis=0)
        fakes = np.concatenate([reals[:15], make_points(25, 4, 9)])
        there, back = leave_one_out(reals, fakes), leave_one_out(fakes, reals)
        assert there.real_accuracy == pytest.approx(back.fake_accuracy)
        assert there.fake_accuracy == pytest.approx(back.real_accuracy)
        assert there.n_ties == back.n_ties > 0

    def test_z_of_the_published_table(self) -> None:
        # Haarburger 2019, Table 2, benign DCGAN: mean of .272 and .221 over 2000 samples
        assert round(z_against_half((0.272 + 0.221) / 2, 2000), 1) == -22.7

    def test_an_empty_set_is_refused(self) -> None:
        with pytest.raises(InputError, match="one of the sets is empty"):
            leave_one_out(np.zeros((3, 2)), np.zeros((0, 2)))

    def test_different_features_are_refused(self) -> None:
        with pytest.raises(InputError, match="cannot be compared"):
            leave_one_out(np.zeros((3, 2)), np.zeros((3, 4)))
