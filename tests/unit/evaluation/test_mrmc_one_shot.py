"""Gallas' one-shot variance and the bootstrap of readers and cases."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from evaluation.core.mrmc import bootstrap, merit, one_shot
from evaluation.core.mrmc.ratings import Ratings
from generation.core.errors import InputError
from tests.unit.evaluation.van_dyke import load_van_dyke, make_ratings


def successes(ratings: Ratings, arm: int) -> list[np.ndarray]:
    """Reals x fakes: 1 where the fake is scored higher, 1/2 for a tie, NaN where either is unread."""
    tables = []
    for scores in ratings.scores[arm]:
        x, y = scores[ratings.is_fake], scores[~ratings.is_fake]
        table = (x[None, :] > y[:, None]) + 0.5 * (x[None, :] == y[:, None])
        table[np.isnan(x[None, :] + y[:, None])] = np.nan
        tables.append(table)
    return tables


def enumerated(first: list[np.ndarray], second: list[np.ndarray]) -> dict[frozenset[str], list[float]]:
    """Products of all pairs of successes, by what they share exactly (Gallas 2006, the definition of M1 .. M8)."""
    found: dict[frozenset[str], list[float]] = {}
    readers, (reals, fakes) = range(len(first)), map(range, first[0].shape)
    for (r, n, f), (s, m, g) in product(product(readers, reals, fakes), repeat=2):
        value = first[r][n, f] * second[s][m, g]
        if not np.isnan(value):
            shared = frozenset(
                name for name, same in zip("rnf", (r == s, n == m, f == g), strict=True) if same
            )
            found.setdefault(shared, []).append(value)
    return found


class TestMoments:
    @pytest.mark.parametrize("gaps", [0.0, 0.35])
    @pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1)])
    def test_eight_moments_equal_enumeration(self, gaps: float, first: int, second: int) -> None:
        ratings = make_ratings(3, n_readers=3, n_fakes=4, n_reals=5, gaps=gaps)
        a, b = successes(ratings, first), successes(ratings, second)
        found, expected = one_shot.moments(a, b), enumerated(a, b)
        n_pairs = sum(map(len, expected.values()))
        assert len(expected) == 8
        for sharing, products in expected.items():
            assert found.unbiased[sharing] == pytest.approx(np.mean(products))
            assert found.coefficients[sharing] == pytest.approx(len(products) / n_pairs)
        assert sum(found.coefficients.values()) == pytest.approx(1)

    def test_variance_is_unbiased(self) -> None:
        # Gallas 2006: the mean of the estimates over repeated studies is the variance of their areas
        rng = np.random.default_rng(11)
        estimates, areas = [], []
        for _ in range(4000):
            readers, cases = rng.normal(size=3) * 0.8, rng.normal(size=10) * 0.7
            scores = readers[:, None] * (np.arange(10) < 5) + cases + rng.normal(size=(3, 10))
            found = one_shot.single(Ratings.of_one_arm(scores, np.arange(10) < 5, ["a", "b", "c"]))
            estimates.append(found.variance)
            areas.append(found.estimate)
        true = np.var(areas, ddof=1)
        # 4000 draws: the standard error of a variance is about 2 to 3 %
        assert np.mean(np.array(estimates, dtype=float)) == pytest.approx(true, rel=0.1)


class TestVanDyke:
    def test_estimate_and_variance(self, shared_folder: Path) -> None:
        ratings = load_van_dyke(shared_folder)
        found = one_shot.single(ratings, 0)
        assert round(found.estimate, 8) == 0.89703704  # printed by the Iowa program
        a = successes(ratings, 0)
        assert found.variance == pytest.approx(_crossed_variance(np.array(a)), rel=1e-9)
        # near, not equal, to the jackknife variance .0331736^2 of the Iowa program
        assert found.variance == pytest.approx(0.0331736**2, rel=0.02)

    def test_difference(self, shared_folder: Path) -> None:
        ratings = load_van_dyke(shared_folder)
        found = one_shot.difference(ratings, 0, 1)
        assert round(found.estimate, 8) == -0.04380032  # printed by the Iowa program
        both = np.array(successes(ratings, 0)) - np.array(successes(ratings, 1))
        assert found.variance == pytest.approx(_crossed_variance(both), rel=1e-9)
        assert found.inference(0.0).method == "gallas-one-shot"

    def test_the_bootstrap_tends_to_the_v_statistic(self, shared_folder: Path) -> None:
        # 6,000 resamples: the standard deviation of a variance is sqrt(2 / 6000) = 1.8 %
        ratings = load_van_dyke(shared_folder)
        drawn = bootstrap.resample(ratings, "auc", np.random.default_rng(20), 6000)
        for arm in (0, 1):
            found = one_shot.single(ratings, arm)
            assert drawn.se(arm) ** 2 == pytest.approx(found.v_variance, rel=0.06)
            assert (found.v_variance or 0) > (found.variance or 0)
        between = drawn.resampled[:, 0] - drawn.resampled[:, 1]
        assert between.var() == pytest.approx(one_shot.difference(ratings, 0, 1).v_variance, rel=0.06)


def _crossed_variance(kernel: np.ndarray) -> float:
    """Unbiased variance of a fully crossed mean, by another route: mean^2 - M8, M8 by sums with removal."""
    j, n0, n1 = kernel.shape
    total, m8 = kernel.sum(), 0.0
    for r in range(j):
        rest = np.delete(kernel, r, axis=0).sum(axis=0)
        row, column = rest.sum(axis=1, keepdims=True), rest.sum(axis=0, keepdims=True)
        others = rest.sum() - row - column + rest
        m8 += float((kernel[r] * others).sum())
    m8 /= j * (j - 1) * n0 * (n0 - 1) * n1 * (n1 - 1)
    return float((total / kernel.size) ** 2 - m8)


class TestDegreesOfFreedom:
    def test_satterthwaite_on_the_main_effects(self) -> None:
        # Obuchowski, Gallas & Hillis 2012: var^2 / sum over factors of (s^2 / n)^2 / (n - 1), s^2 between the means of
        # the factor's levels; not below the smallest n - 1
        ratings = make_ratings(5, n_arms=1, n_readers=4, n_fakes=8, n_reals=9)
        table = np.array(successes(ratings, 0))
        found = one_shot.single(ratings)
        parts = []
        for axis in range(3):
            means = table.mean(axis=tuple(other for other in range(3) if other != axis))
            parts.append((means.var(ddof=1) / means.size) ** 2 / (means.size - 1))
        assert found.variance is not None
        assert found.variance > 0
        assert found.df == pytest.approx(max(found.variance**2 / sum(parts), 3))

    def test_never_below_the_smallest_factor(self) -> None:
        found = [one_shot.single(make_ratings(seed, n_readers=2)) for seed in range(30)]
        assert all(one.df is None or one.df >= 1 - 1e-9 for one in found)


class TestEdges:
    def test_negative_variance_falls_back_and_says_so(self) -> None:
        candidates = (make_ratings(seed, n_arms=1, n_readers=2, n_fakes=3, n_reals=3) for seed in range(200))
        ratings = next(one for one in candidates if (one_shot.single(one).variance or 0) < 0)
        found = one_shot.single(ratings)
        assert found.is_fallback
        assert (found.v_variance or 0) > 0
        inference = found.inference(0.5)
        assert inference.method == "gallas-v-statistic"
        assert inference.se == pytest.approx((found.v_variance or 0) ** 0.5)

    def test_one_reader_is_not_estimable(self) -> None:
        found = one_shot.single(make_ratings(1, n_readers=1))
        assert (found.variance, found.df) == (None, None)
        assert found.inference(0.5).absent_because == one_shot.TOO_FEW

    def test_perfect_readers_have_no_interval(self) -> None:
        ratings = Ratings.of_one_arm([[2, 2, 1, 1], [3, 3, 1, 1]], [True, True, False, False], ["a", "b"])
        inference = one_shot.single(ratings).inference(0.5)
        assert (inference.estimate, inference.p, inference.interval()) == (1.0, None, None)

    def test_an_empty_arm_is_refused(self) -> None:
        with pytest.raises(InputError, match='No reader read both a fake and a real in arm "all"'):
            one_shot.single(Ratings.of_one_arm([[1.0, 2.0]], [True, True], ["a"]))

    def test_generators_that_share_only_the_reals(self) -> None:
        origins = ["real"] * 5 + ["dcgan"] * 4 + ["wgan"] * 4
        scores = np.random.default_rng(4).integers(1, 7, (3, 13)).astype(float)
        ratings = Ratings.by_generator(scores, origins, ["a", "b", "c"], ["dcgan", "wgan"])
        a, b = successes(ratings, 0), successes(ratings, 1)
        expected = enumerated(a, b)
        assert not any("f" in sharing for sharing in expected)
        between = one_shot.moments(a, b)
        assert [between.coefficients[frozenset(name)] for name in ("f", "rf", "nf", "rnf")] == [0, 0, 0, 0]
        mean = np.mean(np.concatenate([*expected.values()]))
        assert between.covariance == pytest.approx(mean - np.mean(expected[frozenset()]))
        found = one_shot.difference(ratings, 0, 1)
        parts = [one_shot.single(ratings, arm).variance or 0 for arm in (0, 1)]
        assert found.variance == pytest.approx(sum(parts) - 2 * (between.covariance or 0))


class TestBootstrap:
    def test_same_seed_same_interval(self) -> None:
        ratings = make_ratings(6)
        drawn = [bootstrap.resample(ratings, "auc", np.random.default_rng(3), 200) for _ in range(2)]
        assert drawn[0].arm(0) == drawn[1].arm(0)
        assert drawn[0].difference(0, 1).method == "bootstrap-readers-cases"

    def test_estimates_are_the_reader_averages(self) -> None:
        ratings = make_ratings(6, gaps=0.3)
        for kind, values in (
            ("auc", merit.auc(ratings).values),
            ("proportion", merit.proportion(ratings).values),
        ):
            drawn = bootstrap.resample(ratings, kind, np.random.default_rng(3), 50)
            assert np.allclose(drawn.estimates, values.mean(axis=1))

    def test_a_resample_equals_the_area_of_the_repeated_cases(self) -> None:
        ratings = make_ratings(6, n_arms=1, n_readers=1)
        drawn = bootstrap.resample(ratings, "auc", np.random.default_rng(8), 5)
        rng = np.random.default_rng(8)
        rng.multinomial(1, [1.0], size=5)
        weights = np.empty((5, ratings.is_fake.size), dtype=int)
        for stratum in (0, 1):  # reals first: False sorts before True
            own = np.flatnonzero(ratings.is_fake == bool(stratum))
            weights[:, own] = rng.multinomial(own.size, np.full(own.size, 1 / own.size), size=5)
        for row, expected in zip(weights, drawn.resampled[:, 0], strict=True):
            repeated = np.repeat(ratings.scores[0, 0], row)
            is_fake = np.repeat(ratings.is_fake, row)
            pairs = np.sign(repeated[is_fake][:, None] - repeated[~is_fake][None, :])
            assert expected == pytest.approx((pairs + 1).mean() / 2)

    def test_cases_are_drawn_within_their_origin(self) -> None:
        # every wgan fake is called fake and no dcgan fake is: a stratified resample always finds a rate of 4 / 8
        origins = ["dcgan"] * 4 + ["wgan"] * 4
        answers = [[0.0] * 4 + [1.0] * 4] * 2
        ratings = Ratings.of_one_arm(answers, [True] * 8, ["a", "b"], origins)
        drawn = bootstrap.resample(ratings, "proportion", np.random.default_rng(1), 100)
        assert (drawn.resampled == 0.5).all()

    def test_resamples_without_a_value_are_counted(self) -> None:
        # one reader of two read a single fake: without it there is nothing to average when that reader is drawn twice
        scores = [[1.0, np.nan, np.nan, 2.0, 3.0], [2.0, 1.0, 3.0, 1.0, 2.0]]
        ratings = Ratings.of_one_arm(scores, [True, True, True, False, False], ["a", "b"])
        drawn = bootstrap.resample(ratings, "auc", np.random.default_rng(1), 500)
        # P(reader "a" twice) x P(the fake is not drawn) = 1/4 x (2/3)^3 = .074
        assert drawn.n_left_out == pytest.approx(500 * 0.0741, abs=25)
        assert drawn.n_left_out + len(drawn.resampled) == 500

    def test_level_is_checked(self) -> None:
        drawn = bootstrap.resample(make_ratings(6), "auc", np.random.default_rng(1), 20)
        with pytest.raises(InputError, match="Confidence level 95"):
            drawn.arm(0, 95)
