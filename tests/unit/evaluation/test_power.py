"""Planning figures against the published ones and against enumeration."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from scipy.stats import binom

from evaluation.core import equivalence, power
from evaluation.core.mrmc import merit
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc import power as panel_power
from evaluation.core.mrmc.power import Components
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.proportions import Difference, Proportion
from generation.core.errors import InputError
from tests.unit.evaluation.van_dyke import load_van_dyke, make_ratings


class TestAgainstChance:
    @pytest.mark.parametrize(("n", "expected"), [(120, 0.54), (240, 0.87)])
    def test_the_study_of_the_paper(self, n: int, expected: float) -> None:
        # reference figure for a true accuracy of .60
        assert round(power.against_chance(n, 0.60), 2) == expected

    @pytest.mark.parametrize(("n", "accuracy"), [(1, 0.7), (7, 0.9), (20, 0.6), (61, 0.35)])
    def test_enumeration_of_the_exact_test(self, n: int, accuracy: float) -> None:
        rejected = [k for k in range(n + 1) if (Proportion(k, n).p_chance() or 0) <= 0.05]
        expected = sum(binom.pmf(k, n, accuracy) for k in rejected)
        assert power.against_chance(n, accuracy) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("accuracy", [0.6, 0.4, 0.75])
    def test_both_sample_sizes_by_exhaustion(self, accuracy: float) -> None:
        found = power.n_against_chance(accuracy)
        assert found is not None
        enough = [power.against_chance(n, accuracy) >= 0.8 for n in range(1, 501)]
        assert found.first == enough.index(True) + 1
        assert found.n == max((n for n, is_enough in enumerate(enough, 1) if not is_enough), default=0) + 1
        assert found.power == pytest.approx(power.against_chance(found.n, accuracy))

    def test_guessing_readers_are_never_found(self) -> None:
        assert power.n_against_chance(0.5) is None
        assert power.against_chance(240, 0.5) <= 0.05
        assert power.n_against_chance(0.5001) is None


class TestEquivalence:
    def test_227_cases_within_ten_points(self) -> None:
        # reference figure: n = 227 by exact power that saw-tooths, 214 by the normal approximation
        found = power.n_for_equivalence()
        assert found is not None
        assert found.n == 227
        assert found.first == 214
        assert round(found.approximation) == 214
        assert all(power.of_equivalence(n) >= 0.8 for n in range(227, 600))
        assert power.of_equivalence(226) < 0.8

    @pytest.mark.parametrize(("n", "accuracy"), [(30, 0.5), (150, 0.5), (150, 0.54)])
    def test_enumeration_of_the_tests(self, n: int, accuracy: float) -> None:
        shown = [k for k in range(n + 1) if equivalence.to_chance(Proportion(k, n)).is_shown]
        expected = sum(binom.pmf(k, n, accuracy) for k in shown)
        assert power.of_equivalence(n, accuracy=accuracy) == pytest.approx(expected, abs=1e-12)

    def test_an_accuracy_on_the_margin_never_shows_it(self) -> None:
        assert power.n_for_equivalence(0.10, accuracy=0.61) is None
        assert power.of_equivalence(1000, 0.10, accuracy=0.6) <= 0.05


class TestDifference:
    def test_622_per_generator(self) -> None:
        # reference figure: .625 against .70 needs 622 fakes of each generator (622.2 by the arcsine transform)
        found = power.n_for_difference(0.625, 0.70)
        assert found is not None
        assert found.n == 622
        assert round(found.approximation, 1) == 622.2
        assert found.power >= 0.8

    def test_17_points_with_the_120_fakes_of_the_paper(self) -> None:
        # reference figure: only a difference of 17 points is found with power .80
        assert round(100 * (power.detectable_difference(120, 0.60) or 0)) == 17
        rate = 0.60 + (power.detectable_difference(120, 0.60) or 0)
        assert power.of_difference(120, 120, 0.60, rate) == pytest.approx(0.8, abs=1e-4)
        assert power.detectable_difference(5, 0.95) is None

    def test_exact_power_enumerates_the_pooled_z_test(self) -> None:
        n, m, first, second = 24, 30, 0.5, 0.8
        expected = 0.0
        for k, j in product(range(n + 1), range(m + 1)):
            test = Difference(Proportion(k, n), Proportion(j, m)).test()
            assert test is not None
            pooled = (k + j) / (n + m)
            variance = pooled * (1 - pooled) * (1 / n + 1 / m)
            if variance and abs(k / n - j / m) / variance**0.5 > 1.959963984540054:
                expected += binom.pmf(k, n, first) * binom.pmf(j, m, second)
        assert power.exact_difference(n, m, first, second) == pytest.approx(expected, abs=1e-9)

    def test_equal_rates_need_infinitely_many(self) -> None:
        assert power.n_for_difference(0.6, 0.6) is None
        assert power.n_for_difference(0.6, 0.605) is None

    def test_large_samples_use_the_approximation(self) -> None:
        found = power.n_for_difference(0.6, 0.63)
        assert found is not None
        assert found.n > power.LARGE_SAMPLE
        assert found.n == pytest.approx(found.approximation, abs=1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: power.against_chance(0, 0.6), "0 cases are not enough"),
            (lambda: power.against_chance(10, 60), "Probability 60 is not between 0 and 1"),
            (lambda: power.n_against_chance(0.6, target=80), "Target power 80 is not between 0 and 1"),
            (lambda: power.of_equivalence(10, 0.6), r"Equivalence margin 0\.6 is not between"),
            (lambda: power.of_difference(10, 10, 0.5, 1.0), r"Probability 1\.0 is not between 0 and 1"),
            (lambda: panel_power.assumed(0.6, -1, 0, 100), "Reader standard deviation -1"),
            (lambda: panel_power.assumed(1.6, 0.1, 0, 100), r"Accuracy 1\.6"),
            (lambda: panel_power.assumed(0.6, 0.1, 0, 0), "0 cases are not enough"),
            (lambda: Components(0, 0, 0.1, 0), "0 cases with an error variance of 0.1"),
            (lambda: Components(10, 0, 0.1, 0).for_cases(0), "0 cases are not enough"),
            (
                lambda: panel_power.against_chance(Components(9, 0, 0.1, 0), 1, 0.1),
                "1 reader cannot stand for others",
            ),
        ],
    )
    def test_impossible_plans_are_refused(self, call: Callable[[], object], message: str) -> None:
        with pytest.raises(InputError, match=message):
            call()


class TestPanel:
    def test_van_dyke_as_a_pilot(self, shared_folder: Path) -> None:
        # RJafroc, SsPowerGivenJK (Hillis 2011, 2018): effect .043800322, 10 readers, 165 cases, RRRC: .80541995
        study = anova.analyse(merit.auc(load_van_dyke(shared_folder)))
        components = panel_power.of_pilot(study, 114).for_cases(165)
        assert round(panel_power.of_difference(components, 10, 0.043800322), 8) == 0.80541995

    def test_a_pilot_of_one_arm(self, shared_folder: Path) -> None:
        # With the pilot's own readers, cases and effect, the noncentrality is the observed t, 11.968 (.39703704/.0331736)
        study = anova.analyse(merit.auc(load_van_dyke(shared_folder))).arm(0)
        components = panel_power.of_pilot(study, 114)
        assert panel_power.against_chance(components, 5, 0.39703704) > 0.9999
        assert panel_power.against_chance(components, 5, 0.0) == pytest.approx(0.05)

    def test_simulated_studies_reject_as_often(self) -> None:
        # 8 readers, 60 cases, accuracies .60 with SD .08 between readers; cases are independent between readers
        rng = np.random.default_rng(5)
        n_studies, n_found = 400, 0
        is_fake = np.arange(60) < 30
        for _ in range(n_studies):
            skill = np.clip(rng.normal(0.60, 0.08, 8), 0.02, 0.98)
            correct = (rng.random((8, 60)) < skill[:, None]).astype(float)
            study = anova.analyse(merit.proportion(make_correct(correct, is_fake)))
            p = anova.single(study, 0, "RRRC").p
            n_found += p is not None and p <= 0.05
        planned = panel_power.against_chance(panel_power.assumed(0.60, 0.08, 0.0, 60), 8, 0.10)
        assert n_found / n_studies == pytest.approx(planned, abs=0.08)

    def test_equal_components_make_pairs_as_good_as_single_arms_of_half_the_variance(self) -> None:
        # No covariance: the difference of two arms has twice the variance of one arm with the same components
        c = Components(100, 0.002, 0.004, 0.0, var_arm_reader=0.002)
        doubled = Components(100, 0.004, 0.008, 0.0)
        assert panel_power.of_difference(c, 6, 0.1) == pytest.approx(
            panel_power.against_chance(doubled, 6, 0.1)
        )

    def test_assumptions_of_a_pair(self) -> None:
        c = panel_power.assumed_pair((0.6, 0.7), 0.1, 0.2, 120)
        assert c.variance == pytest.approx(0.65 * 0.35 / 120)
        assert c.cov2 == pytest.approx(0.2 * c.variance)
        assert (c.cov1, c.cov3, c.var_reader) == (0.0, 0.0, 0.0)
        assert c.var_arm_reader == pytest.approx(0.1**2 / 2)

    def test_how_many_readers(self) -> None:
        c = panel_power.assumed(0.60, 0.08, 0.05, 120)
        j = panel_power.n_readers_against_chance(c, 0.10)
        assert j is not None
        assert panel_power.against_chance(c, j, 0.10) >= 0.8 > panel_power.against_chance(c, j - 1, 0.10)
        pair = panel_power.assumed_pair((0.6, 0.75), 0.05, 0.05, 120)
        k = panel_power.n_readers_for_difference(pair, 0.15)
        assert k is not None
        assert panel_power.of_difference(pair, k, 0.15) >= 0.8
        # what the cases have in common no number of readers averages away
        assert panel_power.n_readers_against_chance(panel_power.assumed(0.5, 0.0, 0.9, 20), 0.05) is None

    def test_readers_who_do_not_differ_give_a_normal_test(self) -> None:
        c = Components(100, 0.0, 1e-4, 1e-4)
        # se = .01 whatever the number of readers: power of a z test of 2 standard errors, .5160
        assert panel_power.against_chance(c, 5, 0.02) == pytest.approx(0.516, abs=5e-4)
        assert panel_power.of_difference(c, 5, 0.02 * 2**0.5) == pytest.approx(0.516, abs=5e-4)

    def test_an_effect_far_off_the_scale_is_certain(self) -> None:
        # 50 standard errors at 4 to 12 degrees of freedom, where the noncentral F distribution underflows
        for j in range(5, 14):
            c = Components(100, 0.0, 1e-4, 0.0)
            assert panel_power.against_chance(c, j, 50 * (1e-4 / j) ** 0.5, 0.10) == pytest.approx(1)

    def test_a_pilot_needs_two_readers(self) -> None:
        study = anova.analyse(merit.auc(make_ratings(1, n_readers=1)))
        with pytest.raises(InputError, match="The pilot has one reader"):
            panel_power.of_pilot(study, 13)


def make_correct(correct: np.ndarray, is_fake: np.ndarray) -> Ratings:
    return Ratings.of_one_arm(correct, is_fake, [f"R{j}" for j in range(len(correct))])


def test_a_live_preview_can_call_them() -> None:
    components = panel_power.assumed(0.6, 0.05, 0.05, 480)
    for call in (
        lambda: power.n_against_chance(0.52),
        lambda: power.n_for_equivalence(0.03),
        lambda: power.n_for_difference(0.625, 0.70),
        lambda: power.exact_difference(1000, 1000, 0.6, 0.65),
        lambda: panel_power.n_readers_against_chance(components, 0.01),
    ):
        fastest = min(_seconds(call) for _ in range(5))
        assert fastest < 0.05


def _seconds(call: Callable[[], object]) -> float:
    begun = perf_counter()
    call()
    return perf_counter() - begun
