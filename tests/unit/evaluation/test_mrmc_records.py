"""Records of the panel's analyses: names, populations, warnings and what happens with little or odd data."""

from collections.abc import Iterable

import numpy as np
import pytest

from evaluation.core import chance_records, mrmc_records, roc_records, wording
from evaluation.core.mrmc import merit
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.readings import Readings, collect
from evaluation.core.records import Record, to_json
from readerstudy.core.trial_csv import TrialRow
from tests.unit.evaluation.reading_factory import make_answers, make_readings, make_trial
from tests.unit.evaluation.trial_factory import make_table_3_rows


def make_panel(
    n_readers: int = 4,
    *,
    confidence: bool = True,
    counts: dict[str, int] | None = None,
    skill: float = 0.7,
    seed: int = 3,
) -> list[TrialRow]:
    """Readers who see the same cases and differ in skill, with four levels of confidence."""
    rng = np.random.default_rng(seed)
    origins = [
        name for name, n in (counts or {"real": 24, "dcgan": 12, "wgan": 12}).items() for _ in range(n)
    ]
    base = rng.normal(size=len(origins)) * 0.5
    rows = []
    for j in range(n_readers):
        own = skill + rng.normal() * 0.2
        for k, origin in enumerate(origins):
            x = base[k] + rng.normal() + own * ((origin != "real") - 0.5)
            level = min(4, 1 + int(abs(x) / 0.5)) if confidence else None
            rows.append(
                make_trial(
                    f"R{j + 1:02d}",
                    f"c{k}",
                    origin,
                    "fake" if x > 0 else "real",
                    group="radiologist" if j % 2 else "layperson",
                    order=k + 1,
                    confidence=level,
                )
            )
    return rows


def find(records: Iterable[Record], analysis: str, **wanted: object) -> Record:
    found = [
        one
        for one in records
        if one.analysis == analysis
        and all(
            str(value) in str(getattr(one, name)) if name == "method" else getattr(one, name) == value
            for name, value in wanted.items()
        )
    ]
    assert len(found) == 1, f"{len(found)} records of {analysis} with {wanted}"
    return found[0]


