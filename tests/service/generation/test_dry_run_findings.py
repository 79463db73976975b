"""What the page of a look tells: which phase is which, what is missing, and how it is stopped."""

import re

import pytest
from django.urls import reverse

from generation.jobs import looking
from generation.models import DryRun
from generation.selectors import dry_runs
from generation.services import cohorts, jobs
from tests import dicom_scans
from tests.service.generation.conftest import NOW

pytestmark = pytest.mark.django_db


def looked(folder, **options):
    row = cohorts.request_dry_run(folder=folder, options=options, now=NOW)
    looking.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished", row.error
    return row


def text_of(desk, row):
    page = desk.get(reverse("generation:dry_run", args=[row.pk])).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_which_phase_is_which(desk, tmp_path):
    row = looked(dicom_scans.make_study(tmp_path / "A"))
    (finding,) = dry_runs.findings(row)
    assert [phase.frame for phase in finding.phases] == [
        "T1_pre",
        "T1_post1",
        "T1_post2",
        "T1_post3",
        "T1_post4",
    ]
    seconds = [phase.seconds for phase in finding.phases]
    assert seconds[0] == 0
    assert seconds == sorted(seconds)
    text = text_of(desk, row)
    assert "T1_pre T1_post1 T1_post2 T1_post3 T1_post4" in text
    assert "Seconds after T1_pre by acquisition-time 0.0" in text


def test_what_is_missing(desk, tmp_path):
    study = dicom_scans.make_study(tmp_path / "A")
    for path in (study / "t2").iterdir():
        path.unlink()
    row = looked(study, without_t2=True)
    text = text_of(desk, row)
    assert "Missing T2, where lesions are" in text
    assert "unknown in 1, from which no patch will be cut" in text
    assert dry_runs.summary(row).n_without_t2 == 1


def test_all_is_there(desk, scans):
    row = looked(scans)
    text = text_of(desk, row)
    assert "Missing nothing" in text
    assert "Can be imported 2 of 2 patients" in text
    assert "the region is found automatically and shown for approval" in text
    assert "Go on to the import" in text


def test_stop_by_button(desk, scans):
    row = cohorts.request_dry_run(folder=scans, now=NOW)
    assert jobs.claim(row, now=NOW)
    assert "Stop looking" in text_of(desk, row)
    desk.post(reverse("generation:dry_run_stop", args=[row.pk]))
    row.refresh_from_db()
    assert row.status == "stopping"
    queued = cohorts.request_dry_run(folder=scans, now=NOW)
    desk.post(reverse("generation:dry_run_stop", args=[queued.pk]))
    queued.refresh_from_db()
    assert (queued.status, queued.origin_folder) == ("stopped", "")
    looking.run(queued.pk)
    assert DryRun.objects.get(pk=queued.pk).status == "stopped"
