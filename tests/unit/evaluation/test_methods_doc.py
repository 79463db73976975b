"""docs/methods.md names every record that an analysis can hold."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.core.analysis import AnalysisOptions, analyse
from readerstudy.core.trial_csv import TrialRow
from readerstudy.core.unblinding import AFTER_COLUMN
from tests.unit.evaluation.study_factory import make_study

PAGE = Path(__file__).parents[3] / "docs" / "methods.md"
# A row of a table begins with the names of its records in backticks.
NAMED = {
    name
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`([a-z0-9_N]+)`", line.split(" | ")[0])
}


def numberless(name):
    """`accuracy_quarter_3` is documented as `accuracy_quarter_N`."""
    return re.sub(r"_(quarter|confidence)_\d+$", r"_\1_N", name)


def with_three_generators():
    """make_study with the later fakes of one generator given to a third."""
    return [
        TrialRow(
            row.reader, row.group, row.case, "ddpm" if row.origin == "wgan" and int(row.case[5:]) % 2 else row.origin,
            row.tissue, row.phase, row.order, row.answer, row.confidence, row.rt_ms, row.extra,
        )
        for row in make_study(4)
    ]  # fmt: skip


def unblinded_early():
    """A study whose later answers came after early unblinding."""
    return [replace(row, extra=row.extra | {AFTER_COLUMN: str(int(row.order > 20))}) for row in make_study(2)]


@pytest.fixture(scope="module")
def emitted():
    studies = (
        make_study(4),  # groups of two, repeats, confidence, times, timeouts
        make_study(2, n_real=12, n_fake=6),  # too few repeats for coefficients
        with_three_generators(),  # overall tests
        unblinded_early(),
    )
    options = AnalysisOptions(n_replicates=100, notices=("Results were unblinded early.",))
    return {numberless(one.analysis) for rows in studies for one in analyse(rows, options).records}


def test_every_record_is_named(emitted):
    assert emitted - NAMED == set()


def test_no_record_is_named_that_does_not_exist(emitted):
    populations = {"population"}
    assert NAMED - emitted - populations == set()
