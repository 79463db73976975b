"""A training that was stopped or killed, and resumed, is on a CPU the one that never was, bit for bit."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generation.core import checkpoint, presets, training
from tests.conftest import PROJECT
from tests.unit.generation.test_training import CPU, assert_same_weights, make_config, make_data, run

TRAIN_FOR_EVER = """
import sys
from pathlib import Path
import torch
from generation.core import checkpoint, training
from tests.unit.generation.test_training import CPU, make_config, make_data
torch.set_num_threads(int(sys.argv[3]))
data = make_data()
state = training.begin(make_config(sys.argv[1], n_steps=100000, checkpoint_every=3), classes=data.classes, seed=7, device=CPU)
save = lambda s: checkpoint.save(s, Path(sys.argv[2]) / f"{s.step:06d}")
training.train(state, data, on_step=lambda report: True, on_checkpoint=save)
"""


@pytest.mark.parametrize("ema_decay", [None, 0.9])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("preset", [name for name in presets.PRESETS if name != "wgan-acb17"])
def test_stopped_between_steps(preset: str, precision: str, ema_decay: float | None, tmp_path: Path) -> None:
    data = make_data()
    config = make_config(preset, precision=precision, ema_decay=ema_decay)
    whole = training.begin(config, classes=data.classes, seed=7, device=CPU)
    run(whole, data)

    first_half = training.begin(config, classes=data.classes, seed=7, device=CPU)
    run(first_half, data, stop_at=2)
    checkpoint.save(first_half, tmp_path / "c")
    second_half = checkpoint.load(tmp_path / "c", device=CPU)
    run(second_half, data)

    assert second_half.step == whole.step == 4
    assert (whole.average is None) == (ema_decay is None)
    assert_same_weights(whole, second_half)


@pytest.fixture(scope="module")
def never_stopped() -> tuple[training.TrainingState, list[training.StepReport]]:
    """A training with many updates of the critic in each of its two steps, and what it reported."""
    data = make_data()
    whole = training.begin(make_config("wgan-acb17", n_steps=2), classes=data.classes, seed=7, device=CPU)
    return whole, run(whole, data)


@pytest.mark.parametrize("n_ticks", [1, 99, 130])
def test_stopped_between_updates_of_the_critic(
    n_ticks: int,
    never_stopped: tuple[training.TrainingState, list[training.StepReport]],
    tmp_path: Path,
) -> None:
    whole, expected = never_stopped
    data = make_data()
    part, left = training.begin(whole.config, classes=data.classes, seed=7, device=CPU), [n_ticks]

    def on_tick() -> bool:
        left[0] -= 1
        return left[0] > 0

    reports: list[training.StepReport] = []
    is_done = training.train(
        part,
        data,
        on_step=lambda report: not reports.append(report),
        on_checkpoint=lambda s: checkpoint.save(s, tmp_path / "c"),
        on_tick=on_tick,
    )
    assert not is_done
    resumed = checkpoint.load(tmp_path / "c", device=CPU)
    assert len(resumed.critic_losses) == (n_ticks if n_ticks <= 99 else n_ticks - 99)
    reports += run(resumed, data)
    assert reports == expected  # the mean loss of a step that was torn apart, too
    assert_same_weights(whole, resumed)


def test_killed_at_once_in_a_process_of_its_own(tmp_path: Path) -> None:
    """SIGKILL wherever it strikes, then damage of the newest checkpoint: the one before it leads to the same weights."""
    preset, folder = "rpgan-r1r2", tmp_path / "checkpoints"
    command = [sys.executable, "-c", TRAIN_FOR_EVER, preset, str(folder), "1"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, env=environment, cwd=PROJECT) as process:
        deadline = time.monotonic() + 120
        while len(found(folder)) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    newest, before = found(folder)[-1], found(folder)[-2]
    damaged = newest / "generator.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    states = [state for state in map(load_if_sound, (newest, before)) if state is not None]
    assert [state.step for state in states] == [int(before.name)]

    n_steps = int(newest.name)
    resumed, data = states[0], make_data()
    run(resumed, data, stop_at=n_steps)
    config = make_config(preset, n_steps=100000, checkpoint_every=3)
    whole = training.begin(config, classes=data.classes, seed=7, device=CPU)
    run(whole, data, stop_at=n_steps)
    assert_same_weights(whole, resumed)


def found(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(path for path in folder.glob("[0-9]*"))


def load_if_sound(folder: Path) -> training.TrainingState | None:
    try:
        return checkpoint.load(folder, device=CPU)
    except checkpoint.InputError:
        return None
