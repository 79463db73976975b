"""The list of metric runs, and the buttons that stop long work."""

import pytest
from django.urls import reverse

from evaluation.core.extractor_names import DEFAULT
from evaluation.models import MetricRun, StudyAnalysis
from tests.factories import NOW, make_patch_set, make_study

pytestmark = pytest.mark.django_db


def make_run(status: str = "finished", **fields) -> MetricRun:
    return MetricRun.objects.create(
        real_set=make_patch_set(n_per_class=1),
        fake_set=make_patch_set("dcgan", n_per_class=1),
        extractor=DEFAULT,
        n_draws=1,
        n_per_set=2,
        seed=1,
        status=status,
        created_at=NOW,
        **fields,
    )


class TestRuns:
    @pytest.fixture
    def page(self, study_admin):
        return lambda **query: study_admin.get(reverse("evaluation:metric_runs"), query).content.decode()

    def test_empty_says_what_to_do(self, page):
        text = page()
        assert "No generator has been scored yet." in text
        assert reverse("evaluation:generators") in text

    def test_filters_and_refreshes_while_one_runs(self, page):
        done, at_work = make_run(), make_run("running", n_done=1, n_total=4, step_name="features")
        text = page()
        assert "2 in all" in text
        assert 'id="runs" data-refresh="3"' in text
        assert "25 % features" in text
        assert "Nothing of this run is kept." in text
        only = page(status="finished", words=done.fake_set.name)
        assert done.fake_set.name in only
        assert at_work.fake_set.name not in only
        assert "data-refresh" not in only

    def test_failure_says_why(self, page):
        make_run("failed", error="The disk is full; free 2 GB and score again.")
        assert "The disk is full; free 2 GB and score again." in page()


class TestAnalysisStop:
    def test_stops_and_says_so_when_it_is_over(self, study_admin):
        study = make_study("closed")
        StudyAnalysis.objects.filter(study=study).delete()
        row = StudyAnalysis.objects.create(study=study, created_at=NOW, status="running")
        address = reverse("evaluation:analysis_stop", args=[study.slug])
        study_admin.post(address)
        row.refresh_from_db()
        assert row.status == "stopping"
        StudyAnalysis.objects.update(status="finished")
        text = study_admin.post(address, follow=True).content.decode()
        assert "The analysis was already finished; nothing was changed." in text

    def test_nothing_to_stop(self, study_admin):
        study = make_study("draft")
        assert study_admin.post(reverse("evaluation:analysis_stop", args=[study.slug])).status_code == 404


def test_every_kind_of_job_can_be_stopped_from_a_page():
    """A new kind of long work fails here until a page has a button that stops it."""
    from django.apps import apps
    from django.urls import get_resolver

    from generation.models import Job

    stopped_by = {
        "Cohort": "cohort_stop",
        "DryRun": "dry_run_stop",
        "PatchSet": "extraction_stop sampling_stop patch_import_stop",
        "PatchImport": "patch_import_stop",
        "Neighbours": "pool_neighbours_stop",
        "TrainingRun": "training_stop",
        "MetricRun": "metric_run_stop",
        "CheckpointScore": "curve_stop",
        "StudyAnalysis": "analysis_stop",
        "InvitationMail": "letters_stop",
    }
    jobs = {model.__name__ for model in apps.get_models() if issubclass(model, Job)}
    assert jobs <= set(stopped_by), jobs - set(stopped_by)
    known = {
        name
        for namespace in ("generation", "readerstudy", "evaluation")
        for name in get_resolver().namespace_dict[namespace][1].reverse_dict
        if isinstance(name, str)
    }
    wanted = {name for job in jobs for name in stopped_by[job].split()}
    assert wanted <= known, wanted - known
