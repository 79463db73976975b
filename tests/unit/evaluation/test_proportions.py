"""Counts, intervals and exact tests against published and derived values."""

import pytest

from evaluation.core.multiplicity import holm
from evaluation.core.proportions import BalancedAccuracy, Difference, Proportion
from generation.core.errors import InputError

# Table 3 of Haarburger 2019 as counts; the Wilson limits that are known are printed to four digits.
TABLE_3 = {
    ("layperson", "real"): (155, 240, 64.6),
    ("layperson", "dcgan"): (75, 120, 62.5),
    ("layperson", "wgan"): (84, 120, 70.0),
    ("radiologist", "real"): (176, 240, 73.3),
    ("radiologist", "dcgan"): (90, 120, 75.0),
    ("radiologist", "wgan"): (92, 120, 76.7),
}


class TestFraction:
    @pytest.mark.parametrize(("k", "n", "percent"), TABLE_3.values(), ids=["-".join(key) for key in TABLE_3])
    def test_counts_give_the_printed_percentages(self, k: int, n: int, percent: float) -> None:
        fraction = Proportion(k, n).fraction
        assert fraction is not None
        assert round(100 * fraction, 1) == percent

    def test_no_trials_are_absent_with_a_reason(self) -> None:
        nothing = Proportion(0, 0)
        assert nothing.fraction is None
        assert nothing.interval() is None
        assert nothing.p_chance() is None
        assert nothing.absent_because == "no answered trials"

    @pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, -1)])
    def test_impossible_counts_are_refused(self, k: int, n: int) -> None:
        with pytest.raises(InputError, match=f"{k} correct of {n} trials is impossible"):
            Proportion(k, n)


