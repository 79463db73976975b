"""`torchrun ... manage.py train_gan`: two processes, one run, one writer."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from generation.core import checkpoint, presets, training
from generation.core.patch_set import open_patch_set
from tests.instances import make_instance

CHANGES = {"n_steps": 4, "batch_size": 8, "width": 4, "checkpoint_every": 2}
TOLERANCE = 1e-5  # of the largest weight, as in tests/unit/generation/test_share.py

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

MAKE_PATCHES = """
import django; django.setup()
import numpy as np
from django.core.management import call_command
from django.utils import timezone
from generation.core import frames
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import PatchSet
call_command("migrate", verbosity=0)
row = PatchSet(name="Tiny", slug="tiny", source="real", status="finished", created_at=timezone.now())
with PatchSetWriter(row.folder, source="real") as writer:
    patches = frames.assemble(np.random.default_rng(0).integers(0, 1024, (12, 6, 64, 64)))
    writer.add(patches, [PatchRow("P1", LESION_CLASSES[k % 3]) for k in range(12)])
    row.sha256 = writer.finish({}).sha256
row.save()
"""


def test_two_processes_make_one_run_and_the_first_one_writes(tmp_path: Path) -> None:
    instance = make_instance(
        tmp_path / "data", TORCH_THREADS="1", OMP_NUM_THREADS="1", GLOO_SOCKET_IFNAME="lo"
    )
    instance.python("-c", MAKE_PATCHES)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in CHANGES.items()]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    said = instance.python(*torchrun, "manage.py", "train_gan", "tiny", "--seed=3", "--name=both", *options)
    assert said.splitlines() == ["both-4: 4 steps on CPU, 1 thread"]  # once
    run = instance.data / "training_runs" / "both"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-0000002", "step-0000004"]
    assert len((run / "history.csv").read_text().splitlines()) == 5
    together = run / "checkpoints" / "step-0000004"
    summary = json.loads((together / "state.json").read_text())["summary"]
    assert summary["n_processes"] == 2
    assert summary["engine"] == "patches read from the file, batches dealt to 2 processes"

    folder = open_patch_set(instance.data / "patch_sets" / "tiny")
    patches = training.TrainingPatches(folder.patches, folder.labels())
    alone = training.begin(
        presets.preset("dcgan", **CHANGES), classes=patches.classes, seed=3, device=torch.device("cpu")
    )
    training.train(alone, patches, on_step=lambda report: True, on_checkpoint=lambda s: None)
    checkpoint.save(alone, tmp_path / "alone")
    ours, theirs = (load_file(f / checkpoint.GENERATOR_FILE) for f in (together, tmp_path / "alone"))
    largest = max(float(t.abs().max()) for t in theirs.values() if t.is_floating_point())
    assert max(float((ours[name] - theirs[name]).abs().max()) for name in ours) <= TOLERANCE * largest
