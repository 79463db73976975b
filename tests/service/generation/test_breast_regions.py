"""Automatic breast regions: found by the import, shown, approved or refused, and used by nobody's silence."""

from io import StringIO

import numpy as np
import pytest
import SimpleITK as sitk
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.patch_set import open_patch_set
from generation.jobs import extracting, importing
from generation.models import Patient
from generation.services import cohorts, patch_sets, regions
from tests.scans import make_anatomy, to_image
from tests.service.generation.conftest import FEW, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(scans):
    """A cohort whose regions nobody has looked at."""
    row = cohorts.request_import(folder=scans, name="Fresh", now=NOW)
    importing.run(row.pk)
    row.refresh_from_db()
    return row


def give_masks(scans, numbers=(1, 2)):
    """A mask of the breasts beside the scans of both patients: boxes right and left of the middle."""
    mask = np.zeros(make_anatomy()[1].shape, dtype=np.uint8)
    mask[2:8, 30:50, 20:30], mask[2:8, 30:50, 60:75] = numbers
    for folder in scans.iterdir():
        sitk.WriteImage(to_image(mask), folder / "breasts.nii.gz")


def decide(desk, cohort, **values):
    return desk.post(reverse("generation:cohort_regions_decide", args=[cohort.slug]), values, follow=True)


def statuses():
    return list(Patient.objects.values_list("region_status", flat=True))


class TestWaiting:
    def test_extraction_says_who_waits(self, waiting):
        with pytest.raises(
            InputError,
            match=r"region of 2 of 2 patients was found automatically and waits for approval \(P01, P02\)",
        ):
            patch_sets.request_extraction(cohort=waiting, options=FEW, now=NOW)

    def test_lesions_alone_need_no_region(self, waiting):
        none = ExtractionOptions(seed=5, healthy_per_breast_slice=0)
        assert patch_sets.request_extraction(cohort=waiting, options=none, now=NOW).parts.count() == 2

    def test_cohort_page_leads_there(self, desk, waiting):
        page = desk.get(reverse("generation:cohort", args=[waiting.slug])).content.decode()
        assert "The region of 2 of 2 patients was found automatically and waits for approval" in page
        answer = desk.post(
            reverse("generation:cohort_extract", args=[waiting.slug]),
            {"seed": 1, "healthy_per_breast_slice": 1, "intensity_range": "min-max"},
        )
        assert answer.status_code == 422
        assert "waits for approval (P01, P02)" in answer.content.decode()

    def test_patient_whose_lesions_are_unknown_keeps_nobody_waiting(self, waiting):
        Patient.objects.filter(pseudonym="P01").update(facts={"lesions_known": False})
        assert [patient.pseudonym for patient in regions.waiting(waiting)] == ["P02"]

    def test_phantom_needs_no_approval(self, scans):
        truth = scans / "P01" / "truth.json"
        truth.write_text(truth.read_text().replace("{", '{"source": "phantom", ', 1))
        row = cohorts.request_import(folder=scans, name="Mixed", now=NOW)
        importing.run(row.pk)
        assert statuses() == ["approved", "waiting"]
        assert Patient.objects.first().region_by == regions.PHANTOM


class TestDecisions:
    def test_approve_one_and_refuse_the_other_by_button(self, desk, waiting):
        decide(desk, waiting, pseudonym="P01", decision="approve")
        page = decide(desk, waiting, pseudonym="P02", decision="refuse").content.decode()
        assert statuses() == ["approved", "refused"]
        assert Patient.objects.first().region_by == "admin"
        assert Patient.objects.first().region_at is not None
        assert "1 approved" in page

    def test_all_at_once_spares_what_was_decided(self, desk, waiting):
        regions.refuse(cohort=waiting, pseudonyms=["P02"], by="Ada Admin", now=NOW)
        assert "1 breast region approved." in decide(desk, waiting, decision="approve-all").content.decode()
        assert statuses() == ["approved", "refused"]

    def test_refused_patient_gives_lesions_and_no_healthy_patch(self, waiting):
        regions.approve(cohort=waiting, pseudonyms=["P01"], by="Ada Admin", now=NOW)
        regions.refuse(cohort=waiting, pseudonyms=["P02"], by="Ada Admin", now=NOW)
        row = patch_sets.request_extraction(cohort=waiting, options=FEW, now=NOW)
        regions.approve(cohort=waiting, pseudonyms=["P02"], by="Ada Admin", now=NOW)  # too late for this one
        extracting.run(row.pk)
        folder = open_patch_set(row.folder)
        held = {
            name: {line.lesion_class.value for line in folder.rows if line.patient == name}
            for name in ("P01", "P02")
        }
        assert held == {"P01": {"benign", "malignant", "no_findings"}, "P02": {"benign", "malignant"}}
        told = folder.manifest["provenance"]["patients"]
        assert [told[name]["breast_region"] for name in ("P01", "P02")] == ["used", "refused"]

    def test_a_patient_of_no_cohort(self, desk, waiting):
        page = decide(desk, waiting, pseudonym="P99", decision="approve").content.decode()
        assert "has no patient P99" in page
        assert statuses() == ["waiting", "waiting"]

    def test_nothing_chosen(self, desk, waiting):
        assert "Nothing was decided" in decide(desk, waiting, pseudonym="P01").content.decode()


