"""A whole study of three frames of 96 x 80 pixels: pools, freezing, the room with and without JavaScript, results."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from evaluation.core import analysis as analyses
from evaluation.jobs import analysing
from evaluation.models import StudyAnalysis
from evaluation.services import metric_runs
from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet, Subtraction
from generation.services import training_runs
from readerstudy.core import panel, panel_data
from readerstudy.core.conduct import Conduct
from readerstudy.core.fingerprint import study_fingerprint
from readerstudy.models import Study, Trial
from readerstudy.selectors.verification import verification
from readerstudy.services import studies
from tests.factories import (
    ADMIN,
    NOW,
    ReadingBrowser,
    make_invitation,
    make_patch_set,
    make_pool,
    make_study,
    small_protocol,
)
from tests.running_room import enter

pytestmark = pytest.mark.django_db

DIFFUSION = FrameSet(("ADC", "T2", "DWI"), height=96, width=80, limits=((0, 4000), (0, 1023), (0, 1023)))
SERIES = FrameSet(
    ("pre", "post_1", "post_2", "wash"),
    height=32,
    width=32,
    windows=("T1", "T1", "T1", "wash"),
    dynamic=("pre", "post_1", "post_2"),
    subtractions=(Subtraction("wash", "post_2", "post_1"),),
)


def make_other_study(status: str = "open", frame_set: FrameSet = DIFFUSION, **changes: object) -> Study:
    protocol = small_protocol(**changes)
    offered = [make_pool(source, frame_set=frame_set) for source in protocol.sources]
    return make_study(status, protocol=protocol, offered=offered)


@pytest.fixture
def study() -> Study:
    return make_other_study(conduct=Conduct(n_checks=1))


class TestDesigning:
    def test_the_frames_and_the_layout_come_from_the_pools(self):
        study = make_other_study("draft")
        assert (study.frames, study.rules.layout) == (DIFFUSION, "pool")

    def test_pools_of_different_frames_do_not_go_together(self):
        protocol = small_protocol()
        others = {"wgan": replace(DIFFUSION, width=96)}
        offered = [make_pool(source, frame_set=others.get(source, DIFFUSION)) for source in protocol.sources]
        with pytest.raises(InputError) as refused:
            studies.create(name="Mixed", protocol=protocol, pools=offered, by=ADMIN, now=NOW)
        assert str(refused.value) == (
            f'The pools "{offered[0].name}" and "{offered[2].name}" do not go together: they differ in their frames, '
            "3 frames of 96 rows x 80 columns (ADC, T2, DWI) against 3 frames of 96 x 96 pixels (ADC, T2, DWI); "
            "choose pools with the same frames."
        )
        assert not Study.objects.exists()

    def test_the_layout_of_ten_frames_is_the_papers(self):
        with pytest.raises(InputError, match="choose the plain layout"):
            make_other_study("draft", layout="figure-4")

    def test_a_draft_that_goes_back_to_the_papers_frames_has_its_layout(self):
        study = make_other_study("draft")
        pools = [make_pool(source) for source in study.rules.sources]
        study = studies.revise(study=study, protocol=study.rules, pools=pools, by=ADMIN, now=NOW)
        assert (study.frames, study.rules.layout) == (PAPER, "seven-frames")

    def test_the_preview_shows_them(self, study_admin: Client):
        study = make_other_study("draft")
        page = study_admin.get(reverse("readerstudy:study_preview", args=[study.slug])).content.decode()
        data = study_admin.get(reverse("readerstudy:study_preview_data", args=[study.slug, 1])).content
        picture = study_admin.get(reverse("readerstudy:study_preview_picture", args=[study.slug, 1])).content
        assert all(f'data-frame="{name}"' in page for name in DIFFUSION.names)
        assert len(data) == DIFFUSION.n_bytes
        layout = panel.layout("pool", "wide", DIFFUSION)
        assert Image.open(io.BytesIO(picture)).size == (layout.width, layout.height)

    def test_the_protocol_in_words_names_them(self, study_admin: Client):
        study = make_other_study("frozen")
        page = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        assert "A panel showed 3 frames (ADC, T2, DWI), 96 × 80 pixels each, enlarged" in page
        assert "cine" not in page

    def test_a_gallery_shows_a_strip_of_them(self, study_admin: Client):
        pool = make_pool("real", frame_set=DIFFUSION)
        content = study_admin.get(reverse("readerstudy:pool_patch", args=[pool.slug, 0])).content
        strip = panel.strip(DIFFUSION)
        assert Image.open(io.BytesIO(content)).size == (strip.width, strip.height)


class TestFreezing:
    def test_cases_have_their_own_shape(self, study):
        assert np.load(study.pixels_path).shape == (19, 3, 96, 80)

    def test_the_fingerprint_covers_what_the_frames_are(self, study):
        cases = [studies.truth(case) for case in study.cases.order_by("public_id")]
        pixels = np.load(study.pixels_path)
        same = study_fingerprint(study.protocol, cases, pixels, frame_set=DIFFUSION)
        renamed = replace(DIFFUSION, names=("ADC", "T2", "b1000"), windows=())
        assert study.fingerprint == same
        assert study.fingerprint != study_fingerprint(study.protocol, cases, pixels, frame_set=renamed)
        assert study.fingerprint != study_fingerprint(study.protocol, cases, pixels)

    def test_an_untouched_study_is_the_same(self, study):
        assert verification(study).is_same

    def test_other_frames_are_named(self, study):
        study.frame_set["names"][2] = "b1000"
        study.save()
        found = [difference.sentence for difference in verification(study).differences]
        assert found[0].startswith("Protocol and cases give the fingerprint ")
        assert (
            "The protocol has ['ADC', 'T2', 'b1000'] at frame_set.names; the audit log recorded "
            "['ADC', 'T2', 'DWI']." in found
        )

    def test_a_frame_set_that_cannot_be_read_is_said(self, study):
        study.frame_set["height"] = 4
        study.save()
        found = [difference.sentence for difference in verification(study).differences]
        assert "What the frames of the study are cannot be read any more." in found


class TestReading:
    def test_without_javascript_to_the_end(self, study):
        reader = ReadingBrowser(make_invitation(study)).begin()
        for name in ("ADC", "T2", "DWI"):
            assert f">{name}</text>" in reader.text
        assert 'data-do="cine"' not in reader.text
        assert 'id="curve"' not in reader.text
        reader.see_warm_up()
        while "All done" not in reader.text:
            reader.press("fake")
        assert Trial.objects.filter(done_at=None).count() == 0

    def test_with_the_script_the_panels_are_those_of_the_cases(self, study):
        room = enter(make_invitation(study))
        token = room.token()
        case = Trial.objects.get(token=token).case
        pixels = np.load(study.pixels_path)
        content = room.panel(token).content
        assert content == panel_data.encode(pixels[case.pixel_index], frame_set=DIFFUSION)
        assert len(room.read_on(13)) == 13

    def test_instructions_name_the_frames_and_the_practice_keeps_the_test_pattern(self, study):
        reader = ReadingBrowser(make_invitation(study))
        reader.open()
        reader.press()
        assert "Each panel shows 3 frames, 96 × 80 pixels each: ADC, T2, DWI." in reader.text
        assert "breast" not in reader.text
        assert 'data-frame="T1_post4"' in reader.text

    def test_a_series_has_cine_and_curve(self):
        reader = ReadingBrowser(make_invitation(make_other_study(frame_set=SERIES))).begin()
        assert 'data-do="cine"' in reader.text
        assert "Signal at the cursor over time" in reader.text
        assert "post 2 − post 1" in reader.text
        assert "cine of the dynamic frames, on and off" in reader.text


class TestBlinding:
    """What was checked of the paper's panels holds of these: nothing but pixels differs between truths."""

    @pytest.mark.parametrize("name", ["reading:panel", "reading:panel_tall", "reading:panel_data"])
    def test_every_panel_has_the_same_length_and_headers(self, study, name):
        room = enter(make_invitation(study))
        found = set()
        for _ in range(8):
            token = room.token()
            response = room.client.get(reverse(name, args=[token]))
            assert response.status_code == 200
            found.add((len(response.content), str(sorted(response.headers.items()))))
            room.answer(token, "real")
        assert len(found) == 1

    def test_the_page_is_the_same_but_for_token_and_position(self, study):
        reader = ReadingBrowser(make_invitation(study)).begin().see_warm_up()
        frames = set()
        for _ in range(6):
            start = reader.text.index("data-frame-set=")
            frames.add(reader.text[start : reader.text.index('class="tools"')])
            reader.press("fake")
        assert len(frames) == 1

    def test_a_generators_own_subtraction_is_never_shown(self):
        rng = np.random.default_rng(3)
        patch = rng.integers(0, 1024, SERIES.shape).astype(np.int16)
        shown = np.frombuffer(panel_data.encode(patch, frame_set=SERIES), "<i2").reshape(SERIES.shape)
        assert np.array_equal(shown[3], patch[2] - patch[1])


