"""Accuracy without the answers that came after early unblinding."""

from dataclasses import replace

from evaluation.core.accuracy import tabulate, tabulate_by_reader
from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.core.unblinding_records import of_rows
from readerstudy.core.unblinding import AFTER_COLUMN
from tests.unit.evaluation.study_factory import make_study

ROWS = make_study(2)
NOTICE = "Results were unblinded early by ada."


def marked(last):
    """The trials of R1 from a position on came after unblinding."""
    return [
        replace(row, extra=row.extra | {AFTER_COLUMN: str(int(row.reader == "R1" and row.order > last))})
        for row in ROWS
    ]


def records(rows, notices=(NOTICE,)):
    return list(of_rows(rows, notices, method="wilson", level=0.95))


def test_without_early_unblinding_there_is_nothing():
    assert records(ROWS, notices=()) == []


def test_only_answers_before_it_count():
    found = records(marked(last=20))
    assert (found[0].analysis, found[0].note) == ("disclosure", NOTICE)
    counts = tabulate(ROWS)
    early = tabulate([row for row in ROWS if row.reader == "R2" or row.order <= 20])
    for one in found[1:]:
        assert one.analysis == "accuracy_before_unblinding"
        assert one.n == early.proportion(one.reader, one.origin).n
        assert one.estimate == early.proportion(one.reader, one.origin).fraction
    last = {one.reader: one.n for one in found if one.origin == "all"}
    assert last["R1"] < counts.proportion("R1").n
    assert last["R2"] == counts.proportion("R2").n


def test_the_analysis_holds_them():
    options = AnalysisOptions(n_replicates=100, notices=(NOTICE,))
    names = {one.analysis for one in analyse(marked(last=20), options).records}
    assert {"disclosure", "accuracy_before_unblinding"} <= names


def test_counting_reader_by_reader_gives_the_same():
    rows = sorted(ROWS, key=lambda row: row.reader)
    assert tabulate_by_reader(rows) == tabulate(rows)
    assert tabulate_by_reader([]) == tabulate([])
