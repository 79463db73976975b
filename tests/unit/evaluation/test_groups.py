"""Groups of readers by the means of their readers."""

from collections.abc import Iterator

import pytest

from evaluation.core.accuracy import ALL
from evaluation.core.groups import (
    BALANCED,
    NO_READERS,
    NO_SPREAD,
    ONE_READER,
    compare,
    group_mean,
    measures,
    permutation_test,
    welch_test,
)
from evaluation.core.readings import Readings, collect
from readerstudy.core.trial_csv import TrialRow
from tests.unit.evaluation.reading_factory import make_trial

# R: datasets::sleep, extra hours under two drugs, here in tens of hours
SLEEP = (
    [0.07, -0.16, -0.02, -0.12, -0.01, 0.34, 0.37, 0.08, 0.0, 0.2],
    [0.19, 0.08, 0.11, 0.01, -0.01, 0.44, 0.55, 0.16, 0.46, 0.34],
)


def make_group(reader: str, group: str, *, real: int, dcgan: int) -> Iterator[TrialRow]:
    """A reader with this many right answers to ten reals and to ten fakes."""
    for origin, n_correct in (("real", real), ("dcgan", dcgan)):
        right, wrong = ("real", "fake") if origin == "real" else ("fake", "real")
        for i in range(10):
            answer = right if i < n_correct else wrong
            yield make_trial(reader, f"{origin}-{i}", origin, answer, group=group)


def two_groups() -> Readings:
    return collect(
        [
            *make_group("R01", "expert", real=8, dcgan=10),
            *make_group("R02", "expert", real=7, dcgan=9),
            *make_group("R03", "novice", real=6, dcgan=5),
            *make_group("R04", "novice", real=5, dcgan=7),
            *make_group("R05", "novice", real=4, dcgan=5),
        ]
    )


class TestWelch:
    def test_students_sleep(self) -> None:
        # R: t.test(extra / 10 ~ group, data = sleep) -> t = -1.8608, df = 17.776, p-value = 0.07939,
        # 95 % limits -0.33654832 0.02054832
        difference, test = welch_test(*SLEEP)
        assert round(test.statistic, 4) == -1.8608  # type: ignore[arg-type]
        assert round(test.df, 3) == 17.776  # type: ignore[arg-type]
        assert round(test.p, 5) == 0.07939  # type: ignore[arg-type]
        assert difference.value == pytest.approx(-0.158)
        limits = difference.interval
        assert limits is not None
        assert (limits.low, limits.high) == pytest.approx((-0.33654832, 0.02054832), abs=5e-9)

    @pytest.mark.parametrize(
        ("first", "second", "reason"),
        [
            ([0.5], [0.6, 0.7], ONE_READER),
            ([0.5, 0.5], [0.6, 0.6], NO_SPREAD),
            ([0.1 + 0.2, 0.3], [0.6, 0.6], NO_SPREAD),  # differ by rounding only
            ([], [0.6], NO_READERS),
        ],
    )
    def test_absent_with_the_reason(self, first: list[float], second: list[float], reason: str) -> None:
        difference, test = welch_test(first, second)
        assert (test.p, test.note) == (None, reason)
        assert difference.interval is None

    def test_one_constant_group_is_enough_spread(self) -> None:
        assert welch_test([0.5, 0.5], [0.6, 0.7])[1].p is not None


class TestPermutation:
    def test_complete_separation_of_three_and_three(self) -> None:
        # 2 of the 20 assignments are as far apart
        assert permutation_test([0.9, 0.8, 0.85], [0.5, 0.6, 0.55]).p == pytest.approx(2 / 20)

    def test_two_and_three(self) -> None:
        # means of all pairs out of 1 2 | 3 4 5: the observed split is the most extreme with {4, 5}: 2 of 10
        assert permutation_test([0.1, 0.2], [0.3, 0.4, 0.5]).p == pytest.approx(2 / 10)

    def test_equal_values_are_one(self) -> None:
        assert permutation_test([0.5, 0.5], [0.5, 0.5]).p == 1.0

    def test_one_reader_each_can_show_nothing(self) -> None:
        assert permutation_test([0.9], [0.1]).p == 1.0

    def test_too_many_assignments_are_left_to_welch(self) -> None:
        test = permutation_test([0.1 * i for i in range(12)], [0.05 * i for i in range(12)])
        assert test.p is None
        assert test.note.startswith("2704156 assignments of readers are too many")

    def test_absent_without_readers(self) -> None:
        assert permutation_test([], [0.1]).note == NO_READERS


class TestGroupMean:
    def test_students_interval(self) -> None:
        # mean .7, sd .1, se .1 / sqrt(3), t(.975, 2) = 4.302653
        found = group_mean("expert", [0.6, 0.7, 0.8])
        assert found.sd == pytest.approx(0.1)
        assert found.mean.interval is not None
        assert found.mean.interval.low == pytest.approx(0.7 - 4.302653 * 0.1 / 3**0.5, abs=1e-6)

    def test_one_reader_has_no_spread(self) -> None:
        found = group_mean("expert", [0.6])
        assert (found.mean.value, found.sd, found.mean.interval, found.mean.note) == (
            0.6,
            None,
            None,
            ONE_READER,
        )


class TestCompare:
    def test_a_reader_is_one_observation(self) -> None:
        found = compare(two_groups())
        assert [(one.group, one.mean.n) for one in found.means] == [("expert", 2), ("novice", 3)]
        assert found.means[0].values == pytest.approx((0.9, 0.8))
        (pair,) = found.pairs
        assert pair.difference.value == pytest.approx(0.85 - (0.55 + 0.6 + 0.45) / 3)
        assert pair.permutation.p == pytest.approx(1 / 10)  # the lowest pair, .45 and .55, is less far away
        assert pair.p_holm == pair.permutation.p

    def test_one_origin(self) -> None:
        assert compare(two_groups(), "dcgan").means[1].values == pytest.approx((0.5, 0.7, 0.5))

    def test_what_is_compared(self) -> None:
        assert measures(two_groups()) == (BALANCED, ALL, "real", "dcgan")
        assert measures(collect([make_trial()])) == (ALL, "real")

    def test_a_group_that_never_saw_the_origin(self) -> None:
        readings = collect([make_trial(group="a"), make_trial("R02", "d", "dcgan", "fake", group="b")])
        found = compare(readings, "dcgan")
        assert (found.means[0].mean.value, found.means[0].mean.note) == (None, NO_READERS)
        assert found.pairs[0].welch.p is None
