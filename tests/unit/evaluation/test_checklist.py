"""The reporting checklist: filled in from what is known, left to the authors where nothing is."""

import pytest

from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.core.report.checklist import Design, checklist
from tests.unit.evaluation.study_factory import make_study

DESIGN = Design(
    question="Real or not?",
    order_algorithms=("sha256-strata-v2",),
    case_seed=7,
    n_warm_up=(24, 24),
    is_origin_told_first=True,
    time_limit_seconds=0,
    repeat_distance=50,
    n_shared_patients=0,
    n_planned=48,
    fingerprint="9f3c",
    frozen_on="2026-03-01",
    closed_on="2026-03-09",
)


@pytest.fixture(scope="module")
def analysis():
    return analyse(make_study(3), AnalysisOptions(n_replicates=100, margin=0.1))


@pytest.fixture(scope="module")
def known(analysis):
    return {item.guideline: item for item in checklist(analysis, DESIGN)}


@pytest.fixture(scope="module")
def unknown(analysis):
    return {item.guideline: item for item in checklist(analysis)}


def test_grras_has_its_fifteen_items_in_order(analysis):
    """Kottner 2011, table 1."""
    names = [item.guideline for item in checklist(analysis) if item.guideline.startswith("GRRAS")]
    assert names == [f"GRRAS {number}" for number in range(1, 16)]


def test_every_item_says_something_or_asks_for_it(known, unknown):
    for item in (*known.values(), *unknown.values()):
        assert item.statement or item.by_authors, item


def test_numbers_are_those_of_the_trials(known):
    # 3 readers, 48 cases, 12 repeats each; one seed gives so many timeouts.
    n_timeouts = sum(row.extra["is_timeout"] == "1" and row.extra["role"] == "first" for row in make_study(3))
    assert known["GRRAS 11"].statement == (
        f"3 readers, 48 cases, {3 * 48 - n_timeouts} answers analysed, 36 repeated readings."
    )
    assert known["STARD 16, CLAIM 13"].statement.startswith(
        f"{n_timeouts} timed out, 0 not answered, 0 not shown; left out, not imputed"
    )
    assert known["GRRAS 3"].statement.startswith("48 test cases: 24 Real, 12 DCGAN, 12 WGAN")
    assert known["GRRAS 12"].statement == "Readers by group: 1 layperson, 2 radiologist."


def test_what_the_protocol_fixed_is_stated(known):
    process = known["GRRAS 8"].statement
    assert "sha256-strata-v2" in process
    assert "Warm-up of 24 real and 24 synthetic panels with their origin." in process
    assert "36 second readings, not announced, at least 50 panels later" in process
    assert "Time limit: none." in process
    assert "seed 7" in known["GRRAS 7"].statement
    assert "sealed" in known["STARD 13a"].statement
    assert known["CLAIM 20"].statement == "No patient is in both warm-up and test."
    assert (
        "10 percentage points either side of 50 %, fixed by the protocol" in known["STARD 28, 29"].statement
    )


def test_trials_made_elsewhere_claim_no_blinding_and_no_randomisation(unknown):
    assert unknown["STARD 13a"].statement == ""
    assert unknown["STARD 13a"].by_authors == "how readers were blinded"
    assert unknown["GRRAS 9"].statement == unknown["GRRAS 7"].statement == unknown["CLAIM 20"].statement == ""
    assert "order of panels" in unknown["GRRAS 8"].by_authors
    assert "announced" not in unknown["GRRAS 8"].statement


def test_one_reader_has_no_agreement_with_others():
    alone = analyse(make_study(1), AnalysisOptions(n_replicates=100))
    item = next(one for one in checklist(alone) if one.guideline == "CLAIM 18")
    assert item.statement == "Between readers: one reader only; within readers: repeated cases."
