"""Memorisation: copies are found, independent draws are not, and the statistic is the Mann-Whitney one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.core import memorisation


def make_rows(n: int, seed: int, d: int = 12) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


PATIENTS = [f"P{i // 4}" for i in range(120)]  # four patches each


class TestNearest:
    def test_distances_and_positions(self) -> None:
        references, queries = make_rows(70, 1), make_rows(30, 2)
        every = np.linalg.norm(
            queries[:, None].astype(np.float64) - references[None].astype(np.float64), axis=2
        )
        distances, found = memorisation.nearest(queries, references)
        assert (found == every.argmin(axis=1)).all()
        assert distances == pytest.approx(every.min(axis=1))

    def test_copies_are_at_distance_zero_far_from_the_origin(self) -> None:
        references = make_rows(40, 3) + 1000
        distances, found = memorisation.nearest(references[5:9], references)
        assert distances.tolist() == [0, 0, 0, 0]
        assert found.tolist() == [5, 6, 7, 8]

    def test_own_patient_does_not_count(self) -> None:
        rows = np.array([[0.0], [0.1], [5.0]])
        distances, found = memorisation.nearest(rows, rows, ["a", "a", "b"], ["a", "a", "b"])
        assert distances == pytest.approx([5.0, 4.9, 4.9])
        assert found.tolist() == [2, 2, 1]

    def test_without_another_patient_the_distance_is_infinite(self) -> None:
        rows = make_rows(3, 4)
        distances, _ = memorisation.nearest(rows, rows, ["a"] * 3, ["a"] * 3)
        assert np.isinf(distances).all()


class TestCompare:
    def test_by_hand(self) -> None:
        # fakes 1, 3; held-out 2, 4, 6: of six pairs only (3, 2) has the fake farther -> U = 1, auc 1/6;
        # no ties: variance 2 * 3 * 6 / 12 = 3, z = (1 - 3) / sqrt 3; R: wilcox.test(c(1,3), c(2,4,6)) gives W = 1
        auc, z, p, share, ratio = memorisation.compare(np.array([1.0, 3.0]), np.array([2.0, 4.0, 6.0]))
        assert auc == pytest.approx(1 / 6)
        assert z == pytest.approx(-2 / np.sqrt(3))
        assert p == pytest.approx(0.124107, abs=1e-6)  # standard normal below -1.154701, R: pnorm(-2/sqrt(3))
        assert share == pytest.approx(0.5)  # the 5 % quantile of 2, 4, 6 is 2.2
        assert ratio == pytest.approx(2 / 4)

    def test_only_ties(self) -> None:
        auc, z, p, _, ratio = memorisation.compare(np.zeros(3), np.zeros(4))
        assert (auc, z, p, ratio) == (0.5, None, None, None)


class TestAssess:
    def test_copies_of_training_patches(self) -> None:
        training = make_rows(120, 5)
        fakes = training[::2] + 1e-3
        found = memorisation.assess(fakes, training, space="pixels", training_groups=PATIENTS)
        assert found.auc == 0.0
        assert found.z is not None
        assert found.z < -5
        assert found.share_close == 1.0
        assert found.ratio is not None
        assert found.ratio < 0.01
        assert {pair.real for pair in found.pairs} <= set(range(0, 120, 2))
        assert all(pair.real == 2 * pair.fake for pair in found.pairs)

    def test_exact_copies_are_counted(self) -> None:
        training = make_rows(120, 6)
        found = memorisation.assess(
            np.concatenate([training[:7], make_rows(5, 7)]),
            training,
            space="pixels",
            training_groups=PATIENTS,
        )
        assert found.n_exact == 7

    def test_independent_draws(self) -> None:
        found = memorisation.assess(
            make_rows(200, 8), make_rows(120, 9), space="pixels", training_groups=PATIENTS
        )
        assert found.auc == pytest.approx(0.5, abs=0.12)
        assert found.share_close is not None
        assert found.share_close < 0.15
        assert "other patients" in found.held_out

    def test_held_out_patients_are_preferred(self) -> None:
        found = memorisation.assess(
            make_rows(50, 10),
            make_rows(120, 11),
            space="pixels",
            training_groups=PATIENTS,
            held_out=make_rows(30, 12),
        )
        assert found.n_held_out == 30
        assert found.held_out == "real patches of patients that were not trained on"

    def test_one_patient_cannot_stand_for_unseen_ones(self) -> None:
        found = memorisation.assess(
            make_rows(50, 13), make_rows(120, 14), space="pixels", training_groups=["P"] * 120
        )
        assert (found.auc, found.pairs) == (None, ())
        assert found.note.startswith("Not tested: 0 real patches can stand for unseen ones")
