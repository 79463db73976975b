"""Obuchowski-Rockette and pseudovalue analyses against printed output of the University of Iowa's program."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.core.inference import Inference
from evaluation.core.mrmc import dbm, merit
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc.obuchowski_rockette import ObuchowskiRockette
from evaluation.core.mrmc.ratings import Ratings
from generation.core.errors import InputError
from tests.unit.evaluation.van_dyke import load_van_dyke, make_ratings


@pytest.fixture(scope="module")
def van_dyke(request: pytest.FixtureRequest) -> ObuchowskiRockette:
    return anova.analyse(merit.auc(load_van_dyke(request.getfixturevalue("shared_folder"))))


def limits(found: Inference, digits: int) -> tuple[float, float]:
    interval = found.interval()
    assert interval is not None
    return round(interval.low, digits), round(interval.high, digits)


class TestVanDyke:
    """Every figure as printed in shared/known-answers/README.md, by the Iowa OR-DBM program, unless said otherwise."""

    def test_means_and_mean_squares(self, van_dyke: ObuchowskiRockette) -> None:
        assert np.round(van_dyke.means, 8).tolist() == [0.89703704, 0.94083736]
        assert round(van_dyke.ms_t or 0, 8) == 0.00479617
        assert round(van_dyke.ms_r or 0, 7) == 0.0038362
        assert round(van_dyke.ms_tr or 0, 8) == 0.00055103

    def test_components(self, van_dyke: ObuchowskiRockette) -> None:
        e = van_dyke.errors
        assert round(van_dyke.var_reader or 0, 8) == 0.001535
        assert round(van_dyke.var_arm_reader or 0, 8) == 0.0002004
        assert round(e.cov1 or 0, 8) == 0.00034661
        assert round(e.cov2 or 0, 8) == 0.00034407
        assert round(e.cov3 or 0, 8) == 0.00023903
        assert round(e.variance, 8) == 0.00080229
        assert van_dyke.negative_components == ()

    def test_random_readers_and_cases(self, van_dyke: ObuchowskiRockette) -> None:
        test, found = anova.overall(van_dyke, "RRRC"), anova.difference(van_dyke, 0, 1, "RRRC")
        assert round(test.statistic or 0, 9) == 4.456318693
        assert (test.df1, round(test.df2 or 0, 8)) == (1, 15.25967459)
        assert round(test.p or 0, 11) == 0.05166568582
        assert round(found.estimate, 8) == -0.04380032
        assert limits(found, 8) == (-0.0879595, 0.00035885)
        assert found.p == pytest.approx(test.p)

    def test_fixed_readers(self, van_dyke: ObuchowskiRockette) -> None:
        test, found = anova.overall(van_dyke, "FRRC"), anova.difference(van_dyke, 0, 1, "FRRC")
        assert (round(test.statistic or 0, 6), test.df1, test.df2) == (5.475953, 1, None)
        assert round(test.p or 0, 8) == 0.01927984
        # RJafroc (Chakraborty 2017), data set 02, FRRC: -.08049 to -.007115
        assert limits(found, 5) == (-0.08049, -0.00711)

    def test_fixed_cases(self, van_dyke: ObuchowskiRockette) -> None:
        test = anova.overall(van_dyke, "RRFC")
        assert (round(test.statistic or 0, 3), test.df1, test.df2) == (8.704, 1, 4)
        assert round(test.p or 0, 8) == 0.04195875

    def test_single_arm(self, van_dyke: ObuchowskiRockette) -> None:
        found = anova.single(van_dyke, 0, "RRRC")
        assert round(found.estimate, 8) == 0.89703704
        assert round(found.se or 0, 7) == 0.0331736
        assert round(found.df or 0, 7) == 12.7446476
        assert limits(found, 8) == (0.8252236, 0.96885048)
        # MRMCaov (Smith & Hillis), README: second treatment .02156637, 12.71019, .8941378 to .9875369
        other = anova.single(van_dyke, 1, "RRRC")
        assert (round(other.se or 0, 8), round(other.df or 0, 5)) == (0.02156637, 12.71019)
        assert limits(other, 7) == (0.8941378, 0.9875369)

    def test_single_arm_with_fixed_readers(self, van_dyke: ObuchowskiRockette) -> None:
        # OR-DBM MRMC 2.51, "Single modality AUC 95% confidence intervals", readers fixed
        found = [anova.single(van_dyke, i, "FRRC") for i in (0, 1)]
        assert [round(one.se or 0, 8) for one in found] == [0.02428971, 0.01677632]
        assert limits(found[0], 8) == (0.84943008, 0.94464399)
        assert limits(found[1], 8) == (0.90795637, 0.97371835)

    def test_each_reader_alone(self, shared_folder: Path) -> None:
        # RJafroc, data set 02, FRRC, difference per reader: standard error and p
        printed = [(0.0255, 0.2693), (0.0263, 0.0768), (0.0312, 0.5668), (0.0173, 0.129), (0.0441, 0.023)]
        ratings = load_van_dyke(shared_folder)
        for reader, expected in enumerate(printed):
            alone = Ratings(ratings.scores[:, [reader]], ratings.is_fake, ratings.arms, ratings.readers[:1])
            found = anova.difference(anova.analyse(merit.auc(alone)), 0, 1, "FRRC")
            assert (round(found.se or 0, 4), round(found.p or 0, 4)) == expected

    def test_delong_covariances_are_close_to_the_jackknife(self, shared_folder: Path) -> None:
        ratings = load_van_dyke(shared_folder)
        by_delong = anova.analyse(merit.auc(ratings), "delong")
        assert by_delong.method == "or-delong"
        # With one mean square per sample the jackknife over 114 cases is larger by about 1 / 45 + 1 / 69 per term
        ratio = anova.analyse(merit.auc(ratings)).errors.variance / by_delong.errors.variance
        assert 1.0 < ratio < 1 + 1 / 45

    def test_pseudovalues_say_the_same(self, shared_folder: Path, van_dyke: ObuchowskiRockette) -> None:
        found = dbm.analyse(merit.auc(load_van_dyke(shared_folder)))
        assert round(found.f or 0, 9) == 4.456318693
        assert round(found.df2 or 0, 8) == 15.25967459
        assert round(found.p or 0, 11) == 0.05166568582
        # Hillis 2005: the reader components of both analyses are equal
        assert round(found.components["R"], 8) == 0.001535
        assert round(found.components["TR"], 8) == 0.0002004


class TestEdges:
    def test_one_reader_speaks_only_for_themselves(self) -> None:
        study = anova.analyse(merit.auc(make_ratings(1, n_readers=1)))
        for randomness in ("RRRC", "RRFC"):
            for found in (anova.single(study, 0, randomness), anova.difference(study, 0, 1, randomness)):
                assert (found.se, found.p, found.interval()) == (None, None, None)
                assert "with one reader the variance between readers is not estimable" in found.absent_because
            assert anova.overall(study, randomness).reason == anova.ONE_READER
        assert anova.single(study, 0, "FRRC").is_estimable
        assert (study.ms_r, study.ms_tr, study.var_reader, study.var_arm_reader) == (None,) * 4

    def test_readers_with_equal_differences(self) -> None:
        one = make_ratings(2, n_readers=1)
        twice = Ratings(one.scores[:, [0, 0]], one.is_fake, one.arms, ("R1", "R2"))
        study = anova.analyse(merit.auc(twice))
        assert study.ms_tr == pytest.approx(0)
        found = anova.difference(study, 0, 1, "RRRC")
        assert "MS(TR) = 0" in found.absent_because
        assert anova.overall(study, "RRRC").p is None
        assert anova.single(study, 0, "RRRC").absent_because == anova.EQUAL_READERS
        assert dbm.analyse(merit.auc(twice)).p is None

    def test_one_arm_has_nothing_to_be_compared_with(self) -> None:
        study = anova.analyse(merit.auc(make_ratings(3, n_arms=1)))
        test = anova.overall(study, "RRRC")
        assert (test.statistic, test.p) == (None, None)
        assert test.reason == "one arm has nothing to be compared with"
        assert study.errors.cov1 is None

    def test_negative_components_are_named(self) -> None:
        # Readers whose values are equal but for the errors: MS(R) is below what the errors let expect
        studies = (anova.analyse(merit.auc(make_ratings(seed, n_arms=1))) for seed in range(20))
        negative = next(one for one in studies if (one.var_reader or 0) < 0)
        assert negative.negative_components[0].startswith("var(reader) = -")

    def test_perfect_readers_leave_no_variance(self) -> None:
        scores = np.tile(np.array([2.0, 2, 2, 1, 1, 1]), (1, 3, 1))
        study = anova.analyse(merit.auc(Ratings(scores, np.arange(6) < 3, ("a",), ("x", "y", "z"))))
        for randomness in ("RRRC", "FRRC", "RRFC"):
            found = anova.single(study, 0, randomness)
            assert (found.estimate, found.p) == (1.0, None)
            assert found.absent_because

    def test_pseudovalues_need_two_of_everything(self) -> None:
        with pytest.raises(InputError, match="1 arms, 3 readers and 13 cases; it needs two of each"):
            dbm.analyse(merit.auc(make_ratings(1, n_arms=1)))

    def test_three_arms(self) -> None:
        study = anova.analyse(merit.auc(make_ratings(4, n_arms=3, n_readers=4)))
        test = anova.overall(study, "RRRC")
        e = study.errors
        # Hillis 2007, equation 13, written out
        shared = max((e.cov2 or 0) - (e.cov3 or 0), 0)
        denominator = (study.ms_tr or 0) + 4 * shared
        assert test.statistic == pytest.approx((study.ms_t or 0) / denominator)
        assert test.df2 == pytest.approx(denominator**2 / ((study.ms_tr or 0) ** 2 / (2 * 3)))
        found = dbm.analyse(merit.auc(make_ratings(4, n_arms=3, n_readers=4)))
        assert found.p == pytest.approx(test.p)
