"""Trials in the forms that other software reads."""

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import evaluation.assets
from evaluation.core import table3
from evaluation.core.accuracy import tabulate
from evaluation.core.interchange import imrmc_lines
from evaluation.core.readings import collect
from generation.core.errors import InputError
from readerstudy.core.trial_csv import TrialRow, read_rows, write_rows

SCRIPT = Path(evaluation.assets.__file__).with_name("reproduce.R")


def trial(reader, case, origin, answer, *, confidence=None, order=1, phase="test"):
    return TrialRow(reader, "radiologist", case, origin, "benign", phase, order, answer, confidence, 900)


def study():
    """Two readers; R1 errs on c1 and c5, R2 calls everything synthetic; c3 of R2 is unanswered."""
    truth = {"c1": "real", "c2": "real", "c3": "dcgan", "c4": "dcgan", "c5": "wgan", "c6": "wgan"}
    rows = []
    for order, (case, origin) in enumerate(truth.items(), start=1):
        right = "real" if origin == "real" else "fake"
        wrong = "fake" if right == "real" else "real"
        first = wrong if case in ("c1", "c5") else right
        rows.append(trial("R1", case, origin, first, confidence=1 + order % 2, order=order))
        second = "" if case == "c3" else "fake"
        rows.append(trial("R2", case, origin, second, confidence=2 if second else None, order=7 - order))
    rows.append(trial("R1", "w1", "real", "fake", phase="warmup"))
    return rows


class TestImrmcLines:
    def test_lists_the_truth_of_every_case_once_and_scores_under_each_generator(self):
        lines = [line.rstrip("\r\n") for line in imrmc_lines(collect(study()))]
        begin = lines.index("BEGIN DATA:")
        assert set(lines[1:begin]) == {"N0: 2", "N1: 4", "NR: 2", "NM: 2"}
        rows = [line.split(",") for line in lines[begin + 1 :]]
        assert {row[1]: row[3] for row in rows if row[0] == "-1"} == {
            "c1": "0", "c2": "0", "c3": "1", "c4": "1", "c5": "1", "c6": "1",
        }  # fmt: skip
        scores = {tuple(row[:3]): int(row[3]) for row in rows if row[0] != "-1"}
        # k = 2 levels: "fake" with confidence 1, 2 -> 3, 4; "real" with 1, 2 -> 2, 1.
        assert scores["R1", "c1", "dcgan"] == scores["R1", "c1", "wgan"] == 4
        assert scores["R1", "c2", "dcgan"] == 2
        assert scores["R1", "c5", "wgan"] == 1
        assert ("R1", "c5", "dcgan") not in scores
        assert ("R2", "c3", "dcgan") not in scores
        assert len(scores) == 2 * 2 * 2 + 4 + 3  # reals under both generators, fakes under their own

    def test_without_confidence_the_answer_is_the_score(self):
        rows = [
            trial("R1", "a", "real", "real"),
            trial("R1", "b", "dcgan", "fake"),
            trial("R1", "c", "dcgan", "real"),
        ]
        text = "".join(imrmc_lines(collect(rows)))
        assert re.findall(r"R1,(\w),dcgan,(\d)", text) == [("a", "0"), ("b", "1"), ("c", "0")]

    def test_refuses_one_kind_of_panel_and_names_it_cannot_carry(self):
        with pytest.raises(InputError, match="only one kind; give both"):
            list(imrmc_lines(collect([trial("R1", "a", "real", "real")])))
        with pytest.raises(InputError, match='The name "R 1" holds a comma, semicolon or space'):
            list(
                imrmc_lines(collect([trial("R 1", "a", "real", "real"), trial("R 1", "b", "dcgan", "fake")]))
            )


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_the_r_script_reproduces_table_3_from_the_csv_alone(tmp_path):
    rows = [
        *study(),
        *(trial("R1", "c1", "real", "real", order=9) for _ in range(1)),
    ]  # a repeat, which R leaves out too
    path = tmp_path / "trials.csv"
    path.write_text("".join(write_rows(rows)), encoding="utf-8", newline="")
    done = subprocess.run(
        ["Rscript", str(SCRIPT), str(path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    expected = list(csv.DictReader("".join(table3.csv_lines(tabulate(rows))).splitlines()))
    block = done.stdout.split("Table 3\n")[1].split("\n\n")[0].splitlines()
    found = {}
    columns: list[str] = []
    count = 0
    for line in block:  # wide tables are printed in blocks of columns
        cells = line.split()
        if not re.match(r"^-?[\d.]|^R\d", cells[0]):
            columns, count = cells, 0
            continue
        for name, cell in zip(columns, cells, strict=True):
            found.setdefault(count, {})[name] = cell
        count += 1
    assert len(found) == len(expected) == 8
    for ours in expected:
        theirs = next(
            one
            for one in found.values()
            if (one["reader"], one["origin"]) == (ours["reader"], ours["origin"])
        )
        for name in ("n_trials", "n_correct", "fraction_correct", "ci_low", "ci_high", "p_chance"):
            assert float(theirs[name]) == pytest.approx(float(ours[name]), rel=2e-5, abs=1e-9), name


def run_r(path):
    return subprocess.run(
        ["Rscript", str(SCRIPT), str(path)], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_the_r_script_reads_the_words_that_the_analysis_reads(tmp_path):
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    text = "".join(write_rows(study()))
    plain.write_text(text, encoding="utf-8", newline="")
    words = {",fake,": ",Synthetic,", ",real,": ",REAL,", ",dcgan,": ",DCGAN,", ",test,": ",,"}
    for one, said in words.items():
        text = text.replace(one, said)
    other.write_text(text, encoding="utf-8", newline="")
    assert list(table3.csv_lines(tabulate(read_rows(text.splitlines(keepends=True))))) == list(
        table3.csv_lines(tabulate(study()))
    )
    expected, found = run_r(plain), run_r(other)
    assert found.returncode == 0, found.stderr
    # the mixed model of six cases has no finite estimates, so that only what stands before it is compared
    assert found.stdout.split("Correct answers")[0] == expected.stdout.split("Correct answers")[0]


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_the_r_script_ends_well_where_a_model_has_nothing_to_compare(tmp_path):
    path = tmp_path / "trials.csv"
    # no reals, each reader saw one generator only, all answers right
    rows = [
        trial(f"R{i}", f"{generator}{j}", generator, "fake")
        for i, generator in enumerate(("dcgan", "wgan"))
        for j in range(4)
    ]
    path.write_text("".join(write_rows(rows)), encoding="utf-8", newline="")
    done = run_r(path)
    assert done.returncode == 0, done.stderr
    assert "The ROC analysis needs" in done.stdout
