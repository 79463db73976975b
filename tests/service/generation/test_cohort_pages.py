"""Pages of cohorts, and Table 1."""

import pytest
from django.urls import reverse

from generation.jobs import importing
from generation.models import Cohort, PatchSet
from generation.selectors import cohorts as selectors
from generation.services import cohorts, patch_sets, regions
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


def make_finished_row(cohort, source="real", **fields):
    return PatchSet.objects.create(
        name=source, slug=source, source=source, cohort=cohort, status="finished", created_at=NOW, **fields
    )


class TestTable1:
    COUNTS = {"n_benign": 1149, "n_malignant": 2206, "n_no_findings": 401_525}  # Haarburger 2019, Table 1

    def test_counts(self, cohort):
        made = make_finished_row(cohort, **self.COUNTS)
        (row,) = selectors.table1(cohort)
        assert (row.n_subjects, row.n_benign_lesions, row.n_malignant_lesions) == (2, 2, 2)
        assert row.patch_set == made

    def test_csv(self, desk, cohort):
        make_finished_row(cohort, **self.COUNTS)
        answer = desk.get(reverse("generation:cohort_table1_csv", args=[cohort.slug]))
        assert answer.content.decode().splitlines() == [
            "cohort,patch_set,subjects,lesions_benign,lesions_malignant,patches_benign,patches_malignant,patches_healthy",
            "tiny-scans,real,2,2,2,1149,2206,401525",
        ]

    def test_page_groups_thousands(self, desk, cohort):
        make_finished_row(cohort, **self.COUNTS)
        page = desk.get(reverse("generation:cohort", args=[cohort.slug])).content.decode()
        assert '<td class="num">401,525</td>' in page

    def test_csv_before_extraction(self, desk, cohort):
        answer = desk.get(reverse("generation:cohort_table1_csv", args=[cohort.slug]))
        assert answer.content.decode().splitlines()[1] == "tiny-scans,,2,2,2,,,"

    def test_generated_patches_of_the_cohort_do_not_count(self, cohort):
        make_finished_row(cohort)
        make_finished_row(cohort, source="wgan")
        assert [row.patch_set.source for row in selectors.table1(cohort)] == ["real"]


class TestPages:
    def test_import_and_extract_by_form(self, desk, scans, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            answer = desk.post(
                reverse("generation:cohort_new"), {"folder": str(scans / "P01"), "name": "By form"}
            )
        assert answer.url == reverse("generation:cohort", args=["by-form"])
        assert Cohort.objects.get().status == "finished"
        regions.approve_waiting(cohort=Cohort.objects.get(), by="Ada Admin", now=NOW)
        with django_capture_on_commit_callbacks(execute=True):
            form = {"seed": 4, "healthy_per_breast_slice": 1, "intensity_range": "percentile"}
            answer = desk.post(reverse("generation:cohort_extract", args=["by-form"]), form)
        assert answer.status_code == 302
        made = PatchSet.objects.get()
        assert (made.status, made.seed, made.options["intensity_range"]) == ("finished", 4, "percentile")
        page = desk.get(answer.url).content.decode()
        assert "Table 1. Description of the data" in page
        assert f'<td class="num">{made.n_no_findings}</td>' in page
        assert "data-refresh" not in page

    def test_lists_are_there_when_empty_and_when_not(self, desk, scans):
        assert "No scans have been imported yet" in desk.get(reverse("generation:cohorts")).content.decode()
        cohorts.request_import(folder=scans, name="Waiting", now=NOW)
        page = desk.get(reverse("generation:cohorts")).content.decode()
        assert "Waiting" in page
        assert "data-refresh" in page

    @pytest.mark.parametrize(
        ("folder", "message"),
        [("relative", "Write the whole path"), ("/nowhere-at-all", "is not a folder on this machine")],
    )
    def test_bad_folder_is_told_on_the_form(self, desk, folder, message):
        answer = desk.post(reverse("generation:cohort_new"), {"folder": folder, "name": "X"})
        assert answer.status_code == 422
        assert message in answer.content.decode()
        assert not Cohort.objects.exists()

    def test_page_follows_an_import_and_an_extraction(self, desk, scans, cohort):
        cohorts.request_import(folder=scans, name="Waiting", now=NOW)
        page = desk.get(reverse("generation:cohort", args=["waiting"])).content.decode()
        assert 'id="work" data-refresh="2"' in page
        assert 'id="rest" data-refresh="2"' in page
        patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        page = desk.get(reverse("generation:cohort", args=[cohort.slug])).content.decode()
        assert 'id="work" data-refresh="2"' in page
        assert 'id="rest">' in page

    def test_failed_import_shows_its_sentence(self, desk, scans):
        (scans / "P01" / "lesions.nii.gz").unlink()
        row = cohorts.request_import(folder=scans, name="Bad", now=NOW)
        importing.run(row.pk)
        page = desk.get(reverse("generation:cohort", args=["bad"])).content.decode()
        assert "Patient P01 has no lesions; add lesions.nii.gz" in page

    def test_bad_seed_is_told_on_the_form(self, desk, cohort):
        form = {"seed": -1, "healthy_per_breast_slice": 15, "intensity_range": "min-max"}
        answer = desk.post(reverse("generation:cohort_extract", args=[cohort.slug]), form)
        assert answer.status_code == 422
        assert not PatchSet.objects.exists()

    def test_stop_buttons(self, desk, cohort):
        row = patch_sets.request_extraction(cohort=cohort, options=FEW, now=NOW)
        desk.post(reverse("generation:extraction_stop", args=[cohort.slug, row.slug]))
        row.refresh_from_db()
        assert row.status == "stopped"
        answer = desk.post(reverse("generation:cohort_stop", args=[cohort.slug]), follow=True)
        assert "The import was already finished; nothing was changed." in answer.content.decode()

    @pytest.mark.parametrize("name", ["cohorts", "cohort_new"])
    def test_stranger_is_sent_to_the_door(self, client, name):
        answer = client.get(reverse(f"generation:{name}"))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("login"))

    def test_reading_a_page_changes_nothing(self, desk, cohort):
        assert desk.get(reverse("generation:cohort_stop", args=[cohort.slug])).status_code == 405
        assert desk.get(reverse("generation:cohort_extract", args=[cohort.slug])).status_code == 405
