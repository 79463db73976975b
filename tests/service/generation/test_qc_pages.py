"""Sheets that show where patches were cut."""

from io import BytesIO

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from generation.core.extraction import Extraction
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, open_patch_set
from generation.core.qc_sheet import MAX_SLICES, slices_shown

pytestmark = pytest.mark.django_db


def sheet_of(desk, patch_set, pseudonym):
    return desk.get(
        reverse("generation:cohort_qc_sheet", args=[patch_set.cohort.slug, patch_set.slug, pseudonym])
    )


class TestSheets:
    def test_page_has_every_patient(self, desk, patch_set):
        page = desk.get(
            reverse("generation:cohort_qc", args=[patch_set.cohort.slug, patch_set.slug])
        ).content.decode()
        for pseudonym in ("P01", "P02"):
            assert (
                reverse("generation:cohort_qc_sheet", args=[patch_set.cohort.slug, patch_set.slug, pseudonym])
                in page
            )
        assert "P01 · train" in page
        cohort = desk.get(reverse("generation:cohort", args=[patch_set.cohort.slug])).content.decode()
        assert reverse("generation:cohort_qc", args=[patch_set.cohort.slug, patch_set.slug]) in cohort

    def test_centres_are_drawn(self, desk, patch_set):
        answer = sheet_of(desk, patch_set, "P01")
        assert answer["Content-Type"] == "image/jpeg"
        pixels = np.asarray(Image.open(BytesIO(answer.content)).convert("RGB")).astype(int)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        assert np.count_nonzero((red > 180) & (blue < 90)) > 100  # orange squares
        assert np.count_nonzero((green > red + 60) & (green > blue + 20)) > 20  # green dots

    @pytest.mark.parametrize("pseudonym", ["P99", "manifest"])
    def test_other_files_are_not_served(self, desk, patch_set, pseudonym):
        assert sheet_of(desk, patch_set, pseudonym).status_code == 404

    def test_stranger_is_sent_to_the_door(self, client, patch_set):
        assert sheet_of(client, patch_set, "P01").status_code == 302

    def test_split_is_stored_with_the_patch_set(self, patch_set):
        split = open_patch_set(patch_set.folder).manifest["provenance"]["split"]
        assert sorted(split["train"] + split["validation"] + split["test"]) == ["P01", "P02"]


def test_slices_with_lesions_are_shown_first():
    rows = [PatchRow("P", LesionClass.NO_FINDINGS, None, index, 99, 99) for index in range(32)]
    rows += [PatchRow("P", LesionClass.BENIGN, 1, index, 99, 99) for index in (3, 30)]
    extraction = Extraction(np.zeros((0, 7, 64, 64), np.int16), tuple(rows), 0, ())
    shown = slices_shown(extraction, np.ones((32, 2, 2), np.uint8))
    assert len(shown) == MAX_SLICES
    assert {3, 30} < set(shown)
