"""Scores of one class from its features."""

import numpy as np
import pytest

from evaluation.core import frechet, generator_scores, kernel_distance
from evaluation.core.draws import plan
from evaluation.core.generator_scores import score, score_all


class TestScore:
    def test_fakes_from_the_same_distribution_lie_near_the_floor(self) -> None:
        rng = np.random.default_rng(4)
        reals, fakes = rng.standard_normal((400, 10)), rng.standard_normal((400, 10))
        made = plan(n_real=400, n_fake=400, n_draws=5, n_per_set=200, rng=rng)
        scores = score(reals[made.reals_needed], fakes[made.fakes_needed], made)
        assert scores.distance_mean is not None
        assert scores.floor_mean is not None
        assert 0.5 < scores.distance_mean / scores.floor_mean < 2
        assert scores.knn_overall == pytest.approx(0.5, abs=0.06)
        assert scores.distance_sd is not None
        assert scores.n_floor == 200

    def test_one_draw_has_no_sd_and_says_so(self) -> None:
        rng = np.random.default_rng(5)
        made = plan(n_real=30, n_fake=30, n_draws=10, n_per_set=1000, rng=rng)
        scores = score(rng.standard_normal((30, 40)), rng.standard_normal((30, 40)), made)
        assert scores.distance_sd is None
        assert "Every patch is used, so there is one draw and no SD." in scores.note
        assert "30 patches per set, as many as there are; 1000 were asked for." in scores.note
        assert "30 patches for 40 features" in scores.note

    def test_a_class_that_cannot_be_scored_is_absent_with_its_reason(self) -> None:
        made = plan(n_real=1, n_fake=30, n_draws=3, n_per_set=10, rng=np.random.default_rng(6))
        scores = score(np.empty((0, 4)), np.empty((0, 4)), made)
        assert (scores.distance_mean, scores.knn_real, scores.knn_z, scores.n_draws) == (None, None, None, 0)
        assert scores.note == "Not scored: 1 reals and 30 fakes, at least 2 of each are needed."

    def test_shared_reals_are_mentioned(self) -> None:
        # 1000 of 1149 benign patches: two draws share 87 % of their reals
        made = plan(n_real=1149, n_fake=3000, n_draws=1, n_per_set=1000, rng=np.random.default_rng(7))
        assert "Two draws share 87% of their reals" in generator_scores._note(made, n_features=5)

    def test_the_floor_between_patients_is_higher_where_patients_differ(self) -> None:
        rng = np.random.default_rng(8)
        patients = [f"P{i // 20}" for i in range(200)]
        own = rng.standard_normal((10, 5)) * 3
        reals = own.repeat(20, axis=0) + rng.standard_normal((200, 5))
        made = plan(n_real=200, n_fake=200, n_draws=4, n_per_set=80, rng=rng, patients=patients)
        scores = score(reals[made.reals_needed], reals[made.fakes_needed], made)
        assert scores.patient_floor is not None
        assert scores.floor_mean is not None
        assert scores.patient_floor > 2 * scores.floor_mean
        assert scores.n_patient_floor == 80

    def test_six_patches_are_too_few_for_neighbourhoods_of_five(self) -> None:
        rng = np.random.default_rng(9)
        made = plan(n_real=5, n_fake=9, n_draws=2, n_per_set=9, rng=rng)
        scores = score(rng.standard_normal((5, 3)), rng.standard_normal((9, 3))[made.fakes_needed], made)
        assert (scores.precision, scores.coverage, scores.coverage_expected) == (None, None, None)
        assert "need more than 5 patches" in scores.note


class TestScoreAll:
    def test_all_patches_drawn_together(self) -> None:
        rng = np.random.default_rng(10)
        reals, fakes = rng.standard_normal((300, 6)), rng.standard_normal((300, 6)) + 0.5
        made = plan(n_real=300, n_fake=300, n_draws=1, n_per_set=300, rng=rng)
        scores = score_all(score(reals, fakes, made), reals, fakes, rng)
        assert scores.distance_mean == pytest.approx(frechet.distance(reals, fakes))
        assert scores.distance_infinite == pytest.approx(6 * 0.25, abs=0.3)  # N(0, I) against N(.5, I)
        assert scores.floor_infinite == pytest.approx(0, abs=0.15)
        assert scores.kid == pytest.approx(kernel_distance.between_sets(reals, fakes).estimate)
        assert scores.kid_low is not None
        assert 0 < scores.kid_low < scores.kid  # type: ignore[operator]
        assert scores.kid_floor == pytest.approx(0, abs=0.1)
        assert "takes reals as independent" in scores.note

    def test_few_patches_leave_gaps_with_reasons(self) -> None:
        rng = np.random.default_rng(11)
        reals, fakes = rng.standard_normal((3, 2)), rng.standard_normal((3, 2))
        made = plan(n_real=3, n_fake=3, n_draws=1, n_per_set=3, rng=rng)
        scores = score_all(score(reals, fakes, made), reals, fakes, rng)
        assert (scores.distance_infinite, scores.kid, scores.kid_floor) == (None, None, None)
        assert "Not extrapolated: 3 patches" in scores.note
        assert "Too few patches or patients for a kernel distance." in scores.note

    @pytest.mark.parametrize(
        ("n", "absent", "note"),
        [
            # subsets of n / 2 = 22 reals are fewer than the 40 that a line needs (extrapolation.MIN_LARGEST)
            (45, "floor_infinite", "Its floor: not extrapolated: 22 patches in the largest subset"),
            (6, "kid_floor", "Too few reals for a floor of the kernel distance."),
            (20, "patient_floor", "No floor between patients"),
        ],
    )
    def test_an_absent_floor_says_why(self, n: int, absent: str, note: str) -> None:
        rng = np.random.default_rng(12)
        made = plan(n_real=n, n_fake=n, n_draws=1, n_per_set=1000, rng=rng)
        reals, fakes = rng.standard_normal((2, n, 4))
        scores = score_all(score(reals, fakes, made), reals, fakes, rng)
        assert getattr(scores, absent) is None
        assert note in scores.note

    def test_no_interval_where_one_patient_has_all_reals_but_one(self) -> None:
        rng = np.random.default_rng(13)
        patients = [*["P1"] * 11, "P2"]
        made = plan(n_real=12, n_fake=12, n_draws=1, n_per_set=1000, rng=rng, patients=patients)
        reals, fakes = rng.standard_normal((2, 12, 4))
        scores = score_all(score(reals, fakes, made), reals, fakes, rng, patients=patients)
        assert (scores.kid, scores.kid_low) == (None, None)
        assert "Too few patches or patients for a kernel distance." in scores.note
