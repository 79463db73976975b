"""The binary panel of the viewer, and the log that comes back with an answer."""

import json

import numpy as np
import pytest
from django.http import HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.test import RequestFactory
from django.urls import reverse

from generation.core.frames import SUB, T1_POST1, T1_PRE
from generation.core.patch_set import PatchSetWriter, open_patch_set
from generation.models import PatchSet
from readerstudy.models import Response, Trial
from readerstudy.selectors import pixels
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import pools, studies
from tests.factories import (
    ADMIN,
    NOW,
    ReadingBrowser,
    make_invitation,
    make_pool,
    make_study,
    small_protocol,
)

pytestmark = pytest.mark.django_db


def fetch(reader: ReadingBrowser) -> HttpResponse:
    return reader.client.get(reverse("reading:panel_data", args=[reader.token]))


def frames(response: HttpResponse) -> np.ndarray:
    return np.frombuffer(response.content, "<i2").reshape(7, 64, 64)


def study_of_generators_with_own_subtraction(*, own_subtraction: bool) -> ReadingBrowser:
    """Reads a study whose generators brought subtractions that do not fit their frames."""
    protocol = small_protocol(warm_up={}, own_subtraction=own_subtraction)
    offered = []
    for source in protocol.sources:
        pool = make_pool(source)
        if source != "real":
            array = np.load(pool.patch_set.folder / "patches.npy")
            array[:, SUB] = 321
            pool = pools.create(
                name=f"Own {source}", patch_set=_rewritten(pool.patch_set, array), by=ADMIN, now=NOW
            )
        offered.append(pool)
    study = studies.create(name="Own subtraction", protocol=protocol, pools=offered, by=ADMIN, now=NOW)
    studies.freeze(study=study, by=ADMIN, now=NOW)
    studies.open_to_readers(study=study, by=ADMIN, now=NOW)
    reader = ReadingBrowser(make_invitation(study)).begin()
    reader.follow_link()
    return reader


def _rewritten(patch_set: PatchSet, array: np.ndarray) -> PatchSet:
    rows = open_patch_set(patch_set.folder).rows
    folder = patch_set.folder.with_name(f"{patch_set.slug}-own")
    with PatchSetWriter(folder, source=patch_set.source) as writer:
        writer.add(array, rows)
        written = writer.finish({"made by": "a test"})
    patch_set.pk = None
    patch_set.slug, patch_set.name, patch_set.sha256 = folder.name, f"{patch_set.name}, own", written.sha256
    patch_set.save(force_insert=True)
    return patch_set


class TestPanelData:
    def test_holds_the_frames_of_the_case_and_nothing_else(self, radiologist):
        radiologist.begin()
        case = Trial.objects.get(token=radiologist.token).case
        response = fetch(radiologist)
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Content-Length"] == "57344"
        assert response["Cache-Control"] == "no-store"
        assert len(response.content) == 57_344
        assert np.array_equal(frames(response), pixels.of_case(case, case.study))

    def test_nothing_on_the_way_compresses_it(self, radiologist):
        radiologist.begin()
        request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip, br"})
        response = fetch(radiologist)
        passed_on = GZipMiddleware(lambda _: response)(request)
        assert passed_on["Content-Length"] == "57344"
        assert len(passed_on.content) == 57_344

    def test_subtraction_fits_the_frames_for_every_source(self):
        reader = study_of_generators_with_own_subtraction(own_subtraction=False)
        sources = set()
        for _ in range(12):
            shown = frames(fetch(reader))
            assert np.array_equal(shown[SUB], shown[T1_POST1] - shown[T1_PRE])
            sources.add(Trial.objects.get(token=reader.token).case.source)
            reader.press("real")
        assert sources == {"real", "dcgan", "wgan"}

    def test_own_subtraction_is_shown_only_where_the_study_says_so(self):
        reader = study_of_generators_with_own_subtraction(own_subtraction=True)
        for _ in range(12):
            case = Trial.objects.get(token=reader.token).case
            assert (frames(fetch(reader))[SUB] == 321).all() == (case.source != "real")
            reader.press("real")

    def test_is_not_there_for_a_stranger_nor_before_its_turn_nor_after_the_answer(
        self, radiologist, stranger
    ):
        radiologist.begin().see_warm_up()
        address = reverse("reading:panel_data", args=[radiologist.token])
        made_up = reverse("reading:panel_data", args=["0" * 32])
        foreign, missing = stranger.client.get(address), stranger.client.get(made_up)
        assert foreign.status_code == missing.status_code == 404
        assert (foreign.content, foreign.serialize_headers()) == (
            missing.content,
            missing.serialize_headers(),
        )
        later = Trial.objects.filter(served_at=None).first()
        assert radiologist.client.get(reverse("reading:panel_data", args=[later.token])).status_code == 404
        radiologist.press("real")
        assert radiologist.client.get(address).status_code == 404

    def test_both_layouts_have_a_picture_of_one_length(self):
        for layout, n_pixels in (("seven-frames", 1312 * 584), ("figure-4", 1576 * 584)):
            study = make_study(protocol=small_protocol(warm_up={}, layout=layout))
            reader = ReadingBrowser(make_invitation(study)).begin()
            reader.follow_link()
            lengths = set()
            for _ in range(3):
                picture = reader.client.get(reverse("reading:panel", args=[reader.token]))
                lengths.add(len(picture.content))
                assert picture["Content-Length"] == str(len(picture.content))
                reader.press("fake")
            assert len(lengths) == 1
            assert n_pixels < lengths.pop() < n_pixels + 2000  # stored, not compressed


class TestViewerLog:
    LOG = {"window": 812, "level": 400, "n_cine_plays": 2, "device_pixel_ratio": 1.5, "secret": 1}

    def test_is_stored_with_the_answer(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.press("real", rt_ms="900", viewer=json.dumps(self.LOG))
        stored = Response.objects.get().viewer
        assert stored == {"window": 812, "level": 400, "n_cine_plays": 2, "device_pixel_ratio": 1.5}

    def test_a_broken_log_costs_no_answer(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.press("real", viewer="{" * 5000)
        assert Response.objects.get().viewer is None

    def test_columns_come_after_the_fixed_ones(self, radiologist, open_study):
        radiologist.begin().see_warm_up()
        radiologist.press("real", viewer=json.dumps(self.LOG))
        radiologist.press("real")
        studies.close(study=open_study, by=ADMIN, now=NOW)
        rows = list(trial_rows(type(open_study).objects.get(pk=open_study.pk)))
        assert {tuple(row.extra) for row in rows} == {tuple(rows[0].extra)}
        answered = [row.extra for row in rows if row.answer]
        assert [extra["viewer_window"] for extra in answered] == ["812", ""]
        assert [extra["viewer_device_pixel_ratio"] for extra in answered] == ["1.5", ""]
