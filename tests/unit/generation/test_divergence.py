"""Trainings that go wrong in earnest: each is stopped with one sentence, and nothing of it is saved."""

import math

import numpy as np
import pytest
import torch

from generation.core import batches, divergence, presets, training
from tests.unit.generation.test_training import CPU, make_config, make_data


@pytest.fixture
def quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at every step: ten steps instead of a hundred."""
    monkeypatch.setattr(divergence, "LOOK_EVERY", 1)
    monkeypatch.setattr(divergence, "LOOKS_IN_A_ROW", 4)


def attempt(state: training.TrainingState, data: training.TrainingPatches) -> tuple[str, list[int]]:
    """Train until it diverges; return the sentence and the steps of the checkpoints made."""
    saved: list[int] = []
    with pytest.raises(training.DivergedError) as caught:
        training.train(state, data, on_step=lambda report: True, on_checkpoint=lambda s: saved.append(s.step))
    return str(caught.value), saved


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_nan_learning_rate_of_the_generator(preset: str) -> None:
    data = make_data()
    config = make_config(preset, warmup_n_critic=None, checkpoint_every=1)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    state.generator_optimizer.param_groups[0]["lr"] = math.nan
    sentence, saved = attempt(state, data)
    assert sentence == "Training diverged at step 1: a weight of the generator is no finite number."
    assert saved == []


def test_nan_learning_rate_of_the_critic() -> None:
    data = make_data()
    state = training.begin(make_config("wgan"), classes=data.classes, seed=1, device=CPU)
    state.discriminator_optimizer.param_groups[0]["lr"] = math.nan
    sentence, saved = attempt(state, data)
    assert sentence == "Training diverged at step 1: the loss of the critic is nan."
    assert saved == []


def test_poisoned_batch_after_a_good_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    data, n_batches = make_data(), [0]

    def poisoned(patches: np.ndarray) -> np.ndarray:
        n_batches[0] += 1
        scaled = to_network(patches)
        if n_batches[0] == 4:
            scaled[0, 0, 32, 32] = np.inf  # in sight wherever the patch is shifted to
        return scaled

    to_network = batches.to_network
    monkeypatch.setattr(batches, "to_network", poisoned)
    state = training.begin(make_config(n_steps=9), classes=data.classes, seed=1, device=CPU)
    sentence, saved = attempt(state, data)
    assert sentence == "Training diverged at step 4: the loss of the discriminator is nan."
    assert saved == [2]


@pytest.mark.usefixtures("quick_look")
def test_generator_that_draws_one_patch_per_class_has_collapsed() -> None:
    data = make_data()
    config = make_config(n_steps=1000, batch_size=6, learning_rate=1e-8, checkpoint_every=1)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)

    def on_step(report: training.StepReport) -> bool:
        if report.step == 2:
            whiten(state)
        return True

    saved: list[int] = []
    with pytest.raises(training.DivergedError) as caught:
        training.train(state, data, on_step=on_step, on_checkpoint=lambda s: saved.append(s.step))
    assert str(caught.value) == (
        "Training collapsed at step 6: for 4 steps the drawn patches of a class have differed by less than 1% "
        "of what real ones differ by."
    )
    assert saved == [1, 2]  # nothing once the patches had become alike


@pytest.mark.usefixtures("quick_look")
def test_collapse_that_passes_is_forgiven() -> None:
    data = make_data()
    config = make_config(n_steps=8, batch_size=6, learning_rate=1e-8, checkpoint_every=1000)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)

    def on_step(report: training.StepReport) -> bool:
        whiten(state, 20.0 if report.step <= 3 else 0.0)
        return True

    assert training.train(state, data, on_step=on_step, on_checkpoint=lambda s: None)


@pytest.mark.usefixtures("quick_look")
def test_real_patches_that_are_all_alike_accuse_nobody() -> None:
    data = training.TrainingPatches(np.zeros((6, 7, 64, 64), np.int16), np.array([0, 1, 2] * 2))
    config = make_config(n_steps=6, batch_size=6, learning_rate=1e-8, checkpoint_every=1000)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    whiten(state)
    assert training.train(state, data, on_step=lambda report: True, on_checkpoint=lambda s: None)


def whiten(state: training.TrainingState, bias: float = 20.0) -> None:
    """Saturate the tanh of the generator, so that it draws white patches; what GANs that collapse often do."""
    with torch.no_grad():
        state.generator.output.bias.fill_(bias)


def test_spread_is_that_within_classes() -> None:
    # Two classes with means 0 and 10 and one deviation of 1 up and down each: variance 4 x 1 / (4 - 2) = 2.
    values = torch.tensor([-1.0, 1.0, 9.0, 11.0]).reshape(4, 1, 1, 1).expand(4, 7, 2, 2)
    found = divergence.spread(values, torch.tensor([0, 0, 2, 2]))
    assert found == pytest.approx(math.sqrt(2))


def test_spread_of_one_patch_per_class_is_unknown() -> None:
    assert divergence.spread(torch.rand(3, 7, 4, 4), torch.tensor([0, 1, 2])) is None
