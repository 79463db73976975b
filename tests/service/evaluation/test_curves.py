"""Scores of checkpoints: asked for, computed, followed while a training goes on, drawn as curves."""

import shutil

import pytest
from django.urls import reverse

from evaluation.jobs import curves as curve_jobs
from evaluation.models import CheckpointScore
from evaluation.selectors import curves as selectors
from evaluation.services import curves
from generation.core.errors import InputError
from generation.jobs import training
from generation.models import TrainingRun
from generation.services import training_runs
from tests.factories import NOW, make_patch_set

pytestmark = pytest.mark.django_db
QUICK = {"n_steps": 4, "batch_size": 4, "width": 4, "checkpoint_every": 2}


@pytest.fixture
def real():
    return make_patch_set("real", 6, n_patients=3)


@pytest.fixture
def run(real) -> TrainingRun:
    row = training_runs.create(patch_set=real, preset="dcgan", seed=1, changes=QUICK, now=NOW)
    training.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished"
    return row


def start(run, real, **changes) -> list[CheckpointScore]:
    values = {"extractor": "pixels", "n_per_class": 4, "now": NOW, **changes}
    return curves.start(run=run, real=real, **values)


class TestStart:
    def test_every_checkpoint_once(self, run, real):
        assert [score.checkpoint.step for score in start(run, real)] == [2, 4]
        assert start(run, real) == []
        assert len(start(run, real, seed=9)) == 2

    def test_a_failed_score_is_queued_again(self, run, real):
        first, _ = start(run, real)
        CheckpointScore.objects.filter(pk=first.pk).update(status="failed", error="broken")
        [again] = start(run, real)
        assert (again.pk, again.status, again.error) == (first.pk, "queued", "")

    def test_generated_patches_are_no_reals(self, run):
        with pytest.raises(InputError, match="choose finished real patches"):
            start(run, make_patch_set("wgan", 4))

    def test_missing_weights_and_checkpoints_are_said(self, run, real):
        with pytest.raises(InputError, match="run fetch_inception"):
            start(run, real, extractor="inception")
        with pytest.raises(InputError, match="Patches per class: 1 is outside 2 to 10000"):
            start(run, real, n_per_class=1)
        run.checkpoints.all().delete()
        with pytest.raises(InputError, match="has no checkpoint yet"):
            start(run, real)


class TestRun:
    def test_a_checkpoint_is_scored_and_its_patches_are_not_kept(self, run, real, data_folder):
        before = set((data_folder / "patch_sets").iterdir())
        first, second = start(run, real)
        for score in (first, second):
            curve_jobs.run(score.pk)
            score.refresh_from_db()
            assert (score.status, score.error) == ("finished", "")
        assert set(first.results["classes"]) == {"benign", "malignant", "no_findings"}
        assert first.results["classes"]["benign"]["distance_mean"] > 0
        assert first.results["fake_sha256"] != second.results["fake_sha256"]
        assert set((data_folder / "patch_sets").iterdir()) == before

    def test_every_checkpoint_meets_the_same_reals(self, run, real):
        floors = []
        for score in start(run, real):
            curve_jobs.run(score.pk)
            score.refresh_from_db()
            floors.append(score.results["classes"]["benign"]["floor_mean"])
        assert floors[0] == floors[1]

    def test_a_missing_checkpoint_is_one_sentence(self, run, real):
        score, _ = start(run, real)
        (score.checkpoint.folder / "generator.safetensors").unlink()
        curve_jobs.run(score.pk)
        score.refresh_from_db()
        assert score.status == "failed"
        assert score.error


class TestFollow:
    def test_a_training_that_goes_on_is_scored_as_before(self, real, run):
        start(run, real)
        last = run.checkpoints.get(step=4)  # take the training back to step 2 and let it go on
        shutil.rmtree(last.folder)
        last.delete()
        TrainingRun.objects.filter(pk=run.pk).update(status="queued")
        training.run(run.pk)
        added = CheckpointScore.objects.get(checkpoint__run=run, checkpoint__step=4)
        assert (added.status, added.n_per_class, added.extractor) == ("queued", 4, "pixels")

    def test_a_training_that_nobody_follows_is_not_scored(self, run):
        assert not CheckpointScore.objects.exists()

    def test_a_broken_follower_does_not_break_the_training(self, real, settings):
        settings.AFTER_CHECKPOINT = "evaluation.no_such.thing"
        row = training_runs.create(patch_set=real, preset="dcgan", seed=1, changes=QUICK, now=NOW)
        training.run(row.pk)
        row.refresh_from_db()
        assert row.status == "finished"


class TestPages:
    def test_from_form_to_curves(self, study_admin, run, real, django_capture_on_commit_callbacks):
        page = reverse("evaluation:curve", args=[run.slug])
        form = {"real_set": real.pk, "extractor": "pixels", "n_per_class": 4, "seed": 0}
        with django_capture_on_commit_callbacks(execute=True):
            assert study_admin.post(page, form).status_code == 302
        text = study_admin.get(page).content.decode()
        assert "2 checkpoints are being scored" in text
        assert text.count("<svg") == 3
        assert "trained on these very reals" in text
        [found] = selectors.of_run(run)
        chart = found.classes[0].chart
        assert chart is not None
        assert [mark.step for mark in chart.marks] == [2, 4]
        assert chart.best.value == min(mark.value for mark in chart.marks)
        assert run.name in study_admin.get(reverse("evaluation:curves")).content.decode()

    def test_waiting_scores_can_be_stopped(self, study_admin, run, real):
        start(run, real)
        page = reverse("evaluation:curve", args=[run.slug])
        assert "2 checkpoints to score" in study_admin.get(page).content.decode()
        study_admin.post(reverse("evaluation:curve_stop", args=[run.slug]))
        assert set(CheckpointScore.objects.values_list("status", flat=True)) == {"stopped"}

    def test_a_refused_form_says_why(self, study_admin, run, real):
        form = {"real_set": real.pk, "extractor": "pixels", "n_per_class": 1, "seed": 0}
        response = study_admin.post(reverse("evaluation:curve", args=[run.slug]), form)
        assert response.status_code == 422
