"""Leave-one-out values, error covariances and the partially paired design."""

from itertools import product

import numpy as np
import pytest

from evaluation.core import roc
from evaluation.core.mrmc import error_covariance, merit
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc.merit import Merit
from evaluation.core.mrmc.ratings import Ratings
from generation.core.errors import InputError
from tests.unit.evaluation.van_dyke import make_ratings

ORIGINS = ["real"] * 6 + ["dcgan"] * 4 + ["wgan"] * 5


def make_generators(seed: int = 1, n_readers: int = 3) -> Ratings:
    rng = np.random.default_rng(seed)
    scores = rng.integers(1, 7, (n_readers, len(ORIGINS))).astype(float)
    return Ratings.by_generator(scores, ORIGINS, [f"R{j}" for j in range(n_readers)], ["dcgan", "wgan"])


def naive_auc(scores: np.ndarray, is_fake: np.ndarray) -> float:
    read = ~np.isnan(scores)
    area = roc.area(scores[read & is_fake], scores[read & ~is_fake]).estimate
    assert area is not None
    return area


def naive_left_out(ratings: Ratings) -> np.ndarray:
    """Recompute every area without each case in turn."""
    left_out = np.empty(ratings.scores.shape)
    for i, j, c in np.ndindex(*left_out.shape):
        without = ratings.scores[i, j].copy()
        without[c] = np.nan
        left_out[i, j, c] = naive_auc(without, ratings.is_fake)
    return left_out


class TestLeaveOneOut:
    @pytest.mark.parametrize("gaps", [0.0, 0.3])
    def test_closed_form_equals_recomputation(self, gaps: float) -> None:
        ratings = make_ratings(7, gaps=gaps)
        assert np.allclose(merit.auc(ratings).left_out, naive_left_out(ratings), atol=1e-13)

    def test_proportions_likewise(self) -> None:
        ratings = make_ratings(8, gaps=0.3)
        figures = merit.proportion(ratings)
        for i, j, c in np.ndindex(*figures.left_out.shape):
            without = ratings.scores[i, j].copy()
            without[c] = np.nan
            assert figures.left_out[i, j, c] == pytest.approx(np.nanmean(without))

    def test_too_few_cases_are_refused_by_name(self) -> None:
        scores = np.array([[[1.0, np.nan, 2.0, 3.0]]])
        ratings = Ratings(scores, np.array([True, True, False, False]), ("dcgan",), ("R07",))
        with pytest.raises(InputError, match='Reader "R07" read 1 fakes and 2 reals of arm "dcgan"'):
            merit.auc(ratings)
        with pytest.raises(InputError, match='Reader "R07" read 1 cases of arm "dcgan"'):
            merit.proportion(ratings.fakes_only())


class TestErrorCovariance:
    def test_jackknife_follows_the_definition(self) -> None:
        ratings = make_ratings(9, gaps=0.2)
        left_out = naive_left_out(ratings)
        n = ratings.is_fake.size
        found = error_covariance.matrix(merit.auc(ratings))
        for first, second in product(np.ndindex(2, 3), repeat=2):
            a, b = left_out[first], left_out[second]
            expected = (n - 1) / n * ((a - a.mean()) * (b - b.mean())).sum()
            assert found[(*first, *second)] == pytest.approx(expected, abs=1e-14)

    def test_delong_of_complete_data_follows_the_definition(self) -> None:
        ratings = make_ratings(10, n_arms=1, n_readers=2)
        x, y = ratings.scores[0]
        found = error_covariance.matrix(merit.auc(ratings), "delong")
        fake = ratings.is_fake
        pair = roc.difference_between_readers((x[fake], y[fake]), (x[~fake], y[~fake]))
        assert pair is not None
        difference = found[0, 0, 0, 0] + found[0, 1, 0, 1] - 2 * found[0, 0, 0, 1]
        assert difference == pytest.approx((pair.se or 0) ** 2)

    def test_delong_of_generators_shares_only_the_reals(self) -> None:
        ratings = make_generators(n_readers=1)
        found = error_covariance.matrix(merit.auc(ratings), "delong")[:, 0, :, 0]
        names, scores = (
            np.array(ORIGINS),
            np.nansum(ratings.scores, axis=0)[0] / (1 + (np.array(ORIGINS) == "real")),
        )
        pair = roc.difference_between_generators(
            scores[names == "dcgan"], scores[names == "wgan"], scores[names == "real"]
        )
        assert pair is not None
        assert found[0, 0] + found[1, 1] - 2 * found[0, 1] == pytest.approx((pair.se or 0) ** 2)

    def test_binomial_covariance_of_answers(self) -> None:
        correct = np.array([[[1.0, 1, 0, 1, 0, 0], [1, 0, 0, 1, 1, 0]]])
        figures = merit.proportion(Ratings(correct, np.ones(6, dtype=bool), ("all",), ("a", "b")))
        found = error_covariance.matrix(figures, "delong")
        # sample covariance / n: both right on 2 of 6, means 1/2 and 1/2
        assert found[0, 0, 0, 1] == pytest.approx((2 / 6 - 1 / 4) * 6 / 5 / 6)
        assert found[0, 0, 0, 0] == pytest.approx(1 / 4 / 5)
        # over one common sample the jackknife is the same
        assert np.allclose(error_covariance.matrix(figures), found)


