"""How many readers each case fooled."""

import csv

import pytest

from evaluation.core import case_table
from evaluation.core.case_table import FEW_READERS, tabulate
from evaluation.core.proportions import Proportion
from evaluation.core.readings import collect
from tests.unit.evaluation.reading_factory import make_answers, make_readings, make_trial

READINGS = make_readings(
    make_answers("R01", real="rf", dcgan="rf"),
    make_answers("R02", real="rf", dcgan="rr"),
    make_answers("R03", real="rr", dcgan="r."),
)


class TestTabulate:
    def test_hardest_first(self) -> None:
        found = tabulate(READINGS)
        assert [(one.case, one.fooled) for one in found.lines] == [
            ("dcgan-0", Proportion(3, 3)),
            ("real-1", Proportion(2, 3)),
            ("dcgan-1", Proportion(1, 2)),
            ("real-0", Proportion(0, 3)),
        ]
        assert [one.case for one in found.hardest(2)] == ["dcgan-0", "real-1"]
        assert [one.case for one in found.easiest(2)] == ["real-0", "dcgan-1"]

    def test_equal_shares_stand_by_readers_then_origin_then_name(self) -> None:
        rows = [
            make_trial("R01", "b10", "dcgan", "real"),
            make_trial("R01", "b9", "dcgan", "real"),
            make_trial("R01", "z", "real", "fake"),
            make_trial("R01", "y", "wgan", "real"),
            make_trial("R02", "y", "wgan", "real"),
        ]
        assert [one.case for one in tabulate(collect(rows)).lines] == ["y", "z", "b9", "b10"]

    def test_few_readers_are_a_caveat(self) -> None:
        assert tabulate(READINGS).note == FEW_READERS
        many = collect(make_trial(f"R{i}") for i in range(5))
        assert tabulate(many).note == ""

    def test_one_origin(self) -> None:
        assert [one.case for one in tabulate(READINGS).of("real").lines] == ["real-1", "real-0"]

    def test_scores_and_times(self) -> None:
        rows = [
            make_trial("R01", confidence=2, rt_ms=1000),
            make_trial("R02", answer="fake", confidence=1, rt_ms=3000),
        ]
        (line,) = tabulate(collect(rows)).lines
        # two levels: real with 2 scores 1, fake with 1 scores 3
        assert (line.mean_score, line.median_rt_ms, line.n_answered_fake) == (2, 2000.0, 1)

    def test_a_case_that_nobody_answered_is_not_listed(self) -> None:
        assert tabulate(collect([make_trial(answer="")])).lines == ()


def test_csv_carries_wilson_limits() -> None:
    lines = list(csv.DictReader(case_table.csv_lines(tabulate(READINGS))))
    assert list(lines[0]) == list(case_table.COLUMNS)
    limits = Proportion(2, 3).interval()
    assert limits is not None
    assert float(lines[1]["ci_low"]) == pytest.approx(limits.low, abs=1e-6)
    assert (lines[0]["case"], lines[0]["fooled_rate"], lines[0]["ci_high"]) == ("dcgan-0", "1", "1")
    assert (lines[0]["mean_score"], lines[0]["median_rt_ms"]) == ("", "")
