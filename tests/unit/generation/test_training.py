import dataclasses

import numpy as np
import pytest
import torch

from generation.core import presets, training, updates
from generation.core.batches import MappedBatches
from generation.core.errors import InputError
from generation.core.frames import to_network
from generation.core.training_patches import ClassIndex

CPU = torch.device("cpu")


def make_config(source: str = "dcgan", **changes: object) -> presets.TrainingConfig:
    small = {
        "n_steps": 4,
        "batch_size": 4,
        "width": 4,
        "checkpoint_every": 2,
        "shift_pixels": 4,
        "ema_decay": 0.9,
    }
    return presets.preset(source, **(small | changes))


def make_data(n: int = 30, classes: tuple[int, ...] = (0, 1, 2)) -> training.TrainingPatches:
    rng = np.random.default_rng(5)
    labels = np.array([classes[k % len(classes)] for k in range(n)], np.int64)
    return training.TrainingPatches(rng.integers(0, 1024, (n, 7, 64, 64)).astype(np.int16), labels)


def run(
    state: training.TrainingState, data: training.TrainingPatches, stop_at: int | None = None
) -> list[training.StepReport]:
    reports: list[training.StepReport] = []

    def on_step(report: training.StepReport) -> bool:
        reports.append(report)
        return report.step != stop_at

    training.train(state, data, on_step=on_step, on_checkpoint=lambda state: None)
    return reports


def weights(state: training.TrainingState) -> dict[str, torch.Tensor]:
    networks = {"G": state.generator, "D": state.discriminator, "average": state.average}
    return {
        f"{k}.{n}": t for k, net in networks.items() if net is not None for n, t in net.state_dict().items()
    }


def assert_same_weights(one: training.TrainingState, other: training.TrainingState) -> None:
    ours, theirs = weights(one), weights(other)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_seed_decides_the_weights() -> None:
    data = make_data()
    states = [
        training.begin(make_config(), classes=data.classes, seed=seed, device=CPU) for seed in (1, 1, 2)
    ]
    for state in states:
        run(state, data)
    assert_same_weights(states[0], states[1])
    assert not torch.equal(states[0].generator.output.weight, states[2].generator.output.weight)


def test_critic_weights_stay_within_the_clip() -> None:
    data = make_data()
    state = training.begin(make_config("wgan"), classes=data.classes, seed=1, device=CPU)
    run(state, data)
    assert max(weight.abs().max().item() for weight in state.discriminator.parameters()) <= 0.01 + 1e-9


def test_wgan_updates_the_critic_five_times_per_step() -> None:
    data = make_data()
    state = training.begin(make_config("wgan"), classes=data.classes, seed=1, device=CPU)
    run(state, data)
    steps = next(iter(state.discriminator_optimizer.state_dict()["state"].values()))["step"]
    assert float(steps) == 5 * state.step


def test_checkpoints_come_at_their_steps_and_at_the_end() -> None:
    data, seen = make_data(), []
    state = training.begin(make_config(n_steps=5), classes=data.classes, seed=1, device=CPU)
    is_done = training.train(
        state, data, on_step=lambda report: True, on_checkpoint=lambda s: seen.append(s.step)
    )
    assert is_done
    assert seen == [2, 4, 5]


def test_stop_saves_a_checkpoint_and_says_that_it_is_not_done() -> None:
    data, seen = make_data(), []
    state = training.begin(make_config(), classes=data.classes, seed=1, device=CPU)
    is_done = training.train(
        state, data, on_step=lambda report: report.step < 3, on_checkpoint=lambda s: seen.append(s.step)
    )
    assert not is_done
    assert seen == [2, 3]


def test_uniform_sampling_shows_rare_classes_as_often_as_common_ones() -> None:
    labels = np.array([0] + [2] * 99, np.int64)
    patches = np.zeros((100, 7, 64, 64), np.int16)
    data = training.TrainingPatches(patches, labels)
    state = training.begin(make_config(batch_size=1000), classes=data.classes, seed=1, device=CPU)
    _, y = MappedBatches(data).real(state)
    assert (y == 0).float().mean().item() == pytest.approx(0.5, abs=0.06)  # 4 standard errors at n = 1000


def test_shuffled_sampling_keeps_the_share_of_the_patch_set() -> None:
    labels = np.array([0] * 10 + [2] * 90, np.int64)
    data = training.TrainingPatches(np.zeros((100, 7, 64, 64), np.int16), labels)
    state = training.begin(
        make_config(batch_size=1000, class_sampling="shuffle"), classes=data.classes, seed=1, device=CPU
    )
    _, y = MappedBatches(data).real(state)
    assert (y == 0).float().mean().item() == pytest.approx(0.1, abs=0.04)  # 4 standard errors


