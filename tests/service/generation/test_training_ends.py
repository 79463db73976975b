"""How a training ends before its time: it diverges, or is stopped between two updates of its critic."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.core import batches, checkpoint
from generation.jobs import training
from generation.models import Job, PatchSet, TrainingRun
from generation.services import jobs, training_runs
from tests.service.generation.test_training_runs import NOW, QUICK, patch_set  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings: Any) -> Path:
    settings.READERSTUDY_DATA = tmp_path
    return tmp_path


def test_divergence_fails_the_run_and_keeps_the_last_good_checkpoint(
    patch_set: PatchSet,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_batches, to_network = [0], batches.to_network

    def poisoned(patches: np.ndarray) -> np.ndarray:
        n_batches[0] += 1
        scaled = to_network(patches)
        if n_batches[0] == 4:
            scaled[0, 0, 32, 32] = np.nan
        return scaled

    monkeypatch.setattr(batches, "to_network", poisoned)
    run = training_runs.create(
        patch_set=patch_set, preset="dcgan", seed=3, now=NOW, changes=QUICK | {"n_steps": 8}
    )
    training.run(run.pk)
    run.refresh_from_db()
    assert run.status == Job.Status.FAILED
    assert run.error == (
        "Training diverged at step 4: the loss of the discriminator is nan; its checkpoint of step 2 is kept, start "
        "a new training with a lower learning rate or another seed."
    )
    assert [row.step for row in run.checkpoints.all()] == [2]
    checkpoint.verify(run.checkpoint_folder(2))
    assert run.history_path.read_text().count("\n") == 4  # the header and three good steps


def test_stop_is_heard_between_updates_of_the_critic(
    patch_set: PatchSet,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "REPORT_SECONDS", 0.0)
    changes = QUICK | {"n_steps": 2, "warmup_n_critic": 6}
    whole, broken = (
        training_runs.create(patch_set=patch_set, preset="wgan-acb17", seed=3, now=NOW, changes=changes)
        for _ in range(2)
    )
    training.run(whole.pk)
    heard = []

    def stop_at_third_tick(done: int, total: int) -> None:
        heard.append(done)
        if len(heard) == 3:
            assert jobs.request_stop(broken, now=NOW)

    training.run(broken.pk, on_progress=stop_at_third_tick)
    broken.refresh_from_db()
    assert (broken.status, heard) == (Job.Status.STOPPED, [0, 0, 0])
    assert len(checkpoint.verify(broken.checkpoint_folder(0))["critic_losses"]) == 3
    assert training_runs.requeue(run=broken)
    training.run(broken.pk)
    ours, theirs = (row.checkpoints.get(step=2).sha256 for row in (whole, broken))
    assert ours == theirs


class TestForm:
    @pytest.fixture
    def desk(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("ada"))
        return client

    def test_each_preset_has_one_sentence(self, desk: Client) -> None:
        page = desk.get("/desk/training/new/")
        presets = page.context["form"].presets()
        assert len(presets) == 8
        for choice, sentence in presets:
            assert sentence.endswith(".")
            assert sentence.count(". ") == 0
            assert f'value="{choice.data["value"]}"' in page.content.decode()

    def test_recipe_can_be_changed(self, desk: Client, patch_set: PatchSet) -> None:  # noqa: F811
        form = {"patch_set": patch_set.pk, "preset": "rpgan-r1r2", "n_steps": 1, "seed": 5, "width": 4}
        desk.post(
            "/desk/training/new/", form | {"class_sampling": "shuffle", "shift_pixels": 3, "ema_decay": 0}
        )
        run = TrainingRun.objects.get()
        changed = {
            name: run.config[name] for name in ("width", "class_sampling", "shift_pixels", "ema_decay")
        }
        assert changed == {"width": 4, "class_sampling": "shuffle", "shift_pixels": 3, "ema_decay": None}
        assert run.config["r1_gamma"] == 2.0
        page = desk.get(f"/desk/training/{run.slug}/").content.decode()
        assert "R1, gamma 2; R2, gamma 2" in page
        assert "as often as in the patch set" in page

    def test_value_out_of_its_limits_opens_the_recipe(self, desk: Client, patch_set: PatchSet) -> None:  # noqa: F811
        form = {"patch_set": patch_set.pk, "preset": "dcgan", "seed": 5, "width": 2}
        page = desk.post("/desk/training/new/", form).content.decode()
        assert '<details class="recipe" open>' in page
        assert "greater than or equal to 4" in page
        assert not TrainingRun.objects.exists()
