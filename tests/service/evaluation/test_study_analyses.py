"""The analysis of a closed study: begun by closing, done by a worker, shown on the results page."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from evaluation.core import analysis as analyses
from evaluation.jobs import analysing
from evaluation.models import StudyAnalysis
from evaluation.services import study_analyses
from generation.models import Job
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study

pytestmark = [pytest.mark.django_db]


def url(name: str, study, *more) -> str:
    return reverse(f"evaluation:{name}", args=[study.slug, *more])


@pytest.fixture
def quick(monkeypatch):
    """Few bootstrap replicates: nothing here depends on their number."""
    monkeypatch.setattr(
        analysing, "options_of", lambda row: analyses.AnalysisOptions(margin=0.1, n_replicates=100)
    )


def make_closed_study() -> Study:
    """The radiologist calls everything fake, the layperson everything real."""
    study = make_study("open")
    for name, group, answer in (("Rosa", "radiologist", "fake"), ("Leo", "layperson", "real")):
        reader = ReadingBrowser(make_invitation(study, name, group)).begin().see_warm_up()
        while "All done" not in reader.text:
            reader.press(answer)
    return studies.close(study=study, by=ADMIN, now=NOW)


def make_analysis() -> StudyAnalysis:
    row = StudyAnalysis.objects.get(study=make_closed_study())
    analysing.run(row.pk)
    return row


@pytest.fixture
def closed_study(once):
    return once(make_closed_study)


@pytest.fixture
def analysed(quick, once):
    return once(make_analysis)


def test_closing_a_study_queues_its_analysis_once(closed_study):
    row = StudyAnalysis.objects.get(study=closed_study)
    assert row.status == Job.Status.QUEUED
    assert study_analyses.start(study=closed_study, now=NOW) == row
    assert StudyAnalysis.objects.count() == 1


def test_an_open_study_is_not_analysed(open_study, study_admin):
    with pytest.raises(Refused, match="can be seen once it is closed"):
        study_analyses.start(study=open_study, now=NOW)
    study_admin.post(url("analyse", open_study))
    assert not StudyAnalysis.objects.exists()


def test_the_worker_writes_every_file_and_the_page_shows_it(analysed, study_admin):
    assert analysed.status == Job.Status.FINISHED, analysed.error
    assert {"table3.csv", "statistics.json", "report.html", "cases.csv", "imrmc.txt", "reproduce.R"} <= set(
        analysed.files
    )
    assert {path.name for path in analysed.folder.iterdir()} == set(analysed.files)
    text = study_admin.get(url("results", analysed.study)).content.decode()
    # 6 real and 6 synthetic panels: whoever gives one answer only is right on half of them.
    assert "R01 (radiologist) classified 6 of 12 panels correctly: 50.0 %" in text
    assert "nor shown to equal it" in text
    for address in re.findall(r'(?:src|href)="([^"]*/results/files/[^"]+)"', text):
        assert study_admin.get(address).status_code == 200, address


def test_the_same_numbers_as_a_file_and_on_the_page(analysed, study_admin):
    response = study_admin.get(url("statistics_json", analysed.study))
    records = json.loads(response.content)
    d_prime = next(
        one
        for one in records
        if one["analysis"] == "d_prime" and one["reader"] == "R01" and one["origin"] == "all"
    )
    assert d_prime["estimate"] == 0  # an all-fake reader, base-rate weighted
    page = study_admin.get(url("statistics", analysed.study), {"whose": "everybody"}).content.decode()
    assert "Sensitivity d′" in page
    assert page.count("<tr") > 100


def test_every_statistic_is_shown_of_the_panel_of_a_reader_and_of_everybody(analysed, study_admin):
    def lines(whose: str) -> list[str]:
        text = study_admin.get(url("statistics", analysed.study), {"whose": whose}).content.decode()
        return re.findall(r"<tr><td>([^<]*)</td>", text)

    panel, rosa, leo, everybody = map(lines, ("", "R01", "R02", "everybody"))
    assert set(rosa) == {"R01"}
    assert set(leo) == {"R02"}
    assert not {"R01", "R02"} & set(panel)
    assert "all readers" in panel
    assert sorted([*panel, *rosa, *leo]) == sorted(everybody)


def test_the_report_says_what_the_protocol_fixed(analysed):
    report = (analysed.folder / "report.html").read_text(encoding="utf-8")
    assert "Random order for each reader, stored before the first trial (sha256-strata-v2)." in report
    assert "results were sealed until the study was closed" in report
    assert "Is this panel real or synthetic?" in report


def test_a_page_of_an_older_form_asks_for_a_new_analysis(analysed, study_admin):
    path = analysed.folder / "page.json"
    page = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(page | {"format": 1}), encoding="utf-8")
    text = study_admin.get(url("results", analysed.study)).content.decode()
    assert "Run the analysis</button>" in text
    assert study_admin.get(url("statistics", analysed.study)).status_code == 302


def test_running_it_again_replaces_the_files(analysed, study_admin):
    before = (analysed.folder / "statistics.json").read_bytes()
    study_admin.post(url("analyse", analysed.study))
    analysed.refresh_from_db()
    assert analysed.status == Job.Status.QUEUED
    assert (analysed.folder / "statistics.json").read_bytes() == before  # still there meanwhile
    analysing.run(analysed.pk)
    assert (analysed.folder / "statistics.json").read_bytes() == before  # same seed, same numbers


def test_a_failure_is_one_sentence_on_the_page(closed_study, study_admin, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(analysing.analyses, "write", broken)
    row = StudyAnalysis.objects.get(study=closed_study)
    analysing.run(row.pk)
    row.refresh_from_db()
    assert row.status == Job.Status.FAILED
    text = study_admin.get(url("results", closed_study)).content.decode()
    assert "The disk was full; make room where the data folder lies, then start it again." in text
    assert "Run the analysis" in text


class TestFiles:
    @pytest.mark.parametrize("name", ["../cases.npy", "cases.npy", "page.jso", ".", "secret_key"])
    def test_nothing_else_can_be_reached(self, analysed, study_admin, name):
        address = url("analysis_file", analysed.study, "x").replace("/x", f"/{name}")
        assert study_admin.get(address).status_code == 404

    def test_strangers_get_nothing(self, analysed):
        assert Client().get(url("analysis_file", analysed.study, "report.html")).status_code == 302

    def test_the_report_may_run_and_load_nothing(self, analysed, study_admin):
        response = study_admin.get(url("analysis_file", analysed.study, "report.html"))
        assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        assert response["Cache-Control"] == "no-store"


def test_a_study_that_nobody_answered_has_a_report_without_figures(open_study, quick, study_admin):
    study = studies.close(study=open_study, by=ADMIN, now=NOW)
    row = StudyAnalysis.objects.get(study=study)
    analysing.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error) == (Job.Status.FINISHED, "")
    report = (row.folder / "report.html").read_text(encoding="utf-8")
    assert "<svg" not in report
    assert "figures-heading" not in report
    assert study_admin.get(url("results", study)).status_code == 200
