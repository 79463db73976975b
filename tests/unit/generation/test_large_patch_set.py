"""A training and a sampling of 20 GB of patches in a process of its own, whose private memory stays below 2 GB.

The file is sparse: it holds a few real patches and zeros that take no room on the disk.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import PROJECT

N_PATCHES = 20_000_000_000 // (7 * 64 * 64 * 2) + 1  # 348,773
LIMIT = 2_000_000_000  # bytes of private anonymous memory

TRAIN_AND_SAMPLE = """
import json, sys, threading
from pathlib import Path
import torch
from generation.core import checkpoint, presets, training
from generation.core.engine import engine_of
from generation.core.labels import LesionClass
from generation.core.memory import PeakMemory
from generation.core.patch_set import PatchRow, PatchSetWriter, open_patch_set
from generation.core.sampling import sample

CPU, folder = torch.device("cpu"), Path(sys.argv[1])
memory, is_done = PeakMemory(CPU), threading.Event()
def watch():
    while not is_done.wait(0.02):
        memory.look()
watcher = threading.Thread(target=watch)
watcher.start()
patch_set = open_patch_set(folder)
data = training.TrainingPatches(patch_set.patches, patch_set.labels())
state = training.begin(presets.preset("dcgan", n_steps=2), classes=data.classes, seed=1, device=CPU)
engine = engine_of(state, data, free_bytes=None)
training.train(
    state, data, steps=engine.steps, on_step=lambda report: True, on_checkpoint=lambda s: checkpoint.save(s, folder / "c")
)
trained = memory.facts()["private"]
n_sampled = 0
with PatchSetWriter(folder / "sampled", source="dcgan") as writer:
    stored = checkpoint.load_generator(folder / "c")
    for lesion_class, patches in sample(stored, n_per_class={LesionClass.BENIGN: 512}, seed=1, device=CPU):
        writer.add(patches, [PatchRow("", lesion_class)] * len(patches))
        n_sampled += len(patches)
    writer.finish({})
is_done.set()
watcher.join()
print(json.dumps({"n": len(data), "trained": trained, "sampled": memory.facts()["private"], "n_sampled": n_sampled}))
"""


def make_large_patch_set(folder: Path) -> None:
    folder.mkdir()
    patches = np.lib.format.open_memmap(
        folder / "patches.npy", mode="w+", dtype="<i2", shape=(N_PATCHES, 7, 64, 64)
    )
    rng = np.random.default_rng(0)
    for start in (0, N_PATCHES // 2, N_PATCHES - 50):
        patches[start : start + 50] = rng.integers(0, 1024, (50, 7, 64, 64))
    patches.flush()
    classes = ("benign", "malignant", "no_findings")
    with (folder / "index.csv").open("w", encoding="utf-8") as file:
        file.write("patient,lesion_class\n")
        file.writelines(f"P{k // 984:03d},{classes[k % 3]}\n" for k in range(N_PATCHES))
    frames = ["T2", "T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "Sub"]
    manifest = {"format_version": 1, "source": "real", "frames": frames, "provenance": {}}
    manifest |= {"patches_sha256": "not computed", "index_sha256": "not computed", "n_patches": N_PATCHES}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="private memory is read from Linux's /proc"
)
def test_training_and_sampling_of_20_gb_stay_below_2_gb(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    make_large_patch_set(folder)
    file = (folder / "patches.npy").stat()
    assert file.st_size > 20_000_000_000
    assert file.st_blocks * 512 < 100_000_000  # it is sparse
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN_AND_SAMPLE, str(folder)],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["n"], found["n_sampled"]) == (N_PATCHES, 512)
    assert 0 < found["trained"] <= found["sampled"] < LIMIT, found
