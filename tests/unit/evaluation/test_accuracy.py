"""Table 3, statistics.json and the figure from trial rows."""

import csv
import json
import math
import random

import pytest

from evaluation.core import forest, records, table3
from evaluation.core.accuracy import ALL, tabulate
from evaluation.core.records import Record
from generation.core.errors import InputError
from readerstudy.core.trial_csv import WARM_UP
from tests.unit.evaluation.trial_factory import make_row, make_table_3_rows


def table_of(rows: list) -> dict[tuple[str, str], dict[str, str]]:
    lines = csv.DictReader(table3.csv_lines(tabulate(rows)))
    return {(line["reader"], line["origin"]): line for line in lines}


class TestTable3:
    def test_the_paper_comes_out(self) -> None:
        # Haarburger 2019, Table 3: 73.3 / 75.0 / 76.7 % and 64.6 / 62.5 / 70.0 %
        table = table_of(list(make_table_3_rows()))
        percent = {key: round(100 * float(line["fraction_correct"]), 1) for key, line in table.items()}
        assert [percent["R01", origin] for origin in ("real", "dcgan", "wgan")] == [73.3, 75.0, 76.7]
        assert [percent["R02", origin] for origin in ("real", "dcgan", "wgan")] == [64.6, 62.5, 70.0]
        assert (table["R01", ALL]["n_correct"], table["R01", ALL]["n_trials"]) == ("358", "480")
        assert (table["R02", ALL]["n_correct"], table["R02", ALL]["n_trials"]) == ("314", "480")

    def test_columns_and_order(self) -> None:
        lines = list(table3.csv_lines(tabulate(make_table_3_rows())))
        assert lines[0] == "reader,origin,n_trials,n_correct,fraction_correct,ci_low,ci_high,p_chance\n"
        assert [line.split(",")[:2] for line in lines[1:5]] == [
            ["R01", "real"],
            ["R01", "dcgan"],
            ["R01", "wgan"],
            ["R01", "all"],
        ]
        assert len(lines) == 1 + 2 * 4

    def test_a_source_a_reader_never_saw_stays_empty(self) -> None:
        rows = [make_row("R01"), make_row("R02", origin="wgan", answer="fake")]
        line = table_of(rows)["R01", "wgan"]
        assert line["n_trials"] == "0"
        assert {line[name] for name in ("fraction_correct", "ci_low", "ci_high", "p_chance")} == {""}

    def test_a_pseudonym_that_looks_like_a_formula_is_defused(self) -> None:
        text = "".join(table3.csv_lines(tabulate([make_row("=1+1")])))
        assert "\n'=1+1,real" in text


class TestTabulate:
    def test_warm_up_never_enters(self) -> None:
        rows = [make_row(case="a"), make_row(case="b", phase=WARM_UP, origin="wgan", answer="real")]
        accuracy = tabulate(rows)
        assert accuracy.origins == ("real",)
        assert accuracy.proportion("R01").n == 1
        assert accuracy.n_warm_up == 1

    def test_a_reader_with_nothing_but_warm_up_is_no_reader(self) -> None:
        assert tabulate([make_row(phase=WARM_UP)]).readers == ()

    def test_unanswered_trials_are_counted_apart(self) -> None:
        accuracy = tabulate([make_row(case="a"), make_row(case="b", answer="")])
        assert accuracy.proportion("R01").n == 1
        assert accuracy.n_unanswered == {"R01": 1}

    def test_any_other_generator_counts_as_fake(self) -> None:
        accuracy = tabulate([make_row(origin="stylegan-2", answer="fake")])
        assert accuracy.proportion("R01", "stylegan-2").n_correct == 1
        assert accuracy.generators == ("stylegan-2",)

    def test_readers_stand_in_natural_order(self) -> None:
        names = ["R10", "R2", "expert", "R1"]
        assert [reader.name for reader in tabulate([make_row(name) for name in names]).readers] == [
            "R1",
            "R2",
            "R10",
            "expert",
        ]

    def test_the_first_reading_of_a_repeated_case_counts(self) -> None:
        rows = [make_row(order=80, answer="fake"), make_row(order=7, answer="real")]
        accuracy = tabulate(rows)
        assert (accuracy.proportion("R01").n_correct, accuracy.proportion("R01").n) == (1, 1)
        assert accuracy.n_repeats == 1

    def test_a_repeat_without_order_is_refused(self) -> None:
        with pytest.raises(InputError, match='Reader "R01" judged case "c1" more than once'):
            tabulate([make_row(), make_row(answer="fake")])

    def test_balanced_accuracy_uses_all_reals_for_each_generator(self) -> None:
        accuracy = tabulate(make_table_3_rows())
        assert accuracy.balanced("R01", "dcgan").reals.n == 240
        # (90 / 120 + 176 / 240) / 2
        assert accuracy.balanced("R01", "dcgan").estimate == pytest.approx(0.7416667)
        assert accuracy.balanced("R01").fakes.n == 240