class TestPanel:
    def test_every_analysis_is_there_with_its_population(self) -> None:
        records = list(mrmc_records.of_readings(collect(make_panel()), seed=5, n_resamples=50))
        assert {one.analysis for one in records} == {
            "mrmc_auc",
            "mrmc_auc_equivalence",
            "mrmc_balanced_accuracy",
            "mrmc_balanced_accuracy_equivalence",
            "mrmc_accuracy",
            "mrmc_accuracy_equivalence",
            "mrmc_detection_rate",
            "mrmc_detection_rate_equivalence",
            "mrmc_auc_difference",
            "mrmc_detection_difference",
        }
        assert {one.method.split(",")[0] for one in records} == {
            "or-jackknife",
            "or-delong",
            "gallas-one-shot",
            "dbm",
            "bootstrap-readers-cases",
            "tost",
        }
        assert {one.population for one in records} == {
            "readers and cases",
            "these readers",
            "readers on these cases",
        }
        to_json(records)

    def test_the_primary_answer_is_the_analysis_of_the_scores(self) -> None:
        rows = make_panel()
        readings = collect(rows)
        scores = np.array(readings.scores_matrix(), dtype=float)
        is_fake = [readings.origin_of[case] != "real" for case in readings.cases]
        names = [reader.name for reader in readings.readers]
        study = anova.analyse(merit.auc(Ratings.of_one_arm(scores, is_fake, names)))
        expected = anova.single(study, 0, "RRRC")
        found = find(mrmc_records.of_readings(readings), "mrmc_auc", origin="all", method="or-jackknife, random readers and random cases")  # fmt: skip
        assert found.estimate == pytest.approx(expected.estimate)
        assert (found.p, found.df, found.statistic) == (expected.p, expected.df, expected.statistic)
        limits = expected.interval()
        assert limits is not None
        assert (found.ci_low, found.ci_high) == (limits.low, limits.high)
        assert found.n == 4 * 48
        assert "4 readers, 24 fakes and 24 reals" in (found.note or "")
        assert "var(error)" in (found.note or "")

    def test_generators_are_named_as_a_difference(self) -> None:
        found = find(
            mrmc_records.of_readings(collect(make_panel())),
            "mrmc_detection_difference",
            population="readers and cases",
            method="or-jackknife",
        )
        assert found.origin == "dcgan - wgan"
        assert found.n == 4 * 24  # fakes only
        assert "cov1 0, " in (found.note or "")
        assert "cov3 0" in (found.note or "")

    def test_the_check_by_pseudovalues_agrees(self) -> None:
        records = list(mrmc_records.of_readings(collect(make_panel())))
        for analysis in ("mrmc_auc_difference", "mrmc_detection_difference"):
            check = find(records, analysis, method="dbm")
            primary = find(records, analysis, method="or-jackknife, random readers and random cases")
            assert check.p == pytest.approx(primary.p)

    def test_three_generators_have_an_overall_test(self) -> None:
        rows = make_panel(counts={"real": 10, "dcgan": 6, "other-gan": 6, "wgan": 6})
        records = list(mrmc_records.of_readings(collect(rows)))
        found = find(records, "mrmc_auc_overall", population="readers and cases")
        assert found.origin == "dcgan, wgan, other-gan"
        assert found.df == 2
        assert found.p is not None
        primary = [
            one
            for one in records
            if one.analysis == "mrmc_auc_difference"
            and "Hillis df" in one.method
            and "jackknife" in one.method
        ]
        smallest = min(primary, key=lambda one: one.p or 1)
        assert smallest.p is not None
        assert "over 3 pairs of generators" in (smallest.note or "")
        assert f"Holm-adjusted {wording.p_value(min(1, 3 * smallest.p))}" in (smallest.note or "")
        differences = {one.origin for one in records if one.analysis == "mrmc_auc_difference"}
        assert differences == {"dcgan - wgan", "dcgan - other-gan", "wgan - other-gan"}

    def test_a_group_is_analysed_alone(self) -> None:
        records = list(mrmc_records.of_readings(collect(make_panel()), group="layperson"))
        assert {one.group for one in records} == {"layperson"}
        found = find(records, "mrmc_accuracy", origin="all", population="these readers")
        assert "2 readers" in (found.note or "")
        assert not list(roc_records.of_readings(Readings((), (), (), (), {}, None, {}, {}, {}, {}, 0)))

    def test_unequal_shares_of_fakes_are_told(self) -> None:
        readings = make_readings(*(make_answers(f"R0{j}", real="rfr", wgan="f") for j in range(3)))
        found = find(
            mrmc_records.of_readings(readings), "mrmc_accuracy", origin="all", population="these readers"
        )
        assert "25.0 % of the cases are fakes, so always giving one answer is 75.0 % correct" in (
            found.note or ""
        )

    def test_missing_answers_change_the_weights_of_one_shot(self) -> None:
        rows = make_panel()[5:]  # the first reader lacks five reals
        found = find(
            mrmc_records.of_readings(collect(rows)), "mrmc_auc", origin="all", method="gallas-one-shot"
        )
        assert "readers weigh by their number of comparisons" in (found.note or "")

    def test_the_bootstrap_has_the_level_that_was_asked_for(self) -> None:
        found = mrmc_records.of_readings(collect(make_panel()), seed=9, n_resamples=100, level=0.8)
        assert {one.level for one in found if one.method.startswith("bootstrap")} == {0.8}

    def test_the_seed_is_stored(self) -> None:
        readings = collect(make_panel())
        first, second = (
            find(
                mrmc_records.of_readings(readings, seed=9, n_resamples=60),
                "mrmc_auc",
                origin="all",
                method="bootstrap",
            )
            for _ in range(2)
        )
        assert first == second
        assert "seed 9, stream 0" in (first.note or "")
        assert first.ci_low is not None
        assert first.estimate is not None
        assert first.ci_low < first.estimate


