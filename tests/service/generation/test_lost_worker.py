"""A worker is killed by SIGKILL in the middle of a training; two others take over, and one of them trains on."""

import csv
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import torch

from generation.core import checkpoint, presets, training
from generation.core.patch_set import open_patch_set
from tests.instances import Instance, make_instance
from tests.queues import BROKERS, Workers, new_queue

QUICK = {"n_steps": 120, "batch_size": 4, "width": 4, "checkpoint_every": 30}
PATIENCE = 180  # seconds, on a machine with other work

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # on a machine with other work
    pytest.mark.enable_socket,
]

PREPARE = f"""
import django; django.setup()
import numpy as np
from django.core.management import call_command
from django.utils import timezone
from generation.core import frames
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import PatchSet
from generation.services import training_runs
call_command("migrate", verbosity=0)
now = timezone.now()
row = PatchSet.objects.create(name="Tiny", slug="tiny", source="real", status="finished", created_at=now)
with PatchSetWriter(row.folder, source="real") as writer:
    patches = frames.assemble(np.random.default_rng(0).integers(0, 1024, (12, 6, 64, 64)))
    writer.add(patches, [PatchRow("P1", LESION_CLASSES[k % 3]) for k in range(12)])
    writer.finish({{}})
run = training_runs.create(patch_set=row, preset="dcgan", seed=3, name="lost", now=now, changes={QUICK})
"""

ENQUEUE = """
import django; django.setup()
from generation.models import TrainingRun
from generation.services import recovery
recovery.enqueue(TrainingRun.objects.get())
"""

LOOK_AFTER_IT = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from generation.models import TrainingRun
from generation.selectors.training_runs import silent_for
from generation.services import recovery
run = TrainingRun.objects.get()
began = run.started_at - timedelta(hours=1)
look = lambda seconds: recovery.release_silent(started_at=began, now=run.beat_at + timedelta(seconds=seconds))
soon, late = (silent_for(run, now=run.beat_at + timedelta(seconds=s)) for s in (30, 90))
print(soon is None, late is not None, look(100), look(130) == [run], look(130))
recovery.enqueue(run)  # somebody sends it a second time
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of an instance in which a training waits."""
    instance = make_instance(tmp_path_factory.mktemp("prepared") / "data")
    instance.python("-c", PREPARE)
    return instance.data


@pytest.fixture(scope="module")
def uninterrupted(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """SHA-256 of the weights that one worker would have come to."""
    cpu, before = torch.device("cpu"), torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    folder = open_patch_set(prepared / "patch_sets" / "tiny")
    patches = training.TrainingPatches(folder.patches, folder.labels())
    state = training.begin(presets.preset("dcgan", **QUICK), classes=patches.classes, seed=3, device=cpu)
    training.train(state, patches, on_step=lambda report: True, on_checkpoint=lambda s: None)
    torch.set_num_threads(before)
    return dict(checkpoint.save(state, tmp_path_factory.mktemp("whole") / "whole"))


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def instance(broker: str, prepared: Path, tmp_path: Path) -> Iterator[Instance]:
    with new_queue(broker) as variables:
        shutil.copytree(prepared, tmp_path / "data")
        yield make_instance(tmp_path / "data", **variables, TORCH_THREADS="1", OMP_NUM_THREADS="1")


@pytest.fixture
def workers(instance: Instance, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(instance, tmp_path)
    yield workers
    workers.kill()


def test_a_killed_worker_is_noticed_and_its_training_goes_on_once(
    broker: str, instance: Instance, workers: Workers, uninterrupted: dict[str, str]
) -> None:
    instance.python("-c", ENQUEUE)

    def ask(query: str) -> list[tuple[object, ...]]:
        path = instance.data / "db.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as rows:
            return rows.execute(query).fetchall()

    def wait_for(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, workers.log()
            time.sleep(0.05)

    status = "SELECT status, error FROM generation_trainingrun"
    workers.start("first")
    wait_for(lambda: len(ask("SELECT step FROM generation_checkpoint")) >= 1)
    workers.kill()
    assert ask(status) == [("running", "")]
    n_before = len(ask("SELECT step FROM generation_checkpoint"))
    assert n_before < QUICK["n_steps"] // QUICK["checkpoint_every"]

    assert instance.python("-c", LOOK_AFTER_IT) == "True True [] True []"
    for name in ("second", "third"):
        workers.start(name)
    wait_for(lambda: ask(status)[0][0] in {"finished", "failed"})
    assert ask(status) == [("finished", "")]
    # The message that was sent twice was looked at too, and left alone; so was the one in the hand of the killed
    # worker, where the broker has kept it and delivers it again.
    n_messages = 2 if broker == "filesystem" else 3
    wait_for(lambda: workers.log("second", "third").count("] succeeded in") >= n_messages)
    came_again = workers.received("first")[0] in workers.received("second", "third")
    assert came_again == (broker != "filesystem")

    folder = instance.data / "training_runs" / "lost"
    steps = [int(row["step"]) for row in csv.DictReader((folder / "history.csv").read_text().splitlines())]
    assert steps == list(range(1, QUICK["n_steps"] + 1))  # each step once, by one worker
    assert checkpoint.verify(folder / "checkpoints" / "step-0000120")["sha256"] == uninterrupted
