import csv
import io

import pytest

from generation.core.errors import InputError
from readerstudy.core.trial_csv import COLUMNS, TrialRow, read_rows, write_rows

ROW = TrialRow(
    "R01",
    "radiologist",
    "c1",
    "dcgan",
    "benign",
    "test",
    3,
    "fake",
    4,
    812,
    {"served_at": "2026-03-02T09:00:00+00:00"},
)


HEADING = "reader,case,origin,tissue,answer"


def text(*rows: TrialRow) -> str:
    return "".join(write_rows(rows))


class TestWriteRows:
    def test_one_line_per_trial_after_the_header(self):
        assert text(ROW).splitlines() == [
            "reader,group,case,origin,tissue,phase,order,answer,confidence,rt_ms,served_at",
            "R01,radiologist,c1,dcgan,benign,test,3,fake,4,812,2026-03-02T09:00:00+00:00",
        ]

    def test_absent_is_empty(self):
        row = TrialRow("R01", "", "c1", "real", "benign", "warmup", None, "", None, None)
        assert text(row).splitlines()[1] == "R01,,c1,real,benign,warmup,,,,"

    def test_no_trial_leaves_the_header(self):
        assert text() == ",".join(COLUMNS) + "\r\n"

    @pytest.mark.parametrize("cell", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1"])
    def test_cells_that_a_spreadsheet_would_run_are_neutralised(self, cell):
        row = TrialRow("R01", cell, "c1", "real", "benign", "test", 1, "real", None, None)
        written = list(csv.reader(io.StringIO(text(row), newline="")))[1][1]
        assert written == f"'{cell}"

    def test_streams(self):
        lines = write_rows(ROW for _ in range(10**9))
        assert [next(lines)[:6] for _ in range(2)] == ["reader", "R01,ra"]


class TestReadRows:
    def test_reads_back_what_was_written(self):
        assert read_rows(text(ROW).splitlines()) == [ROW]

    def test_five_columns_are_enough(self):
        (row,) = read_rows(["\ufeffreader,case,origin,tissue,answer", "A,1,WGAN,No findings,Fake"])
        assert row == TrialRow("A", "", "1", "wgan", "no_findings", "test", None, "fake", None, None)

    def test_whole_numbers_may_be_written_with_decimals_and_times_are_rounded(self):
        (row,) = read_rows([f"{HEADING},order,confidence,rt_ms", "A,1,real,benign,real,2.0,4.0,812.4"])
        assert (row.order, row.confidence, row.rt_ms) == (2, 4, 812)

    def test_columns_without_a_name_do_no_harm(self):
        (row,) = read_rows([f"{HEADING},,", "A,1,real,benign,real,,"])
        assert row.answer == "real"

    def test_a_neutralised_cell_is_itself_again(self):
        row = TrialRow("R01", "=1+1", "c1", "real", "benign", "test", 1, "real", None, None)
        assert read_rows(text(row).splitlines()) == [row]

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            (
                ["reader,case"],
                "The trial CSV has no column origin or tissue or answer; it needs reader, case, origin, tissue, answer.",
            ),
            (
                ["reader,case,origin,tissue,answer", "A,1,real,benign,maybe"],
                'Line 2 of the trial CSV: answer is "maybe"; write real or fake.',
            ),
            (
                ["reader,case,origin,tissue,answer", "A,,real,benign,real"],
                "Line 2 of the trial CSV: case is empty; every trial needs one.",
            ),
            (
                ["reader,case,origin,tissue,answer", "A,1,real"],
                "Line 2 of the trial CSV does not have as many cells as the header.",
            ),
            (
                ["reader,case,origin,tissue,answer,rt_ms", "A,1,real,benign,real,fast"],
                'Line 2 of the trial CSV: rt_ms is "fast"; write a number or leave it empty.',
            ),
            *(
                (
                    [f"{HEADING},{name}", "A,1,real,benign,real,3", f"A,2,real,benign,real,{text}"],
                    f'Line 3 of the trial CSV: {name} is "{text}"; write a whole number such as 3, or leave it empty.',
                )
                for name in ("confidence", "order")
                for text in ("0.4", "2.5", "sure", "nan", "inf", "1e999")
            ),
            (
                [f"{HEADING},confidence,group, confidence", "A,1,real,benign,real,3,x,5"],
                'The trial CSV has 2 columns called "confidence"; keep one and rename or delete the others.',
            ),
            (
                [f"{HEADING},seen,seen,seen", "A,1,real,benign,real,3,x,5"],
                'The trial CSV has 3 columns called "seen"; keep one and rename or delete the others.',
            ),
            *(
                (
                    [HEADING.replace(",", sign), "A,1,real,benign,real".replace(",", sign)],
                    f"The cells of the trial CSV are separated by {words}; save it with commas between them, as in "
                    "reader,case,origin,tissue,answer.",
                )
                for sign, words in (
                    (";", "semicolons"),
                    ('";"', "semicolons"),
                    ("\t", "tabs"),
                    ("|", "vertical bars"),
                )
            ),
            *(
                (
                    [HEADING, f"A,1,{name},benign,real"],
                    f'Line 2 of the trial CSV: Source "{name}" is the name of results over several sources; give the '
                    f"generator another name, such as {name}-gan.",
                )
                for name in ("all", "balanced")
            ),
        ],
    )
    def test_refuses_with_the_line(self, lines, sentence):
        with pytest.raises(InputError) as refusal:
            read_rows(lines)
        assert str(refusal.value) == sentence
