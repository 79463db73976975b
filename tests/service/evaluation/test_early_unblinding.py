"""Early unblinding: by the owner alone, with a reason, and told on every later result."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from evaluation.core import analysis as analyses
from evaluation.jobs import analysing
from evaluation.models import StudyAnalysis
from evaluation.selectors import results
from evaluation.services import study_analyses
from generation.models import Job
from readerstudy.core.errors import Refused
from readerstudy.models import Response, Study
from readerstudy.selectors import rules, unblinding
from readerstudy.services import roles, studies
from readerstudy.services import unblinding as services
from tests.factories import ADMIN, NOW, ReadingBrowser, administrator, make_invitation, make_study

pytestmark = [pytest.mark.django_db]
REASON = "Interim analysis after five answers, as the protocol names it."


def url(name: str, study, *more) -> str:
    return reverse(f"evaluation:{name}", args=[study.slug, *more])


def content_of(response) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def member(study, role: str) -> Client:
    user = User.objects.create(username=f"{role} of it")
    roles.grant(study=study, user=user, role=role, by=ADMIN, now=NOW)
    client = Client()
    client.force_login(user)
    return client


def make_unblinded_study() -> Study:
    """Five answers, then the owner looks, then the other seven."""
    study = make_study("open")
    radiologist = ReadingBrowser(make_invitation(study, "Rosa Radiologist", "radiologist"))
    radiologist.begin().see_warm_up()
    for _ in range(5):
        radiologist.press("fake")
    last = Response.objects.order_by("answered_at").last().answered_at
    study = services.unblind(
        study=study, reason=REASON, by=administrator("olga"), now=last + timedelta(microseconds=1)
    )
    while "All done" not in radiologist.text:
        radiologist.press("fake")
    return study


def make_analysed_study() -> Study:
    study = make_unblinded_study()
    row = study_analyses.start(study=study, now=NOW)
    analysing.run(row.pk)
    row.refresh_from_db()
    assert row.status == Job.Status.FINISHED, row.error
    return study


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few bootstrap replicates: nothing here depends on their number."""
    monkeypatch.setattr(
        analysing,
        "options_of",
        lambda row: analyses.AnalysisOptions(n_replicates=100, notices=unblinding.notices(row.study)),
    )


@pytest.fixture
def unblinded(once):
    return once(make_unblinded_study)


class TestUnblind:
    def test_it_is_recorded(self, unblinded):
        assert (unblinded.unblinded_by, unblinded.unblinding_reason, unblinded.status) == (
            "olga",
            REASON,
            "open",
        )
        event = unblinded.audit_events.get(verb="study.unblinded")
        assert (event.actor, event.data["n_responses"]) == ("olga", 5)
        assert REASON in event.sentence

    @pytest.mark.parametrize("role", ["coordinator", "analyst", None])
    def test_nobody_but_an_owner_may_whatever_asks_the_service(self, open_study, role):
        user = User.objects.create(username="Cora")
        if role:
            roles.grant(study=open_study, user=user, role=role, by=ADMIN, now=NOW)
        for by in ("Cora", "a script", ""):
            with pytest.raises(PermissionDenied, match="Unblinding early is for an owner of "):
                services.unblind(study=open_study, reason=REASON, by=by, now=NOW)
        assert not rules.can_see_results(open_study)
        User.objects.filter(pk=user.pk).update(is_active=False)
        roles.grant(study=open_study, user=user, role="owner", by=ADMIN, now=NOW)
        with pytest.raises(PermissionDenied):  # an owner whose account was deactivated
            services.unblind(study=open_study, reason=REASON, by="Cora", now=NOW)

    def test_only_once_and_only_while_open(self, unblinded):
        with pytest.raises(Refused, match="was already unblinded by olga"):
            services.unblind(study=unblinded, reason=REASON, by="olga", now=NOW)
        for status in ("draft", "frozen", "closed"):
            with pytest.raises(Refused, match=f"is {status}; only an open study can be unblinded early"):
                services.unblind(study=make_study(status), reason=REASON, by="olga", now=NOW)

    def test_it_needs_a_reason_and_a_tick(self, open_study, study_admin):
        address = reverse("readerstudy:study_unblind", args=[open_study.slug])
        for data, sentence in (
            ({"reason": "curious", "confirmed": "on"}, "The reason for unblinding early has 7 characters"),
            ({"reason": REASON}, "tick the box that says what will happen"),
        ):
            response = study_admin.post(address, data)
            assert (response.status_code, rules.can_see_results(open_study)) == (422, False)
            assert sentence in response.content.decode()
        response = study_admin.post(address, {"reason": REASON, "confirmed": "on"})
        assert response["Location"] == url("results", open_study)
        open_study.refresh_from_db()
        assert (open_study.unblinded_by, rules.can_see_results(open_study)) == ("Ada Admin", True)

    def test_coordinators_stay_blinded(self, unblinded):
        assert member(unblinded, "coordinator").get(url("results", unblinded)).status_code == 403
        assert member(unblinded, "analyst").get(url("results", unblinded)).status_code == 200
        page = Client()
        page.force_login(User.objects.get(username="coordinator of it"))
        overview = page.get(reverse("readerstudy:study", args=[unblinded.slug])).content.decode()
        assert url("results", unblinded) + "statistics" not in overview
        assert reverse("readerstudy:trial_csv", args=[unblinded.slug]) not in overview