class TestGenerators:
    def test_a_training_on_other_frames_is_refused(self):
        patch_set = make_patch_set(frame_set=DIFFUSION)
        with pytest.raises(InputError, match="the generators here learn only the seven frames") as refused:
            training_runs.create(patch_set=patch_set, preset="dcgan", seed=1, now=NOW)
        assert "has 3 frames of 96 rows x 80 columns (ADC, T2, DWI)" in str(refused.value)

    def test_sets_of_different_frames_are_not_scored(self):
        real, fake = make_patch_set("real", frame_set=DIFFUSION), make_patch_set("dcgan")
        with pytest.raises(InputError, match="differ in their frames, 3 frames of 96 rows"):
            metric_runs.start(real=real, fake=fake, extractor="pixels", now=NOW)


class TestResults:
    def test_it_is_closed_analysed_and_still_the_same(self, study, monkeypatch, study_admin: Client):
        monkeypatch.setattr(
            analysing, "options_of", lambda row: analyses.AnalysisOptions(margin=0.1, n_replicates=50)
        )
        for name, answer in (("Rosa", "fake"), ("Leo", "real")):
            enter(make_invitation(study, name)).read_on(13, answer)
        study = studies.close(study=study, by=ADMIN, now=NOW)
        row = StudyAnalysis.objects.get(study=study)
        analysing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "finished", row.error
        page = study_admin.get(reverse("evaluation:results", args=[study.slug]))
        assert page.status_code == 200
        assert verification(study).is_same
        assert json.loads(json.dumps(study.frame_set)) == DIFFUSION.to_json()
