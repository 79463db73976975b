"""The records of a whole trial file."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.core import reader_records, records
from evaluation.core.agreement_records import MAX_PAIRED
from evaluation.core.confusion import of_reader
from evaluation.core.readings import collect
from evaluation.core.records import READERS_ON_THESE_CASES, THESE_READERS, THIS_READER, Record
from evaluation.core.signal_detection import detect
from readerstudy.core.trial_csv import TrialRow
from tests.unit.evaluation.reading_factory import make_answers, make_trial
from tests.unit.evaluation.study_factory import make_study
from tests.unit.evaluation.trial_factory import make_table_3_rows


def records_of(rows: list[TrialRow], n_replicates: int = 100) -> list[Record]:
    readings = collect(rows)
    return list(reader_records.of_readings(readings, np.random.default_rng(3), n_replicates=n_replicates))


STUDY = make_study()


@pytest.fixture(scope="module")
def found() -> list[Record]:
    return records_of(STUDY)


class TestWholeStudy:
    def test_every_analysis_is_there(self, found: list[Record]) -> None:
        expected = [
            "answered_fake",
            "ppv_fake",
            "ppv_real",
            "ppv_fake_at_half",
            "d_prime",
            "criterion",
            "ln_beta",
            "a_prime",
            "d_prime_difference",
            "source_difference",
            "source_odds_ratio",
            "source_odds_ratio_homogeneity",
            "accuracy_at_confidence_1",
            "type_2_auc",
            "cochran_q",
            "reader_difference",
            "reader_difference_mid_p",
            "observed_agreement",
            "cohen_kappa",
            "pabak",
            "gwet_ac1",
            "agreement_on_fake",
            "agreement_on_real",
            "weighted_kappa",
            "fleiss_kappa",
            "krippendorff_alpha",
            "krippendorff_alpha_ordinal",
            "intra_reader_cohen_kappa",
            "group_accuracy",
            "group_difference",
            "group_difference_permutation",
            "response_time_median",
            "response_time_geometric_mean_wrong",
            "response_time_superiority",
            "response_times_left_out",
            "accuracy_quarter_4",
            "answered_fake_quarter_1",
            "learning_slope",
            "answer_drift",
            "previous_answer_effect",
            "answer_repetition",
            "learning_slope_mean",
            "flow_n_shown",
            "flow_n_timeouts",
        ]
        assert set(expected) <= {one.analysis for one in found}

    def test_each_record_says_whom_it_speaks_for(self, found: list[Record]) -> None:
        assert {one.population for one in found} == {THIS_READER, THESE_READERS, READERS_ON_THESE_CASES}
        for one in found:
            if one.population == THIS_READER:
                assert one.reader in {"R1", "R2", "R3"}

    def test_what_is_absent_has_a_reason(self, found: list[Record]) -> None:
        for one in found:
            is_test = one.analysis.endswith(("_q", "mid_p", "homogeneity", "permutation"))
            value = one.p if is_test else one.estimate
            assert value is not None or one.note, one

    def test_estimates_lie_in_their_intervals(self, found: list[Record]) -> None:
        checked = 0
        for one in found:
            if one.ci_low is not None and "bootstrap" not in one.method:
                assert one.ci_low - 1e-9 <= one.estimate <= one.ci_high + 1e-9, one  # type: ignore[operator]
                checked += 1
        assert checked > 100

    def test_one_record_per_question(self, found: list[Record]) -> None:
        keys = [(one.analysis, one.reader, one.group, one.origin, one.tissue) for one in found]
        assert len(keys) == len(set(keys))

    def test_it_can_be_written(self, found: list[Record]) -> None:
        text = records.to_json(found)
        assert "NaN" not in text
        assert len(json.loads(text)) == len(found)

    def test_the_same_seed_gives_the_same_records(self, found: list[Record]) -> None:
        assert records_of(STUDY) == found

    def test_d_prime_is_the_one_of_its_module(self, found: list[Record]) -> None:
        record = next(
            one for one in found if (one.analysis, one.reader, one.origin) == ("d_prime", "R2", "wgan")
        )
        expected = detect(of_reader(collect(STUDY), "R2", "wgan")).d_prime
        assert (record.estimate, record.n) == (expected.value, expected.n)
        assert "standard error" in (record.note or "")


class TestOtherStudies:
    def test_table_3_alone(self) -> None:
        found = records_of(list(make_table_3_rows()))
        names = {one.analysis for one in found}
        assert "d_prime" in names
        assert not any(name.startswith(("response_time", "accuracy_at", "type_2")) for name in names)
        kappa = next(
            one
            for one in found
            if (one.analysis, one.reader, one.origin) == ("cohen_kappa", "R01, R02", "all")
        )
        assert "also reflects skill" in (kappa.note or "")

    def test_the_five_required_columns_alone(self) -> None:
        rows = [
            replace(row, group="", order=None, confidence=None, rt_ms=None, extra={}) for row in STUDY[:48]
        ]
        found = records_of(rows)
        slope = next(one for one in found if one.analysis == "learning_slope")
        assert (slope.estimate, slope.note) == (
            None,
            "log odds of a correct answer, last against first trial; column order is missing, so the sequence is unknown",
        )
        assert not any(one.analysis.startswith("group") for one in found)

    @pytest.mark.parametrize(
        "rows",
        [
            [],
            [make_trial()],
            [make_trial(answer="")],
            [make_trial(phase="warmup")],
            [make_trial(origin="dcgan", answer="fake", confidence=1, rt_ms=500, order=1)],
            list(make_answers("R01", real="rrr", dcgan="fff", wgan="fff")),
            [*make_answers("R01", real="ff", dcgan="ff"), *make_answers("R02", real="rr", dcgan="rr")],
            [make_trial(role="check"), make_trial(case="d", role="repeat")],
        ],
        ids=["empty", "one", "unanswered", "warm-up", "one-fake", "perfect", "constant", "no-first"],
    )
    def test_thin_files_give_records_without_a_crash(self, rows: list[TrialRow]) -> None:
        records.to_json(records_of(rows))

    def test_many_readers_are_not_listed_in_pairs(self) -> None:
        found = records_of(make_study(n_readers=MAX_PAIRED + 1, n_real=6, n_fake=3), n_replicates=20)
        assert not any(one.analysis in {"reader_difference", "cohen_kappa"} for one in found)
        fleiss = next(one for one in found if one.analysis == "fleiss_kappa")
        assert "pairs are not listed for more than 12 readers" in (fleiss.note or "")


def test_a_predictive_value_at_half_that_is_absent_says_why() -> None:
    # Bayes' theorem with H = F = 0 is 0 / 0: nobody said "fake"
    never = records_of([*make_answers("R01", real="rr", dcgan="rr")])
    told = [one for one in never if one.analysis == "ppv_fake_at_half"]
    assert {(one.estimate, one.note) for one in told} == {
        (None, "fakes, reals or answers “fake” are missing")
    }