def test_generated_patches_have_the_classes_of_shuffled_reals_as_often() -> None:
    labels = np.array([0] * 10 + [2] * 90, np.int64)
    data = training.TrainingPatches(np.zeros((100, 7, 64, 64), np.int16), labels)
    config = make_config(batch_size=1000, class_sampling="shuffle")
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    _, y = updates.noise_and_classes(state, ClassIndex.of(data, CPU))
    assert (y == 0).float().mean().item() == pytest.approx(0.1, abs=0.04)  # 4 standard errors


@pytest.mark.parametrize("preset", ["wgan-gp", "rpgan-r1r2"])
def test_paired_patches_are_of_one_class(preset: str) -> None:
    data = make_data()
    state = training.begin(make_config(preset, batch_size=64), classes=data.classes, seed=1, device=CPU)
    seen = updates.update_discriminator(state, MappedBatches(data))
    assert torch.equal(seen.y_real, seen.y_fake)
    assert len(set(seen.y_fake.tolist())) == 3


def test_literal_discriminator_is_not_told_the_class() -> None:
    data = make_data()
    state = training.begin(make_config("dcgan-literal"), classes=data.classes, seed=1, device=CPU)
    x = torch.rand(4, 7, 64, 64, generator=torch.Generator().manual_seed(2))
    D = state.discriminator.eval()
    assert torch.equal(D(x, torch.zeros(4, dtype=torch.int64)), D(x, torch.full((4,), 2)))
    assert D.convolutions[0].in_channels == 7


def test_head_start_trains_the_critic_a_hundred_times_per_step() -> None:
    data = make_data()
    ticks = []

    def on_tick() -> bool:
        ticks.append(state.step)
        return True

    config = make_config("wgan-acb17", n_steps=2)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    training.train(state, data, on_step=lambda report: True, on_checkpoint=lambda s: None, on_tick=on_tick)
    steps = next(iter(state.discriminator_optimizer.state_dict()["state"].values()))["step"]
    assert float(steps) == 200
    assert [ticks.count(step) for step in (0, 1)] == [99, 99]


def test_only_classes_of_the_patch_set_are_asked_of_the_generator() -> None:
    data = make_data(classes=(1,))
    state = training.begin(make_config(), classes=data.classes, seed=1, device=CPU)
    assert set(updates.noise_and_classes(state, ClassIndex.of(data, CPU))[1].tolist()) == {1}


def test_generator_step_leaves_the_discriminator_alone() -> None:
    data = make_data()
    state = training.begin(make_config(), classes=data.classes, seed=1, device=CPU)
    before = {name: p.clone() for name, p in state.discriminator.named_parameters()}
    updates.update_generator(state, MappedBatches(data), None)
    assert all(torch.equal(before[name], p) for name, p in state.discriminator.named_parameters())
    assert all(p.requires_grad for p in state.discriminator.parameters())


def test_average_follows_the_generator_slowly() -> None:
    data = make_data()
    state = training.begin(make_config(n_steps=30, ema_decay=0.9), classes=data.classes, seed=1, device=CPU)
    start = state.generator.output.weight.detach().clone()
    run(state, data)
    assert state.average is not None
    moved = (state.generator.output.weight - start).norm()
    lag = (state.generator.output.weight - state.average.output.weight).norm()
    assert 0 < lag < moved


def test_empty_patch_set_is_refused() -> None:
    with pytest.raises(InputError, match=r"The patch set is empty; extract patches before training on them."):
        training.TrainingPatches(np.zeros((0, 7, 64, 64), np.int16), np.zeros(0, np.int64))


def test_only_rows_of_training_patients_are_seen() -> None:
    whole, rows = make_data(), np.array([1, 4, 7, 10, 2])
    data = training.TrainingPatches(whole.patches, whole.labels, rows)
    assert (len(data), data.classes) == (5, (1, 2))
    state = training.begin(make_config(batch_size=200), classes=data.classes, seed=1, device=CPU)
    x, y = MappedBatches(data).real(state)
    allowed = torch.from_numpy(to_network(whole.patches[rows]))
    seen = [int((allowed == one).flatten(1).all(1).nonzero()) for one in x[:30]]
    assert set(seen) == {0, 1, 2, 3, 4}
    assert y[:30].tolist() == [int(whole.labels[rows[k]]) for k in seen]


def test_no_training_patient_is_said() -> None:
    with pytest.raises(
        InputError, match=r"No patch belongs to a training patient; train on all patients, or"
    ):
        training.TrainingPatches(np.zeros((3, 7, 64, 64), np.int16), np.zeros(3, np.int64), np.arange(0))


def test_shared_fakes_are_generated_once() -> None:
    data = make_data()
    config = make_config("wgan", shares_fakes=True, n_steps=1)
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    run(state, data)
    assert (
        int(state.generator.project_norm.num_batches_tracked) == 5
    )  # one per update of the critic, none besides
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in state.generator.parameters())


def test_config_is_not_changed_by_training() -> None:
    data, config = make_data(), make_config()
    state = training.begin(config, classes=data.classes, seed=1, device=CPU)
    run(state, data)
    assert state.config == dataclasses.replace(config)
