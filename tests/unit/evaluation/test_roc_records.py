"""Records of ROC areas and of each reader's evidence about chance."""

import pytest

from evaluation.core import chance_records, roc_records
from evaluation.core.readings import collect
from evaluation.core.records import to_json
from tests.unit.evaluation.reading_factory import make_answers, make_readings, make_trial
from tests.unit.evaluation.test_mrmc_records import find, make_panel
from tests.unit.evaluation.trial_factory import make_table_3_rows


class TestAreas:
    def test_one_per_reader_and_generator(self) -> None:
        records = list(roc_records.of_readings(collect(make_panel(3))))
        areas = [(one.reader, one.origin) for one in records if one.analysis == "auc"]
        assert areas == [(f"R0{j}", origin) for j in (1, 2, 3) for origin in ("dcgan", "wgan", "all")]
        to_json(records)

    def test_the_paper_gives_balanced_accuracies_and_says_so(self) -> None:
        records = list(roc_records.of_readings(collect(make_table_3_rows())))
        found = find(records, "auc", reader="R01", origin="dcgan")
        # Haarburger 2019, Table 3, radiologist: 90 of 120 and 176 of 240
        assert found.estimate == pytest.approx((90 / 120 + 176 / 240) / 2)
        assert found.n == 360
        assert "120 fakes and 240 reals; no confidence was given" in (found.note or "")
        assert found.method.startswith("delong")
        assert found.population == "this reader"

    def test_differences_name_both_sides(self) -> None:
        records = list(roc_records.of_readings(collect(make_panel(2))))
        generators = find(records, "auc_difference", reader="R01")
        assert (generators.origin, generators.population) == ("dcgan - wgan", "this reader")
        readers = find(records, "auc_difference", origin="all")
        assert (readers.reader, readers.population) == ("R01 - R02", "these readers")
        one, other = (
            find(records, "auc", reader=name, origin="all").estimate or 0 for name in ("R01", "R02")
        )
        assert readers.estimate == pytest.approx(one - other)

    def test_pairs_of_readers_are_a_family(self) -> None:
        records = [
            one for one in roc_records.of_readings(collect(make_panel(3))) if " - " in (one.reader or "")
        ]
        assert [one.origin for one in records] == ["dcgan"] * 3 + ["wgan"] * 3 + ["all"] * 3
        assert all("over 3 pairs of readers" in (one.note or "") for one in records)

    def test_answers_without_confidence_are_left_out_of_a_study_with_it(self) -> None:
        rows = [
            make_trial("R01", f"{origin}{k}", origin, "fake" if k % 2 else "real", confidence=1 + k % 3)
            for origin in ("real", "dcgan")
            for k in range(6)
        ]
        rows.append(make_trial("R01", "late", "real", "real"))
        rows.append(make_trial("R02", "late", "real", "fake"))
        found = find(roc_records.of_readings(collect(rows)), "auc", reader="R01", origin="all")
        assert found.n == 12
        assert "1 answer without confidence left out" in (found.note or "")
        assert "R02 gave no confidence and is left out" in (found.note or "")

    def test_a_perfect_reader_is_flagged(self) -> None:
        found = find(
            roc_records.of_readings(make_readings(make_answers("R01", real="rrr", wgan="fff"))),
            "auc",
            origin="all",
        )
        assert (found.estimate, found.ci_low, found.p) == (1.0, None, None)
        assert "every fake is scored above every real" in (found.note or "")

    def test_pairs_of_very_many_readers_are_not_listed(self) -> None:
        readings = make_readings(*(make_answers(f"R{j:02d}", real="rf", wgan="fr") for j in range(21)))
        found = find(roc_records.of_readings(readings), "auc_difference")
        assert "21 readers make 210 pairs" in (found.note or "")

    def test_without_reals_there_is_nothing_to_list(self) -> None:
        assert list(roc_records.of_readings(make_readings(make_answers("R01", wgan="fff")))) == []


class TestChance:
    def test_equivalence_and_bayes_factor_of_the_paper(self) -> None:
        records = list(chance_records.of_readings(collect(make_table_3_rows()), margin=0.10))
        found = find(records, "equivalence_to_chance", reader="R02", origin="dcgan")
        assert found.method.startswith("tost-exact")
        assert "equivalence to chance is not shown; margin 10 percentage points" in (found.note or "")
        factor = find(records, "bayes_factor_vs_chance", reader="R02", origin="dcgan")
        # 75 of 120: 2^120 / (121 C(120, 75)) = 4.8735 against chance, in rational arithmetic
        assert factor.estimate == pytest.approx(4.87353, abs=1e-5)
        assert "uniform prior" in factor.method
        assert "BF01 0.2052" in (factor.note or "")

    def test_no_answers_no_evidence(self) -> None:
        readings = make_readings(make_answers("R01", real=".."), make_answers("R02", real="rf"))
        records = list(chance_records.of_readings(readings))
        for analysis in ("equivalence_to_chance", "bayes_factor_vs_chance"):
            found = find(records, analysis, reader="R01", origin="all")
            assert (found.estimate, found.p, found.n) == (None, None, 0)
            assert "no answered trials" in (found.note or "")

    def test_a_factor_beyond_doubles_keeps_its_logarithm(self) -> None:
        readings = make_readings(make_answers("R01", real="r" * 1200))
        found = find(chance_records.of_readings(readings), "bayes_factor_vs_chance", origin="all")
        assert found.estimate is None
        # log10(2^1200 / 1201)
        assert found.statistic == pytest.approx(358.156, abs=0.001)
        assert "BF10 is beyond the largest number that can be stored" in (found.note or "")
        to_json([found])
