"""Response times by origin and correctness, and what is left out."""

from math import exp, log

import pytest
from scipy.stats import t as student

from evaluation.core import response_times
from evaluation.core.accuracy import ALL
from evaluation.core.readings import Readings, collect
from evaluation.core.response_times import ExclusionRule, contrast, exclusions, kept_times, summarise
from generation.core.errors import InputError
from tests.unit.evaluation.reading_factory import make_trial


def timed() -> Readings:
    given = [
        ("a", "real", "real", 1000),
        ("b", "real", "fake", 3000),
        ("c", "dcgan", "fake", 500),
        ("d", "dcgan", "real", 150),  # too fast
        ("e", "dcgan", "fake", 90_000),  # too slow for a limit of a minute
        ("f", "wgan", "fake", None),
    ]
    rows = [make_trial("R01", case, origin, answer, rt_ms=time) for case, origin, answer, time in given]
    return collect([*rows, make_trial("R01", "g", "wgan", "", rt_ms=60_000, is_timeout="1")])


class TestRule:
    def test_words_and_counts(self) -> None:
        rule = ExclusionRule(max_ms=60_000)
        assert rule.words == "times below 200 ms or above 60000 ms left out"
        left_out = exclusions(timed(), "R01", rule)
        assert (left_out.n_timeouts, left_out.n_without_time, left_out.n_too_fast, left_out.n_too_slow) == (
            1,
            1,
            1,
            1,
        )

    def test_limits_are_kept(self) -> None:
        rule = ExclusionRule(200, 1000)
        assert [rule.keeps(time) for time in (199, 200, 1000, 1001)] == [False, True, True, False]

    @pytest.mark.parametrize("limits", [(0, None), (200, 200), (300, 100)])
    def test_limits_that_leave_nothing_are_refused(self, limits: tuple[int, int | None]) -> None:
        with pytest.raises(InputError, match="leave nothing"):
            ExclusionRule(*limits)


class TestSummarise:
    def test_quartiles_and_geometric_mean(self) -> None:
        # R: quantile(c(1000, 2000, 4000, 8000)) -> 1750 3000 5000; geometric mean 2^(1.5) x 1000
        found = summarise([1000, 2000, 4000, 8000])
        assert (found.first_quartile, found.median, found.third_quartile) == (1750, 3000, 5000)
        assert found.geometric_mean.value == pytest.approx(1000 * 2**1.5)
        # logarithms are equally spaced by log 2: sd = log 2 x sqrt(5 / 3)
        half = student.ppf(0.975, 3) * log(2) * (5 / 3) ** 0.5 / 2
        limits = found.geometric_mean.interval
        assert limits is not None
        assert limits.high == pytest.approx(1000 * 2**1.5 * exp(half))

    def test_nothing_and_one(self) -> None:
        nothing, one = summarise([]), summarise([1200])
        assert (nothing.n, nothing.median, nothing.geometric_mean.value) == (0, None, None)
        assert nothing.geometric_mean.note == "no response times"
        assert one.geometric_mean.value == pytest.approx(1200)
        assert one.geometric_mean.interval is None

    def test_each_origin_and_correctness(self) -> None:
        found = {(one.origin, one.is_correct): one for one in response_times.summaries(timed(), "R01", None)}
        assert found["real", None].median == 2000
        assert found["real", False].median == 3000
        assert found["dcgan", False].n == 0  # its only wrong answer was too fast
        assert found[ALL, True].n == 3
        assert len(found) == 4 * 3

    def test_unanswered_trials_have_no_response_time(self) -> None:
        assert sorted(kept_times(timed(), "R01")) == [500, 1000, 3000, 90_000]
        assert kept_times(timed(), "R01", "wgan") == []


class TestContrast:
    def test_ranks_by_hand(self) -> None:
        # of nine pairs eight are longer and one, 3 and 3, is a tie
        found = contrast("x", "y", [3, 5, 4], [1, 2, 3])
        assert found.superiority.value == pytest.approx(8.5 / 9)
        assert found.test.statistic == pytest.approx(8.5)

    def test_exact_small_samples(self) -> None:
        # complete separation of 3 and 3: 2 of 20 orders
        assert contrast("x", "y", [4, 5, 6], [1, 2, 3]).test.p == pytest.approx(0.1)

    def test_equal_times_are_one(self) -> None:
        found = contrast("x", "y", [5, 5], [5])
        assert (found.superiority.value, found.test.p) == (0.5, 1.0)

    def test_absent_without_times(self) -> None:
        found = contrast("wrong", "right", [], [5])
        assert (found.superiority.value, found.test.note) == (None, "no response times for wrong")

    def test_every_comparison_of_a_reader(self) -> None:
        found = response_times.contrasts(timed(), "R01")
        assert [(one.first, one.second) for one in found] == [
            ("wrong", "right"),
            ("dcgan", "real"),
            ("wgan", "real"),
            ("dcgan", "wgan"),
        ]