class TestInterval:
    @pytest.mark.parametrize(
        ("k", "n", "low", "high"), [(155, 240, 0.5835, 0.7036), (92, 120, 0.6834, 0.8333)]
    )
    def test_wilson_of_table_3(self, k: int, n: int, low: float, high: float) -> None:
        limits = Proportion(k, n).interval()
        assert limits is not None
        assert (round(limits.low, 4), round(limits.high, 4)) == (low, high)

    # Newcombe 1998, Stat Med 17:857-872, Table I: 81/263, 15/148, 0/20, 1/29 by methods 3 (score) and 5 (exact).
    @pytest.mark.parametrize(
        ("k", "n", "wilson", "exact"),
        [
            (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
            (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
            (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
            (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
        ],
    )
    def test_newcombe_table_1(
        self, k: int, n: int, wilson: tuple[float, float], exact: tuple[float, float]
    ) -> None:
        for method, expected in (("wilson", wilson), ("clopper-pearson", exact)):
            limits = Proportion(k, n).interval(method)  # type: ignore[arg-type]
            assert limits is not None
            assert (round(limits.low, 4), round(limits.high, 4)) == expected

    @pytest.mark.parametrize("method", ["wilson", "clopper-pearson"])
    def test_edges_are_exact(self, method: str) -> None:
        none, every = Proportion(0, 17).interval(method), Proportion(17, 17).interval(method)  # type: ignore[arg-type]
        assert none is not None
        assert every is not None
        assert none.low == 0.0
        assert every.high == 1.0
        assert 0 < none.high < 1
        assert none.high == pytest.approx(1 - every.low)  # real/fake symmetry

    def test_unknown_method_and_level_are_refused(self) -> None:
        with pytest.raises(InputError, match='"wald" is unknown; write one of wilson, clopper-pearson'):
            Proportion(1, 2).interval("wald")  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"Confidence level 95 is not between 0 and 1"):
            Proportion(1, 2).interval(level=95)


class TestChance:
    def test_half_is_exactly_one(self) -> None:
        assert Proportion(60, 120).p_chance() == 1.0

    def test_largest_p_of_table_3(self) -> None:
        # Two-sided exact: layperson on DCGAN, 75 of 120, p = .0078
        largest = max(p for k, n, _ in TABLE_3.values() if (p := Proportion(k, n).p_chance()) is not None)
        assert round(largest, 4) == 0.0078
        assert largest == Proportion(75, 120).p_chance()

    def test_small_counts_by_hand(self) -> None:
        # 9 of 10: (1 + 10) / 2**10 on each side
        assert Proportion(9, 10).p_chance() == pytest.approx(2 * 11 / 1024)

    def test_published_780_of_1500(self) -> None:
        # Park 2021, JMIR Med Inform 9:e23328: 779 of 1500; the exact binomial on the pooled trials is .141
        assert Proportion(779, 1500).p_chance() == pytest.approx(0.141, abs=5e-4)


class TestDifference:
    # Newcombe 1998, Stat Med 17:873-890, Table II, method 10
    @pytest.mark.parametrize(
        ("first", "second", "low", "high"),
        [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ],
    )
    def test_newcombe_table_2(
        self, first: tuple[int, int], second: tuple[int, int], low: float, high: float
    ) -> None:
        limits = Difference(Proportion(*first), Proportion(*second)).interval()
        assert limits is not None
        assert (round(limits.low, 4), round(limits.high, 4)) == (low, high)

    # DCGAN against WGAN from the counts of Table 3: p = .22 for the layperson, .76 for the radiologist (pooled z)
    @pytest.mark.parametrize(("first", "second", "p"), [(75, 84, 0.22), (90, 92, 0.76)])
    def test_generators_of_table_3(self, first: int, second: int, p: float) -> None:
        test = Difference(Proportion(first, 120), Proportion(second, 120)).test()
        assert test is not None
        assert test.name == "pooled-z"
        assert round(test.p, 2) == p

    def test_fisher_takes_over_at_small_counts(self) -> None:
        # The lady tasting tea (Fisher 1935): 3 of 4 against 1 of 4, two-sided p = 34/70
        test = Difference(Proportion(3, 4), Proportion(1, 4)).test()
        assert test is not None
        assert test.name == "fisher"
        assert test.statistic is None
        assert test.p == pytest.approx(34 / 70)

    def test_all_correct_on_both_sides(self) -> None:
        test = Difference(Proportion(120, 120), Proportion(80, 80)).test()
        assert test is not None
        assert (test.name, test.p) == ("fisher", 1.0)

    def test_absent_without_trials(self) -> None:
        difference = Difference(Proportion(3, 4), Proportion(0, 0))
        assert difference.estimate is None
        assert difference.interval() is None
        assert difference.test() is None


class TestBalancedAccuracy:
    def test_reader_who_always_says_fake_is_at_one_half(self) -> None:
        balanced = BalancedAccuracy(fakes=Proportion(120, 120), reals=Proportion(0, 240))
        assert balanced.estimate == 0.5

    def test_mover_is_half_of_newcombe(self) -> None:
        # (p + q) / 2 = ((p - (1 - q)) + 1) / 2, so its MOVER limits are those of Newcombe's difference, halved
        newcombe = Difference(Proportion(56, 70), Proportion(48, 80)).interval()
        mover = BalancedAccuracy(Proportion(56, 70), Proportion(32, 80)).interval()
        assert newcombe is not None
        assert mover is not None
        assert mover.low == pytest.approx((1 + newcombe.low) / 2)
        assert mover.high == pytest.approx((1 + newcombe.high) / 2)

    def test_absent_without_reals(self) -> None:
        balanced = BalancedAccuracy(Proportion(3, 4), Proportion(0, 0))
        assert balanced.estimate is None
        assert balanced.interval() is None


class TestHolm:
    def test_known_family(self) -> None:
        # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") -> 0.03 0.06 0.06 0.02
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_absent_values_do_not_count(self) -> None:
        assert holm([None, 0.04, None]) == [None, 0.04, None]

    def test_never_above_one(self) -> None:
        assert holm([0.9, 0.8]) == [1.0, 1.0]
