"""ROC areas, DeLong's standard error and differences of areas."""

from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from evaluation.core import roc
from evaluation.core.proportions import BalancedAccuracy, Proportion
from generation.core.errors import InputError
from tests.unit.evaluation.van_dyke import load_van_dyke

FAKES, REALS = [3.0, 4.0, 4.0, 2.0, 1.0], [1.0, 2.0, 2.0, 3.0]


def naive_components(fakes: list[float], reals: list[float]) -> tuple[list[float], list[float]]:
    """DeLong 1988, the definition: mean of psi(x, y) = 1, 1/2, 0 over the other sample."""
    psi = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in reals] for x in fakes]
    return [sum(row) / len(reals) for row in psi], [
        sum(column) / len(fakes) for column in zip(*psi, strict=True)
    ]


class TestArea:
    @pytest.mark.parametrize("seed", range(5))
    def test_equals_scikit_learn(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        fakes, reals = rng.integers(1, 9, 40) + 1, rng.integers(1, 9, 60)
        expected = roc_auc_score([1] * 40 + [0] * 60, np.concatenate([fakes, reals]))
        assert roc.area(fakes, reals).estimate == pytest.approx(expected, abs=1e-12)

    def test_by_hand(self) -> None:
        # 20 pairs: 3 beats 1, 2, 2 and ties 3 = 3.5; both 4s beat 4; 2 beats 1 and ties 2, 2 = 2; 1 ties 1 = .5
        assert roc.area(FAKES, REALS).estimate == pytest.approx((3.5 + 4 + 4 + 2 + 0.5) / 20)

    def test_van_dyke_areas_of_every_reader(self, shared_folder: Path) -> None:
        # Trapezoidal areas printed by OR-DBM MRMC 2.51 for the Van Dyke data
        printed = [
            [0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066],
            [0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169],
        ]
        ratings = load_van_dyke(shared_folder)
        found = [
            [roc.area(scores[ratings.is_fake], scores[~ratings.is_fake]).estimate for scores in arm]
            for arm in ratings.scores
        ]
        assert np.round(np.array(found, dtype=float), 8).tolist() == printed

    def test_standard_error_follows_the_definition(self) -> None:
        of_fakes, of_reals = naive_components(FAKES, REALS)
        expected = sqrt(np.var(of_fakes, ddof=1) / len(FAKES) + np.var(of_reals, ddof=1) / len(REALS))
        assert roc.area(FAKES, REALS).se == pytest.approx(expected, abs=1e-12)

    def test_answers_without_confidence_give_balanced_accuracy(self) -> None:
        # 3 of 5 fakes called fake, 6 of 8 reals called real
        area = roc.area([1, 1, 1, 0, 0], [0] * 6 + [1] * 2)
        assert area.estimate == pytest.approx(BalancedAccuracy(Proportion(3, 5), Proportion(6, 8)).estimate)

    def test_logit_interval(self) -> None:
        area = roc.area(FAKES, REALS)
        assert area.estimate is not None
        assert area.se is not None
        limits = area.interval()
        assert limits is not None
        # logit(A) -+ 1.959964 se / (A (1 - A)), then back
        middle = log(area.estimate / (1 - area.estimate))
        half = 1.959963985 * area.se / (area.estimate * (1 - area.estimate))
        assert limits.low == pytest.approx(1 / (1 + exp(half - middle)))
        assert limits.high == pytest.approx(1 / (1 + exp(-half - middle)))

    @pytest.mark.parametrize(("fakes", "reals", "area"), [([5, 6], [1, 2, 3], 1.0), ([1, 2], [5, 6, 7], 0.0)])
    def test_perfect_separation_is_flagged_and_has_no_interval(
        self, fakes: list[float], reals: list[float], area: float
    ) -> None:
        found = roc.area(fakes, reals)
        assert found.estimate == area
        assert found.interval() is None
        test = found.against_chance()
        assert test is not None
        assert test.p is None
        assert "every fake is scored" in found.flag
        assert test.absent_because == found.flag

    def test_equal_scores_are_chance_without_an_error(self) -> None:
        found = roc.area([2, 2, 2], [2, 2])
        assert (found.estimate, found.se) == (0.5, 0.0)
        assert "all placement values are equal" in found.flag
        assert found.interval() is None

    def test_one_case_of_a_kind_has_no_standard_error(self) -> None:
        found = roc.area([3], [1, 4])
        assert (found.estimate, found.se) == (0.5, None)
        assert found.flag == "fewer than two fakes or two reals, so there is no standard error"

    def test_one_kind_alone_has_no_area(self) -> None:
        found = roc.area([], [1, 2])
        assert found.estimate is None
        assert found.interval() is None
        assert found.against_chance() is None
        assert found.flag == "0 fakes and 2 reals; some of both are needed"

    def test_missing_scores_are_refused(self) -> None:
        with pytest.raises(InputError, match="A score is missing"):
            roc.placements([1.0, np.nan], [1.0])

    def test_level_is_checked(self) -> None:
        with pytest.raises(InputError, match="Confidence level 95 is not between 0 and 1"):
            roc.area(FAKES, REALS).interval(95)


class TestCurve:
    def test_equals_scikit_learn(self) -> None:
        rng = np.random.default_rng(3)
        fakes, reals = rng.integers(1, 7, 30) + 1, rng.integers(1, 7, 50)
        x, y, thresholds = roc_curve(
            [1] * 30 + [0] * 50, np.concatenate([fakes, reals]), drop_intermediate=False
        )
        found = roc.curve(fakes, reals)
        assert found.false_positive_rates == pytest.approx(x)
        assert found.true_positive_rates == pytest.approx(y)
        assert found.thresholds == pytest.approx(thresholds)

    def test_the_area_below_it_is_the_mann_whitney_area(self) -> None:
        found = roc.curve(FAKES, REALS)
        area = np.trapezoid(found.true_positive_rates, found.false_positive_rates)
        assert area == pytest.approx(roc.area(FAKES, REALS).estimate)

    def test_one_kind_alone_has_no_curve(self) -> None:
        with pytest.raises(InputError, match="there are 0 fakes and 1 reals"):
            roc.curve([], [1])


class TestDifferenceBetweenReaders:
    def test_covariance_follows_the_definition(self) -> None:
        second = [2.0, 4.0, 3.0, 3.0, 1.0], [1.0, 3.0, 1.0, 2.0]
        a, b = naive_components(FAKES, REALS), naive_components(*second)
        variance = sum(
            np.var(np.subtract(one, other), ddof=1) / len(one) for one, other in zip(a, b, strict=True)
        )
        found = roc.difference_between_readers((FAKES, second[0]), (REALS, second[1]))
        assert found is not None
        assert found.estimate == pytest.approx(np.mean(a[0]) - np.mean(b[0]))
        assert found.se == pytest.approx(sqrt(variance))

    def test_only_complete_pairs_count(self) -> None:
        second = [2.0, 4.0, 3.0, 3.0, 1.0], [1.0, 3.0, 1.0, 2.0]
        whole = roc.difference_between_readers((FAKES, second[0]), (REALS, second[1]))
        gaps = roc.difference_between_readers(
            ([*FAKES, 9.0, np.nan], [*second[0], np.nan, 9.0]), (REALS, second[1])
        )
        assert gaps == whole

    def test_a_reader_does_not_differ_from_themselves(self) -> None:
        found = roc.difference_between_readers((FAKES, FAKES), (REALS, REALS))
        assert found is not None
        assert (found.estimate, found.p, found.interval()) == (0.0, None, None)
        assert (
            found.absent_because == "its standard error is zero, so there is neither an interval nor a test"
        )

    def test_no_common_cases(self) -> None:
        assert roc.difference_between_readers(([1.0, np.nan], [np.nan, 1.0]), ([1.0], [2.0])) is None

    def test_a_single_common_pair_has_no_error(self) -> None:
        found = roc.difference_between_readers(([3.0], [1.0]), ([2.0], [2.0]))
        assert found is not None
        assert (found.estimate, found.se) == (1.0, None)


class TestDifferenceBetweenGenerators:
    def test_only_the_reals_are_shared(self) -> None:
        first, second = [3.0, 4.0, 2.0, 4.0], [1.0, 2.0, 5.0]
        a, b = naive_components(first, REALS), naive_components(second, REALS)
        # Var A + Var B of the fakes, which are independent, + the variance of the paired differences of the reals
        variance = np.var(a[0], ddof=1) / 4 + np.var(b[0], ddof=1) / 3
        variance += np.var(np.subtract(a[1], b[1]), ddof=1) / len(REALS)
        found = roc.difference_between_generators(first, second, REALS)
        assert found is not None
        assert found.se == pytest.approx(sqrt(variance))
        assert found.statistic == pytest.approx((np.mean(a[0]) - np.mean(b[0])) / sqrt(variance))

    def test_without_one_of_them_there_is_nothing_to_compare(self) -> None:
        assert roc.difference_between_generators([], [1.0], [1.0]) is None