class TestEveryLaterResultTellsIt:
    sentence = "5 responses of the test had come by then, 7 came after it. Reason: Interim analysis"

    @pytest.fixture
    def analysed(self, once):
        return once(make_analysed_study)

    def test_pages(self, analysed, study_admin):
        for name in ("results", "statistics", "exports"):
            text = study_admin.get(url(name, analysed)).content.decode()
            assert self.sentence in text, name
            assert "by olga on" in text
        assert "Readers still read." in study_admin.get(url("results", analysed)).content.decode()

    def test_the_report_says_so_and_not_that_results_were_sealed(self, analysed):
        report = (StudyAnalysis.objects.get(study=analysed).folder / "report.html").read_text(
            encoding="utf-8"
        )
        assert self.sentence in report
        assert "results were sealed" not in report
        assert "not yet; readers may still read" in report

    def test_tables_and_statistics(self, analysed, study_admin):
        for name in ("table3_csv", "statistics_json"):
            assert self.sentence in content_of(study_admin.get(url(name, analysed))), name
        folder = StudyAnalysis.objects.get(study=analysed).folder
        assert self.sentence in (folder / "cases.csv").read_text(encoding="utf-8")
        assert self.sentence in results.statistics_text(analysed)
        records = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
        early = {
            one["origin"]: one["n"] for one in records if one["analysis"] == "accuracy_before_unblinding"
        }
        assert early["all"] == 5

    def test_trials_are_marked(self, analysed, study_admin):
        text = content_of(study_admin.get(reverse("readerstudy:trial_csv", args=[analysed.slug])))
        rows = [row for row in csv.DictReader(io.StringIO(text)) if row["phase"] == "test"]
        assert [row["is_after_unblinding"] for row in rows] == ["0"] * 5 + ["1"] * 7

    def test_readers_beside_metrics_once_closed(self, analysed, study_admin):
        studies.close(study=analysed, by=ADMIN, now=NOW + timedelta(days=400))
        assert self.sentence in study_admin.get(reverse("evaluation:detection")).content.decode()

    def test_the_words_of_the_protocol(self, analysed, study_admin):
        text = study_admin.get(reverse("readerstudy:study", args=[analysed.slug])).content.decode()
        assert "Results were unblinded early by olga" in text
        assert "nobody saw whether answers were right" not in text


def test_a_study_that_went_as_planned_says_nothing(open_study, study_admin):
    studies.close(study=open_study, by=ADMIN, now=NOW)
    assert "Read with care" not in study_admin.get(url("results", open_study)).content.decode()
    text = content_of(study_admin.get(url("table3_csv", open_study)))
    assert text == "reader,origin,n_trials,n_correct,fraction_correct,ci_low,ci_high,p_chance\n"


def test_an_analysis_that_was_at_work_when_the_study_was_closed_begins_again(unblinded):
    row = study_analyses.start(study=unblinded, now=NOW)
    StudyAnalysis.objects.filter(pk=row.pk).update(status=Job.Status.RUNNING, started_at=NOW)
    studies.close(study=unblinded, by=ADMIN, now=NOW + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.status == Job.Status.RUNNING  # closing does not queue it twice
    StudyAnalysis.objects.filter(pk=row.pk).update(status=Job.Status.FINISHED)
    row.refresh_from_db()
    study_analyses.renew_if_closed_meanwhile(row, was_closed=False, now=NOW + timedelta(minutes=2))
    row.refresh_from_db()
    assert row.status == Job.Status.QUEUED