class TestLittleData:
    def test_two_readers_are_warned_about(self) -> None:
        records = mrmc_records.of_readings(collect(make_table_3_rows()))
        found = find(records, "mrmc_accuracy", origin="all", population="readers and cases")
        # Haarburger 2019, Table 3: 358 and 314 of 480
        assert found.estimate == pytest.approx((358 + 314) / 960)
        assert "only 2 readers: the variance between readers rests on 1 degree of freedom" in (
            found.note or ""
        )

    def test_without_confidence_the_area_is_the_balanced_accuracy(self) -> None:
        records = list(mrmc_records.of_readings(collect(make_table_3_rows())))
        of_area = find(records, "mrmc_auc", origin="all", population="these readers")
        balanced = find(records, "mrmc_balanced_accuracy", origin="all", population="these readers")
        assert of_area.estimate == balanced.estimate
        assert of_area.estimate == pytest.approx(((182 + 159) / 240 + (176 + 155) / 240) / 4)
        assert "no confidence was given, so the area equals the balanced accuracy" in (of_area.note or "")

    def test_one_reader_is_described_and_no_more(self) -> None:
        records = list(mrmc_records.of_readings(collect(make_panel(1)), seed=1, n_resamples=50))
        random = find(
            records, "mrmc_auc", origin="all", population="readers and cases", method="or-jackknife"
        )
        assert random.estimate is not None
        assert (random.ci_low, random.p) == (None, None)
        assert "with one reader" in (random.note or "")
        fixed = find(records, "mrmc_auc", origin="all", population="this reader", method="or-jackknife")
        assert fixed.p is not None
        drawn = find(records, "mrmc_auc", origin="all", method="bootstrap")
        assert drawn.population == "this reader"
        assert "only the cases are resampled" in (drawn.note or "")
        shown = find(records, "mrmc_auc_equivalence", origin="all")
        assert shown.p is None
        assert "equivalence to chance is" not in (shown.note or "")

    @pytest.mark.parametrize(
        "answers",
        [{"real": "rrff"}, {"dcgan": "ffrr"}, {"real": "r"}, {"real": "r", "dcgan": "f"}, {"real": "..", "wgan": ".."}],
    )  # fmt: skip
    def test_whatever_is_missing_nothing_breaks(self, answers: dict[str, str]) -> None:
        readings = make_readings(make_answers("R01", **answers), make_answers("R02", **answers))
        records = [
            *mrmc_records.of_readings(readings, seed=1, n_resamples=20),
            *roc_records.of_readings(readings),
            *chance_records.of_readings(readings),
        ]
        assert records
        to_json(records)
        assert all(one.note for one in records if one.estimate is None and one.p is None)

    def test_a_reader_with_too_few_answers_is_named_and_left_out(self) -> None:
        readings = make_readings(
            make_answers("R01", real="rrfr", dcgan="ffrf"),
            make_answers("R02", real="rrrf", dcgan="frrf"),
            make_answers("R03", real="rr", dcgan="f"),
        )
        found = find(mrmc_records.of_readings(readings), "mrmc_balanced_accuracy", origin="all", population="these readers")  # fmt: skip
        assert "R03 left out for too few answers" in (found.note or "")
        assert found.n == 16

    def test_an_interval_never_leaves_the_scale(self) -> None:
        readings = make_readings(
            make_answers("R01", real="rrrr", dcgan="fffr"), make_answers("R02", real="rrrf", dcgan="frrf")
        )
        found = find(mrmc_records.of_readings(readings), "mrmc_accuracy", origin="all", population="readers and cases")  # fmt: skip
        assert found.ci_high == 1.0
        assert "the interval is cut at the bounds of the scale" in (found.note or "")


class TestEquivalence:
    def test_the_margin_of_the_protocol_is_named(self) -> None:
        readings = collect(make_panel(6, skill=0.0, counts={"real": 150, "dcgan": 150}))
        planned = find(
            mrmc_records.of_readings(readings, margin=0.15), "mrmc_accuracy_equivalence", origin="all"
        )
        assert "margin 15 percentage points either side of 50 %, fixed by the protocol" in (
            planned.note or ""
        )
        assert "equivalence to chance is shown" in (planned.note or "")
        assert planned.level == pytest.approx(0.90)
        assert planned.ci_low is not None
        assert planned.ci_low > 0.35
        default = find(mrmc_records.of_readings(readings), "mrmc_accuracy_equivalence", origin="all")
        assert chance_records.NOT_PRE_SPECIFIED in (default.note or "")

    def test_agreement_by_luck_cannot_show_it(self) -> None:
        # Both readers have 7 of 12, by different answers: nearly no variance between them, but wide errors
        readings = make_readings(
            make_answers("R01", real="rrrrff", dcgan="fffrrr"),
            make_answers("R02", real="rrffrf", dcgan="rffrff"),
        )
        records = list(mrmc_records.of_readings(readings, margin=0.2))
        found = find(records, "mrmc_accuracy_equivalence", origin="all")
        assert "equivalence to chance is shown" not in (found.note or "")
        detection = find(records, "mrmc_detection_rate_equivalence", origin="all")
        fixed = find(records, "mrmc_detection_rate", origin="all", population="these readers")
        assert "from the standard error of fixed readers" in (detection.note or "")
        assert detection.df is None
        assert fixed.ci_low is not None
        assert detection.ci_low is not None
        assert detection.ci_low > fixed.ci_low  # 90 % inside 95 %
        random = find(records, "mrmc_detection_rate", origin="all", population="readers and cases")
        assert "which is the safer one here" in (random.note or "")


def test_a_large_panel_is_told_in_full() -> None:
    readings = collect(make_panel(20, counts={"real": 240, "dcgan": 120, "wgan": 120}))
    assert len(list(mrmc_records.of_readings(readings))) > 60