class TestPage:
    def test_shows_every_patient_and_one_state(self, desk, waiting):
        regions.approve(cohort=waiting, pseudonyms=["P01"], by="Ada Admin", now=NOW)
        address = reverse("generation:cohort_regions", args=[waiting.slug])
        page = desk.get(address).content.decode()
        assert all(f'id="{name}"' in page for name in ("P01", "P02"))
        assert "Ada Admin, 2 Jan 2026" in page
        page = desk.get(f"{address}?show=waiting").content.decode()
        assert 'id="P01"' not in page
        assert "Approve all 1 that wait" in page

    def test_picture(self, desk, waiting):
        answer = desk.get(reverse("generation:cohort_region_sheet", args=[waiting.slug, "P01"]))
        assert answer["Content-Type"] == "image/jpeg"
        assert answer.content[:2] == b"\xff\xd8"
        missing = reverse("generation:cohort_region_sheet", args=[waiting.slug, "P99"])
        assert desk.get(missing).status_code == 404

    def test_stranger_is_sent_to_the_door(self, client, waiting):
        assert client.get(reverse("generation:cohort_regions", args=[waiting.slug])).status_code == 302


class TestGivenMask:
    def test_is_used_as_it_is(self, scans):
        give_masks(scans)
        row = cohorts.request_import(folder=scans, name="Masks", now=NOW)
        importing.run(row.pk)
        assert statuses() == ["given", "given"]
        row.refresh_from_db()
        made = patch_sets.request_extraction(cohort=row, options=FEW, now=NOW)
        extracting.run(made.pk)
        healthy = [line for line in open_patch_set(made.folder).rows if line.lesion_id is None]
        # Columns 20..29 and 60..74 of 96 became 512: 512 / 96 prepared pixels each.
        columns = {int(line.col * 96 / 512) for line in healthy}
        assert columns
        assert columns <= {*range(20, 30), *range(60, 75)}

    @pytest.mark.parametrize(
        ("numbers", "message"),
        [
            ((1, 3), "breasts.nii.gz holds the number 3; write 1 in the right breast"),
            ((0, 0), "nothing but 0"),
        ],
    )
    def test_other_numbers_are_refused(self, scans, data_folder, numbers, message):
        give_masks(scans, numbers)
        row = cohorts.request_import(folder=scans, name="Masks", now=NOW)
        importing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert message in row.error
        assert not list((data_folder / "cohorts").rglob("*"))


class TestCommand:
    def test_list_look_and_decide(self, waiting, tmp_path):
        out = StringIO()
        call_command("breast_regions", waiting.slug, sheets=tmp_path / "sheets", approve=["P01"], stdout=out)
        assert out.getvalue().startswith("P01: Approved, ")
        assert "P02: waiting for approval\n" in out.getvalue()
        assert sorted(path.name for path in (tmp_path / "sheets").iterdir()) == ["P01.jpg", "P02.jpg"]

    def test_extraction_asks_for_the_option(self, waiting):
        with pytest.raises(CommandError, match=r"wait for approval \(P01, P02\).*or give --approve-regions"):
            call_command("extract_patches", waiting.slug)

    def test_resume_names_what_can_be_resumed(self, waiting):
        with pytest.raises(CommandError, match='There is no extraction "x"; unfinished are: none'):
            call_command("extract_patches", "x", resume=True)

    def test_strange_names(self, waiting):
        with pytest.raises(CommandError, match='Cohort "fresh" has no patient P99'):
            call_command("breast_regions", waiting.slug, refuse=["P99"])
        with pytest.raises(CommandError, match='There is no cohort "y"'):
            call_command("breast_regions", "y")