class TestRecords:
    def test_every_record_has_the_fields_of_the_format(self) -> None:
        listed = json.loads(records.to_json(records.of_accuracy(tabulate(make_table_3_rows()))))
        names = "analysis reader group origin tissue n estimate ci_low ci_high level statistic df df2 p method population note"
        assert all(list(record) == names.split() for record in listed)
        assert {record["population"] for record in listed} == {"this reader"}
        assert {record["analysis"] for record in listed} == {
            "accuracy",
            "accuracy_vs_chance",
            "balanced_accuracy",
            "source_difference",
        }

    def test_difference_names_both_sides(self) -> None:
        found = [
            r for r in records.of_accuracy(tabulate(make_table_3_rows())) if r.analysis == "source_difference"
        ]
        assert [r.origin for r in found] == ["dcgan - wgan"] * 2
        layperson = next(r for r in found if r.reader == "R02")
        assert layperson.estimate == pytest.approx(-0.075)
        assert layperson.method == "newcombe; pooled-z"

    def test_an_empty_cell_is_null_with_a_reason(self) -> None:
        accuracy = tabulate([make_row("R01"), make_row("R02", origin="wgan", answer="fake")])
        empty = next(
            r for r in records.of_accuracy(accuracy) if (r.reader, r.origin, r.tissue) == ("R01", "wgan", ALL)
        )
        assert (empty.estimate, empty.ci_low, empty.n, empty.note) == (None, None, 0, "no answered trials")

    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_nothing_infinite_is_ever_written(self, value: float) -> None:
        record = Record(
            analysis="accuracy", estimate=value, method="wilson", population="this reader", note="odd"
        )
        assert record.estimate is None
        assert record.note == "odd; estimate is not finite"
        assert "NaN" not in records.to_json([record])


class TestForest:
    def test_marks_lie_inside_their_intervals_and_the_drawing(self) -> None:
        figure = forest.layout(tabulate(make_table_3_rows()))
        marks = [mark for group in figure.groups for mark in group.marks]
        assert len(marks) == 8
        for mark in marks:
            assert mark.low is not None
            assert mark.x is not None
            assert mark.high is not None
            assert figure.left <= mark.low < mark.x < mark.high <= figure.right
        assert [tick.label for tick in figure.ticks] == ["40", "50", "60", "70", "80", "90"]

    def test_a_cell_without_trials_has_no_mark(self) -> None:
        figure = forest.layout(tabulate([make_row("R01"), make_row("R02", origin="wgan", answer="fake")]))
        wgan = figure.groups[0].marks[1]
        assert (wgan.label, wgan.x, wgan.low) == ("WGAN", None, None)


def test_row_order_is_irrelevant() -> None:
    rows = list(make_table_3_rows())
    shuffled = random.Random(5).sample(rows, len(rows))
    assert list(table3.csv_lines(tabulate(rows))) == list(table3.csv_lines(tabulate(shuffled)))
