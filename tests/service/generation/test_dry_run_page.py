"""A look at a folder from the page: found in words, nothing imported, nothing remembered of the folder."""

import pytest
from django.urls import reverse

from generation.models import Cohort, DryRun
from tests import dicom_scans as scans_of_dicom

pytestmark = pytest.mark.django_db


def look(desk, callbacks, folder, **values):
    with callbacks(execute=True):
        return desk.post(reverse("generation:cohort_new"), {"folder": str(folder), "look": "", **values})


class TestLook:
    def test_findings_in_words(self, desk, tmp_path, django_capture_on_commit_callbacks):
        folder = scans_of_dicom.make_study(tmp_path / "Zweigelt_Hildegard")
        answer = look(desk, django_capture_on_commit_callbacks, folder)
        row = DryRun.objects.get()
        assert answer.url == reverse("generation:dry_run", args=[row.pk])
        assert (row.status, row.layout, row.origin_folder) == ("finished", "DICOM", "")
        page = desk.get(answer.url).content.decode()
        assert "5 phases were told apart by acquisition time" in page
        assert "Every patient can be imported" in page
        assert "Zweigelt" not in page
        assert "data-refresh" not in page
        assert not Cohort.objects.exists()

    def test_refused_patients_come_first(self, desk, scans, django_capture_on_commit_callbacks):
        (scans / "P02" / "T2.nii.gz").unlink()
        answer = look(desk, django_capture_on_commit_callbacks, scans)
        page = desk.get(answer.url).content.decode()
        assert "1 of 2 patients cannot be imported" in page
        assert page.index("Patient P02 has no T2") < page.index(">P01<")

    def test_options_are_used(self, desk, scans, django_capture_on_commit_callbacks):
        for name in ("P01", "P02"):
            (scans / name / "T2.nii.gz").unlink()
        look(desk, django_capture_on_commit_callbacks, scans, without_t2="on")
        assert DryRun.objects.get().n_refused == 0

    def test_folder_without_scans(self, desk, tmp_path, django_capture_on_commit_callbacks):
        answer = look(desk, django_capture_on_commit_callbacks, tmp_path)
        assert "The folder holds no patient" in desk.get(answer.url).content.decode()

    def test_stranger_is_sent_to_the_door(self, client):
        assert client.get(reverse("generation:dry_run", args=[1])).status_code == 302
