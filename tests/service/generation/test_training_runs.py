"""From a patch set to a checkpoint to sampled patches, through rows, jobs, tasks and pages."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation.core import checkpoint, frames
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patch_set import PatchRow, PatchSetWriter, open_patch_set
from generation.jobs import sampling, training
from generation.models import Checkpoint, Job, PatchSet, TrainingRun
from generation.services import generators, jobs, training_runs

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
QUICK = {"n_steps": 4, "batch_size": 4, "width": 4, "checkpoint_every": 2}


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: Any) -> Path:
    settings.READERSTUDY_DATA = tmp_path
    return tmp_path


@pytest.fixture
def patch_set() -> PatchSet:
    rng = np.random.default_rng(0)
    row = PatchSet.objects.create(
        name="Tiny", slug="tiny", source=REAL, status=Job.Status.FINISHED, created_at=NOW
    )
    with PatchSetWriter(row.folder, source=REAL) as writer:
        patches = frames.assemble(rng.integers(0, 1024, (12, 6, 64, 64)))
        writer.add(patches, [PatchRow("P1", LESION_CLASSES[k % 3], None, 1, 40, 40) for k in range(12)])
        row.sha256 = writer.finish({"seed": 0}).sha256
    row.n_benign = row.n_malignant = row.n_no_findings = 4
    row.save()
    return row


def make_run(patch_set: PatchSet, **changes: object) -> TrainingRun:
    return training_runs.create(patch_set=patch_set, preset="dcgan", seed=3, now=NOW, changes=QUICK | changes)


def test_training_leaves_checkpoints_losses_and_pictures(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    training.run(run.pk)
    run.refresh_from_db()
    assert (run.status, run.n_done, run.error) == (Job.Status.FINISHED, 4, "")
    assert list(run.checkpoints.order_by("step").values_list("step", flat=True)) == [2, 4]
    assert [int(row["step"]) for row in csv.DictReader(run.history_path.read_text().splitlines())] == [
        1,
        2,
        3,
        4,
    ]
    assert run.grid_path(4).read_bytes().startswith(b"\x89PNG")
    assert checkpoint.verify(run.checkpoint_folder(4))["seed"] == 3


def test_a_run_is_trained_by_one_worker_only(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    assert jobs.claim(run, now=NOW)
    training.run(run.pk)  # the broker delivers the same message to a second worker
    assert not run.checkpoints.exists()


def test_stopped_run_resumes_to_the_same_weights(
    patch_set: PatchSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)
    whole, broken = make_run(patch_set), make_run(patch_set)
    training.run(whole.pk)

    def stop_at_third(done: int, total: int) -> None:
        if done == 3:
            assert jobs.request_stop(broken, now=NOW)

    training.run(broken.pk, on_progress=stop_at_third)
    broken.refresh_from_db()
    assert (broken.status, broken.checkpoints.order_by("-step").first().step) == (Job.Status.STOPPED, 3)
    assert training_runs.requeue(run=broken)
    training.run(broken.pk)
    broken.refresh_from_db()
    assert broken.status == Job.Status.FINISHED
    ours, theirs = (run.checkpoints.get(step=4).sha256["generator.safetensors"] for run in (whole, broken))
    assert ours == theirs
    assert [int(row["step"]) for row in csv.DictReader(broken.history_path.read_text().splitlines())] == [
        1,
        2,
        3,
        4,
    ]


def test_damaged_checkpoint_is_passed_over(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    training.run(run.pk)
    path = run.checkpoint_folder(4) / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    intact = run.checkpoints.get(step=4).sha256["generator.safetensors"]
    TrainingRun.objects.filter(pk=run.pk).update(status=Job.Status.FAILED)
    assert training_runs.requeue(run=run)
    training.run(run.pk)
    assert run.checkpoints.get(step=4).sha256["generator.safetensors"] == intact


def test_failure_is_one_sentence_on_the_row(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    (patch_set.folder / "manifest.json").unlink()
    training.run(run.pk)
    run.refresh_from_db()
    assert run.status == Job.Status.FAILED
    assert run.error.count("\n") == 0
    assert str(patch_set.folder) in run.error or "manifest.json" in run.error


def test_unfinished_patch_set_is_refused(patch_set: PatchSet) -> None:
    patch_set.status = Job.Status.RUNNING
    with pytest.raises(InputError) as caught:
        make_run(patch_set)
    assert str(caught.value) == 'Patch set "Tiny" is running; wait until it is finished, then train on it.'


def test_sampled_patch_set_names_its_checkpoint_and_seed(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    training.run(run.pk)
    row = generators.queue_sampling(
        checkpoint=run.checkpoints.get(step=4),
        n_per_class={"benign": 3, "malignant": 2, "no_findings": 5},
        seed=9,
        now=NOW,
    )
    sampling.run(row.pk)
    row.refresh_from_db()
    assert (row.status, row.source, row.n_benign, row.n_malignant, row.n_no_findings) == (
        "finished",
        "dcgan",
        3,
        2,
        5,
    )
    folder = open_patch_set(row.folder, verify=True)
    assert folder.manifest["provenance"]["seed"] == 9
    assert folder.manifest["provenance"]["checkpoint"] == run.checkpoints.get(step=4).name


def test_sampling_nothing_is_refused(patch_set: PatchSet) -> None:
    row = Checkpoint.objects.create(name="c", source="dcgan", step=1, path="c", created_at=NOW)
    with pytest.raises(InputError, match="No patches were asked for"):
        generators.queue_sampling(checkpoint=row, n_per_class={"benign": 0}, seed=1, now=NOW)


def test_registered_generator_is_copied_once(patch_set: PatchSet, tmp_path: Path) -> None:
    run = make_run(patch_set)
    training.run(run.pk)
    first = generators.register(folder=run.checkpoint_folder(4), name="given", now=NOW)
    again = generators.register(folder=run.checkpoint_folder(2), name="given", now=NOW)
    assert first.pk == again.pk
    assert checkpoint.load_generator(first.folder).step == 4


@pytest.mark.parametrize("source", ["all", "balanced"])
def test_generator_named_like_a_sum_is_not_registered(tmp_path: Path, data_folder: Path, source: str) -> None:
    facts = {"config": {"source": source}, "step": 1, "sha256": {}}
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "state.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match=f'Source "{source}" is the name of results over several sources'):
        generators.register(folder=folder, name="given", now=NOW)
    assert not Checkpoint.objects.exists()
    assert list(data_folder.rglob("state.json")) == [folder / "state.json"]


def test_run_that_was_sampled_is_not_deleted(patch_set: PatchSet) -> None:
    run = make_run(patch_set)
    training.run(run.pk)
    generators.queue_sampling(
        checkpoint=run.checkpoints.get(step=4), n_per_class={"benign": 1}, seed=1, now=NOW
    )
    with pytest.raises(InputError, match="has 1 patch set sampled from it; delete it first"):
        training_runs.delete(run=run)
    assert run.checkpoint_folder(4).exists()


class TestPages:
    @pytest.fixture
    def desk(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("ada"))
        return client

    def test_training_is_started_from_its_form(
        self, desk: Client, patch_set: PatchSet, django_capture_on_commit_callbacks
    ) -> None:  # type: ignore[no-untyped-def]
        form = {"patch_set": patch_set.pk, "preset": "dcgan-small", "n_steps": 1, "seed": 5, "name": "First"}
        with django_capture_on_commit_callbacks(execute=True):
            answer = desk.post("/desk/training/new/", form)
        assert answer.url == "/desk/training/first/"
        assert TrainingRun.objects.get().status == Job.Status.FINISHED
        page = desk.get(answer.url)
        assert page.status_code == 200
        assert b"step 1 of 1" in page.content
        assert desk.get("/desk/training/first/grids/1.png")["Content-Type"] == "image/png"
        assert desk.get("/desk/training/first/grids/7.png").status_code == 404
        assert desk.get("/desk/training/first/state.json").json()["status"] == "finished"

    def test_list_says_what_to_do_first(self, desk: Client) -> None:
        assert b"No generator has been trained yet." in desk.get("/desk/training/").content

    def test_run_whose_worker_is_silent_shows_as_stalled(self, desk: Client, patch_set: PatchSet) -> None:
        run = make_run(patch_set)
        for seconds, is_stalled in ((30, False), (90, True)):
            beat_at = timezone.now() - timedelta(seconds=seconds)
            TrainingRun.objects.filter(pk=run.pk).update(status="running", started_at=NOW, beat_at=beat_at)
            for page in ("/desk/training/", f"/desk/training/{run.slug}/"):
                assert (">Stalled</span>" in desk.get(page).content.decode()) is is_stalled
            assert desk.get(f"/desk/training/{run.slug}/state.json").json()["is_stalled"] is is_stalled

    def test_only_a_closed_run_resumes(self, desk: Client, patch_set: PatchSet) -> None:
        run = make_run(patch_set)
        answer = desk.post(f"/desk/training/{run.slug}/resume/", follow=True)
        assert b"Only a stopped or failed training can be resumed." in answer.content

    def test_queued_run_stops_at_once(self, desk: Client, patch_set: PatchSet) -> None:
        run = make_run(patch_set)
        desk.post(f"/desk/training/{run.slug}/stop/")
        run.refresh_from_db()
        assert run.status == Job.Status.STOPPED
