"""Two processes that train together on a CPU, against one process with the same batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from generation.core import checkpoint, training
from generation.core.errors import InputError
from generation.core.share import Share
from tests.conftest import PROJECT
from tests.unit.generation.test_training import CPU, make_config, make_data, run

# Each process draws the same numbers and computes its half; what differs from one process is the order of sums.
# Tolerances are shares of the largest weight, after three steps in fp32. RMSProp divides a gradient by its own size,
# so that rounding shows in weights that hardly have one.
TOLERANCES = {"dcgan": 1e-5, "wgan": 1e-3, "wgan-gp": 1e-5, "rpgan-r1r2": 1e-5}


TRAIN_TOGETHER = """
import sys
from pathlib import Path
import torch
import torch.distributed as dist
from generation.core import checkpoint, training
from generation.core.share import Share
from tests.unit.generation.test_training import CPU, make_config, make_data
torch.set_num_threads(1)
rank, folder = int(sys.argv[1]), Path(sys.argv[2])
dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
share, data = Share(rank, 2, CPU), make_data()
for preset in sys.argv[3:]:
    state = training.begin(make_config(preset), classes=data.classes, seed=7, device=CPU, share=share)
    told = []
    def on_step(report):
        told.append(report.step)
        return rank == 1 or report.step != 3  # only the first process hears of a stop
    is_done = training.train(state, data, on_step=on_step, on_checkpoint=lambda s: None)
    assert (is_done, told) == (False, [1, 2, 3]), (rank, is_done, told)
    checkpoint.save(state, folder / f"{preset}-{rank}")
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of two processes after three of four steps, when the first one was told to stop."""
    folder = tmp_path_factory.mktemp("together")
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment["GLOO_SOCKET_IFNAME"] = "lo"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN_TOGETHER, str(rank), str(folder), *TOLERANCES],
            env=environment,
            cwd=PROJECT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    errors = [process.communicate(timeout=200)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    return folder


@pytest.mark.parametrize("preset", TOLERANCES)
def test_two_processes_train_what_one_trains(preset: str, together: Path, tmp_path: Path) -> None:
    data = make_data()
    alone = training.begin(make_config(preset), classes=data.classes, seed=7, device=CPU)
    run(alone, data, stop_at=3)
    checkpoint.save(alone, tmp_path / "alone")
    for name in ("generator.safetensors", f"{alone.config.critic_name}.safetensors"):
        first, second, reference = (
            load_file(folder / name)
            for folder in (together / f"{preset}-0", together / f"{preset}-1", tmp_path / "alone")
        )
        assert all(
            torch.equal(first[key], second[key]) for key in first
        )  # bit for bit: they never drift apart
        assert all(t.isfinite().all() for t in reference.values())
        largest = max(float(t.abs().max()) for t in reference.values() if t.is_floating_point())
        apart = max(float((first[key] - reference[key]).abs().max()) for key in reference)
        assert apart <= TOLERANCES[preset] * largest


def test_a_checkpoint_of_two_is_gone_on_from_by_one(together: Path) -> None:
    data = make_data()
    state = checkpoint.load(together / "dcgan-0", device=CPU)
    reference = training.begin(make_config(), classes=data.classes, seed=7, device=CPU)
    run(reference, data, stop_at=3)
    assert torch.equal(state.rng.get_state(), reference.rng.get_state())  # drawn for the whole batch by each
    assert state.step == 3
    run(state, data)


class TestShare:
    def test_parts_of_a_batch_are_the_batch(self) -> None:
        batch = torch.arange(12).reshape(6, 2)
        parts = [Share(rank, 3).own(batch) for rank in range(3)]
        assert torch.equal(torch.cat(parts), batch)
        assert Share().own(batch) is batch

    @pytest.mark.parametrize(("batch_size", "n"), [(64, 3), (4, 4)])
    def test_uneven_batch_is_refused(self, batch_size: int, n: int) -> None:
        sentence = f"A batch of {batch_size} cannot be dealt to {n} processes; each needs equally many and at least 2."
        with pytest.raises(InputError) as caught:
            Share(0, n).check(batch_size)
        assert str(caught.value) == sentence

    def test_one_process_asks_nobody(self) -> None:
        share = Share()
        assert share.is_first
        assert not share.agree(False)
        assert share.told("word") == "word"
        assert share.mean(torch.tensor(2.5)) == 2.5
