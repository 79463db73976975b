"""Groups of readers as panels of their own, and the checks beside the primary analysis."""

import pytest

from evaluation.core import groups
from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.core.readings import collect
from evaluation.core.records import READERS_AND_CASES
from evaluation.core.report import document, findings, panel
from tests.unit.evaluation.reading_factory import make_trial
from tests.unit.evaluation.study_factory import make_study


def of_groups(*names):
    return collect(make_trial(f"R{n}", group=name) for n, name in enumerate(names))


@pytest.fixture(scope="module")
def four_readers():
    """Two radiologists and two laypersons."""
    return analyse(make_study(4), AnalysisOptions(n_replicates=100, margin=0.1))


class TestPanels:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (("a", "a", "b", "b"), ("a", "b")),
            (("a", "a", "b"), ("a",)),  # one reader is no panel
            (("a", "a", ""), ("a",)),  # readers without a group are none either
            (("a", "a", "a"), ()),  # the group is the whole panel, which is analysed anyway
            (("", "", ""), ()),
        ],
    )
    def test_a_group_of_two_or_more_that_is_not_everybody(self, names, expected):
        assert groups.panels(of_groups(*names)) == expected


class TestGroups:
    def test_every_group_is_analysed_for_readers_and_cases_like_these(self, four_readers):
        found = [
            one
            for one in four_readers.records
            if one.analysis == "mrmc_balanced_accuracy"
            and one.origin == "all"
            and one.method.startswith("or-jackknife")
            and one.population == READERS_AND_CASES
        ]
        assert {one.group for one in found} == {None, "layperson", "radiologist"}
        # The mean over readers is the mean over two groups of equal size.
        of = {one.group: one.estimate for one in found}
        assert of[None] == pytest.approx((of["layperson"] + of["radiologist"]) / 2, abs=1e-12)

    def test_a_group_is_the_same_as_its_readers_alone(self, four_readers):
        rows = [row for row in make_study(4) if row.group == "layperson"]
        alone = analyse(rows, AnalysisOptions(n_replicates=100, margin=0.1))

        def areas(records, group):
            return [
                (one.origin, one.method, one.estimate, one.ci_low, one.p)
                for one in records
                if one.analysis == "mrmc_auc" and one.group == group and "bootstrap" not in one.method
            ]

        assert areas(four_readers.records, "layperson") == areas(alone.records, None)

    def test_the_report_lists_them_below_all_readers(self, four_readers):
        composed = document.compose(four_readers)
        assert [one.group for one in composed.groups] == ["layperson", "radiologist"]
        assert [one.question for one in composed.groups[0].lines] == [
            "Accuracy over all panels",
            "Balanced accuracy",
            "Area under the ROC curve",
            "Fakes found out",
            "Fakes found out, difference",
            "Area, difference",
        ]
        assert {one.measure for one in composed.contrasts} == {
            "Balanced accuracy",
            "Accuracy over all panels",
        }

    def test_no_finding_about_a_group_is_mistaken_for_one_about_all(self, four_readers):
        said = [
            one.sentence
            for one in findings.findings(four_readers.accuracy, four_readers.records)
            if one.population == READERS_AND_CASES
        ]
        assert len(said) == 3  # accuracy, area, difference of the two generators


class TestChecks:
    def test_the_same_question_by_other_procedures(self, four_readers):
        difference = next(
            one for one in panel.panel(four_readers.records) if one.question == "Area, difference"
        )
        names = [one.split(" ")[0] for one in difference.checks.split("; ")]
        assert names == ["these", "DBM", "DeLong", "one-shot", "bootstrap"]

    def test_dbm_says_what_the_primary_analysis_says(self, four_readers):
        """Hillis, Berbaum & Metz 2008: with the same covariances the two tests are one."""
        found = {
            one.method.split(",")[0]: one.p
            for one in four_readers.records
            if one.analysis == "mrmc_detection_difference"
            and one.group is None
            and one.p is not None
            and one.population == READERS_AND_CASES
        }
        assert found["dbm"] == pytest.approx(found["or-jackknife"], rel=1e-9)
