"""Two one-sided tests of equivalence to chance."""

import pytest
from scipy.stats import binom, norm, t

from evaluation.core import equivalence
from evaluation.core.inference import Inference, not_estimable
from evaluation.core.proportions import Proportion
from generation.core.errors import InputError


class TestToChance:
    def test_p_is_the_larger_of_two_exact_tails(self) -> None:
        found = equivalence.to_chance(Proportion(120, 240))
        # P(X >= 120 | .4) and P(X <= 120 | .6) are equal by symmetry
        expected = sum(binom.pmf(k, 240, 0.6) for k in range(121))
        assert found.p == pytest.approx(expected)
        assert found.p_low == pytest.approx(found.p_high)
        assert found.is_shown
        assert found.method == "tost-exact"

    @pytest.mark.parametrize("k", range(90, 151, 3))
    def test_shown_exactly_where_the_90_percent_interval_lies_inside(self, k: int) -> None:
        # R: binom.test(k, 240, conf.level = .90)$conf.int is the Clopper-Pearson interval, dual to the tests
        found = equivalence.to_chance(Proportion(k, 240))
        assert found.interval is not None
        assert found.interval.level == pytest.approx(0.9)
        assert found.is_shown == (found.interval.low >= 0.4 and found.interval.high <= 0.6)

    def test_the_paper_does_not_show_equivalence(self) -> None:
        # Haarburger 2019, Table 3: every cell lies above 60 %
        for k, n in ((155, 240), (75, 120), (84, 120), (176, 240), (90, 120), (92, 120)):
            found = equivalence.to_chance(Proportion(k, n))
            assert not found.is_shown
            assert (found.p or 0) > 0.5

    def test_not_significant_is_not_equivalent(self) -> None:
        few = Proportion(11, 20)
        assert (few.p_chance() or 0) > 0.05
        assert not equivalence.to_chance(few).is_shown

    def test_no_trials(self) -> None:
        found = equivalence.to_chance(Proportion(0, 0))
        assert (found.p, found.interval, found.is_shown) == (None, None, False)
        assert found.reason == "no answered trials"

    @pytest.mark.parametrize("margin", [0.0, 0.5, 10, -0.1])
    def test_margins_that_make_no_sense_are_refused(self, margin: float) -> None:
        with pytest.raises(InputError, match=f"Equivalence margin {margin} is not between 0 and 0.5"):
            equivalence.to_chance(Proportion(5, 10), margin)

    def test_levels_that_make_no_sense_are_refused(self) -> None:
        with pytest.raises(InputError, match=r"Level 5 is not between 0 and 0\.5"):
            equivalence.to_chance(Proportion(5, 10), 0.1, 5)


class TestOfEstimate:
    def test_normal_estimate(self) -> None:
        found = equivalence.of_estimate(Inference(0.52, 0.03, None, 0.5, "or-jackknife"))
        # z against .4 and against .6
        assert found.p_low == pytest.approx(norm.sf(0.12 / 0.03))
        assert found.p_high == pytest.approx(norm.cdf(-0.08 / 0.03))
        assert found.p == found.p_high
        assert found.method == "tost, or-jackknife"

    @pytest.mark.parametrize("estimate", [0.42, 0.45, 0.5, 0.53, 0.56, 0.59])
    def test_shown_exactly_where_the_interval_lies_inside(self, estimate: float) -> None:
        found = equivalence.of_estimate(Inference(estimate, 0.03, 5.5, 0.5, "or-jackknife"))
        half = t.ppf(0.95, 5.5) * 0.03
        assert found.is_shown == (estimate - half >= 0.4 and estimate + half <= 0.6)
        assert found.interval is not None
        assert found.interval.low == pytest.approx(estimate - half)

    def test_without_a_standard_error_nothing_is_shown(self) -> None:
        found = equivalence.of_estimate(not_estimable(0.5, 0.5, "or-jackknife", "one reader"))
        assert (found.p, found.is_shown, found.interval, found.reason) == (None, False, None, "one reader")