class TestPartiallyPaired:
    def test_the_union_of_cases_is_left_out_one_by_one(self) -> None:
        figures = merit.auc(make_generators())
        assert figures.n_cases == 15
        names = np.array(ORIGINS)
        unread = names == "wgan"
        assert (figures.left_out[0][:, unread] == figures.values[0][:, None]).all()
        assert not (figures.left_out[0][:, names == "real"] == figures.values[0][:, None]).all()

    def test_the_covariance_between_generators_comes_from_the_reals(self) -> None:
        figures = merit.auc(make_generators())
        deviations = figures.left_out - figures.left_out.mean(axis=-1, keepdims=True)
        reals = np.array(ORIGINS) == "real"
        found = error_covariance.matrix(figures)
        expected = 14 / 15 * (deviations[0, 1] * deviations[1, 2])[reals].sum()
        assert found[0, 1, 1, 2] == pytest.approx(expected)

    def test_detection_rates_share_no_case(self) -> None:
        correct = np.random.default_rng(2).integers(0, 2, (3, 15)).astype(float)
        ratings = Ratings.by_generator(correct, ORIGINS, ["a", "b", "c"], ["dcgan", "wgan"]).fakes_only()
        figures = merit.proportion(ratings)
        assert figures.n_cases == 9  # over the fakes only
        e = error_covariance.average(error_covariance.matrix(figures))
        assert (e.cov1, e.cov3) == (0.0, 0.0)
        assert e.cov2 != 0.0

    def test_cases_that_nobody_read_do_not_count(self) -> None:
        ratings = make_generators()
        assert merit.auc(ratings.arm(0)).n_cases == 10  # 6 reals and 4 fakes of dcgan
        third = Ratings.by_generator(np.ones((1, 15)), ORIGINS, ["a"], ["wgan"])
        assert third.is_fake.sum() == 5

    def test_comparing_generators_is_finite_and_unlike_full_pairing(self) -> None:
        study = anova.analyse(merit.auc(make_generators(seed=5, n_readers=4)))
        found = anova.difference(study, 0, 1, "RRRC")
        assert found.p is not None
        assert 0 < found.p <= 1


class TestRatings:
    def test_shapes_are_checked(self) -> None:
        with pytest.raises(
            InputError, match=r"Scores have shape \(1, 2, 3\), but 1 arms, 1 readers and 3 cases"
        ):
            Ratings(np.zeros((1, 2, 3)), np.zeros(3, dtype=bool), ("a",), ("R1",))
        with pytest.raises(InputError, match="2 origins are named for 3 cases"):
            Ratings(np.zeros((1, 1, 3)), np.zeros(3, dtype=bool), ("a",), ("R1",), ("real", "dcgan"))

    def test_readers_without_enough_cases_are_left_out(self) -> None:
        scores = np.array([[1.0, 2, 3, 4], [1, np.nan, 3, 4]])
        ratings = Ratings.of_one_arm(scores, [True, True, False, False], ["full", "short"])
        assert ratings.with_enough(4).readers == ("full",)
        assert ratings.with_enough(2, n_fakes=2).readers == ("full",)
        assert ratings.with_enough(2, n_reals=2).readers == ("full", "short")

    def test_figures_of_merit_keep_which_cases_were_read(self) -> None:
        figures: Merit = merit.auc(make_generators())
        assert figures.is_read.sum() == 3 * (10 + 11)


def test_equal_generators_are_told_apart_in_about_one_study_of_twenty() -> None:
    # 5 readers, 40 reals shared, 30 fakes per generator; readers differ in skill and in their skill per generator.
    # 300 studies: the standard error of a rejection rate of .05 is .0126
    rng = np.random.default_rng(1)
    names = np.array(["real"] * 40 + ["dcgan"] * 30 + ["wgan"] * 30)
    n_rejected = 0
    for _ in range(300):
        scores = rng.normal(0, 0.7, names.size) + rng.normal(size=(5, names.size))
        skill = rng.normal(0.7, 0.3, 5)
        for generator in ("dcgan", "wgan"):
            scores[:, names == generator] += (skill + rng.normal(0, 0.15, 5))[:, None]
        ratings = Ratings.by_generator(
            np.round(1.5 * scores), names.tolist(), list("abcde"), ["dcgan", "wgan"]
        )
        p = anova.difference(anova.analyse(merit.auc(ratings)), 0, 1, "RRRC").p
        n_rejected += p is not None and p <= 0.05
    assert 0.02 <= n_rejected / 300 <= 0.10
