"""Scores of checkpoints: asked for, computed, followed while a training goes on, drawn as curves."""

import hashlib
import json
import shutil

import pytest
from django.urls import reverse

from evaluation.jobs import curves as curve_jobs
from evaluation.models import CheckpointScore
from evaluation.selectors import curves as selectors
from evaluation.services import curves
from generation.core import patient_split
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES
from generation.jobs import training
from generation.models import PatchSet, TrainingRun
from generation.selectors.training_runs import preset_facts
from generation.services import training_runs
from tests.factories import NOW, make_patch_set

pytestmark = [pytest.mark.django_db]
# A rate so high that two checkpoints of so few steps draw different patches.
QUICK = {"n_steps": 4, "batch_size": 4, "width": 4, "checkpoint_every": 2, "learning_rate": 0.05}


def make_run() -> TrainingRun:
    return trained_on(make_patch_set("real", 6, n_patients=3))


def make_split_run() -> TrainingRun:
    """Of ten patients with two patches of each class, split as an extraction splits them."""
    real = make_patch_set("real", 20, n_patients=10)
    path = real.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    split = patient_split.assign({f"P{i:03d}": set(LESION_CLASSES) for i in range(10)}, seed=1)
    manifest["provenance"]["split"] = split.as_dict()
    path.write_text(json.dumps(manifest))
    return trained_on(real)


def trained_on(real: PatchSet) -> TrainingRun:
    row = training_runs.create(patch_set=real, preset="dcgan", seed=1, changes=QUICK, now=NOW)
    training.run(row.pk)
    row.refresh_from_db()
    assert row.status == "finished"
    return row


@pytest.fixture
def run(once) -> TrainingRun:
    return once(make_run)


@pytest.fixture
def real(run) -> PatchSet:
    return run.patch_set


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


class TestSplit:
    """Validation patients choose, test patients report, all reals stand beside them."""

    @pytest.fixture(autouse=True)
    def _no_messages(self, monkeypatch):
        """These tests run what was queued themselves."""
        monkeypatch.setattr("evaluation.jobs.curves.recovery.enqueue", lambda row: None)

    @pytest.fixture
    def run(self, once):
        return once(make_split_run)

    def score_all(self) -> None:
        while waiting := CheckpointScore.objects.filter(status="queued"):
            for score in waiting:
                curve_jobs.run(score.pk)
                score.refresh_from_db()
                assert (score.status, score.error) == ("finished", "")

    def test_only_training_patients_are_trained_on(self, run, real):
        [facts] = [row.summary for row in run.checkpoints.filter(step=4)]
        assert (facts["is_split"], facts["n_trained_on"]) == (True, 3 * 2 * 7)
        words = dict(preset_facts(run))["Trained on"]
        assert words == "patches of 7 training patients; 2 validation and 1 test patients were left out"
        literal = training_runs.create(
            patch_set=real, preset="dcgan", seed=1, changes=QUICK | {"use_split": False}, now=NOW
        )
        assert "the split of the patch set is not used" in dict(preset_facts(literal))["Trained on"]

    def test_best_of_each_class_is_reported_on_test_patients(self, run, real):
        queued = start(run, real, by_split=True)
        assert [(score.part, score.checkpoint.step) for score in queued] == [
            ("validation", 2),
            ("validation", 4),
            ("all", 2),
            ("all", 4),
        ]
        self.score_all()
        validation = {
            score.checkpoint.step: score.results["classes"]
            for score in CheckpointScore.objects.filter(part="validation")
        }
        assert validation[2]["benign"]["n_real"] == 4  # two patients
        best = {
            tissue: min(validation, key=lambda step: validation[step][tissue]["distance_mean"])
            for tissue in ("benign", "malignant", "no_findings")
        }
        reported = CheckpointScore.objects.filter(part="test").values_list("checkpoint__step", flat=True)
        assert sorted(reported) == sorted(set(best.values()))
        [found] = selectors.chosen(run)
        assert {one.tissue: one.step for one in found.choices} == best
        for one in found.choices:
            assert one.test.n_real == 2  # one patient
            assert one.literal_score.n_real == 20
            at = CheckpointScore.objects.get(part="all", checkpoint__step=one.literal_step).results
            assert one.literal_score.distance_mean == at["classes"][one.tissue]["distance_mean"]

    def test_test_patients_wait_for_every_validation_score(self, run, real):
        first, second, *_ = start(run, real, by_split=True)
        curve_jobs.run(first.pk)
        assert not CheckpointScore.objects.filter(part="test").exists()
        curve_jobs.run(second.pk)
        assert CheckpointScore.objects.filter(part="test").exists()

    def test_checkpoints_to_come_are_chosen_from_not_reported(self, run, real):
        start(run, real, by_split=True)
        self.score_all()
        last = run.checkpoints.get(step=4)
        CheckpointScore.objects.filter(checkpoint=last).delete()
        parts = [score.part for score in curves.follow(checkpoint=last, now=NOW)]
        assert sorted(parts) == ["all", "validation"]

    def test_page_says_which_patients(self, run, real, study_admin):
        page = reverse("evaluation:curve", args=[run.slug])
        text = study_admin.get(page).content.decode()
        assert '<option value="split" selected>' in text
        start(run, real, by_split=True)
        self.score_all()
        text = study_admin.get(page).content.decode()
        assert "trained on patches of 7 training patients" in text
        assert "Best checkpoints" in text
        assert "against validation patients of" in text
        assert "patients of these reals, as in the paper" in text

    def test_reals_without_a_split_are_refused(self, run):
        whole = make_patch_set("real", 4)
        with pytest.raises(
            InputError, match="has no validation and no test patients; score against all reals"
        ):
            start(run, whole, by_split=True)

    def test_a_class_without_training_patients_is_refused(self, real):
        path = real.folder / "index.csv"
        lines = path.read_text().splitlines()
        manifest = json.loads((real.folder / "manifest.json").read_text())
        kept = set(manifest["provenance"]["split"]["test"])
        moved = [f"{min(kept)},{line.split(',', 1)[1]}" if ",benign," in line else line for line in lines]
        path.write_text("\n".join(moved) + "\n")
        manifest["index_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (real.folder / "manifest.json").write_text(json.dumps(manifest))
        row = training_runs.create(patch_set=real, preset="dcgan", seed=1, changes=QUICK, now=NOW)
        training.run(row.pk)
        row.refresh_from_db()
        assert row.status == "failed"
        assert "has patches of class benign of no training patient; train on all patients" in row.error


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
        assert "2 scores are being computed" in text
        assert text.count("<svg") == 3
        assert "trained on these very reals" in text
        assert "trained on patches of all patients, as the paper: the patch set has no split" in text
        assert "Best checkpoints" not in text
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
