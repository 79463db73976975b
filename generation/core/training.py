"""The adversarial training loop: state in, state out, progress and stop as hooks."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from generation.core.augmentation import flip_and_shift
from generation.core.errors import InputError
from generation.core.frames import Patches, to_network
from generation.core.labels import LESION_CLASSES
from generation.core.losses import discriminator_loss, generator_loss
from generation.core.networks import Discriminator, Generator, initialize, place
from generation.core.presets import TrainingConfig


class DivergedError(RuntimeError):
    """A loss is no longer a finite number."""


@dataclass
class TrainingState:
    """Everything that a resumed training needs to go on exactly as if it had never stopped."""

    config: TrainingConfig
    classes: tuple[int, ...]  # indices of the lesion classes that the patch set holds
    seed: int
    step: int  # generator updates done
    generator: Generator
    discriminator: Discriminator
    average: Generator | None  # running average of the generator's weights and BatchNorm statistics
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    rng: torch.Generator  # draws weights, batches, noise, classes and augmentation, in this order
    device: torch.device

    @property
    def sampled_generator(self) -> Generator:
        """The network that patches are sampled from."""
        return self.average if self.average is not None else self.generator


@dataclass(frozen=True)
class StepReport:
    """What one generator update and its discriminator updates gave."""

    step: int
    discriminator_loss: (
        float  # mean over the updates of this step; for a critic, minus the estimated EM distance
    )
    generator_loss: float


@dataclass(frozen=True)
class TrainingPatches:
    """Real patches and their classes, sampled by index; `patches` may be a memory map.

    Attributes
    ----------
    patches : (N, 7, 64, 64) int16
    labels : (N,) int64, indices into LESION_CLASSES
    """

    patches: Patches
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.patches) == 0:
            raise InputError("The patch set is empty; extract patches before training on them.")
        if len(self.patches) != len(self.labels):
            raise InputError(
                f"There are {len(self.patches)} patches but {len(self.labels)} labels; both numbers must agree."
            )

    @property
    def classes(self) -> tuple[int, ...]:
        """Indices of the classes that occur."""
        return tuple(int(label) for label in np.unique(self.labels))

    def members(self) -> list[Tensor]:
        """Indices of the patches of each class that occurs, in the order of `classes`."""
        return [torch.from_numpy(np.flatnonzero(self.labels == label)) for label in self.classes]


def begin(
    config: TrainingConfig, *, classes: Sequence[int], seed: int, device: torch.device
) -> TrainingState:
    """Build networks and optimizers with freshly drawn weights.

    Parameters
    ----------
    config : the recipe
    classes : indices of the lesion classes to condition on
    seed : seed of the one random stream of this training
    device : where to compute; draws are made on the CPU, so they do not depend on it
    """
    rng = torch.Generator().manual_seed(seed)
    generator = Generator(noise_dim=config.noise_dim, width=config.width)
    discriminator = Discriminator(width=config.width, is_conditional=config.condition_discriminator)
    initialize(generator, rng)
    initialize(discriminator, rng)
    return assemble_state(config, tuple(classes), seed, 0, generator, discriminator, None, rng, device)


def assemble_state(
    config: TrainingConfig,
    classes: tuple[int, ...],
    seed: int,
    step: int,
    generator: Generator,
    discriminator: Discriminator,
    average: Generator | None,
    rng: torch.Generator,
    device: torch.device,
) -> TrainingState:
    """Put networks on their device, in the memory layout that convolutions like, and give them optimizers."""
    place(generator, device)
    place(discriminator, device)
    if config.ema_decay is not None:
        average = average if average is not None else copy.deepcopy(generator)
        place(average, device)
        average.requires_grad_(False)
    return TrainingState(
        config=config,
        classes=classes,
        seed=seed,
        step=step,
        generator=generator,
        discriminator=discriminator,
        average=average,
        generator_optimizer=_optimizer(config, generator),
        discriminator_optimizer=_optimizer(config, discriminator),
        rng=rng,
        device=device,
    )


def train(
    state: TrainingState,
    data: TrainingPatches,
    *,
    on_step: Callable[[StepReport], bool],
    on_checkpoint: Callable[[TrainingState], None],
) -> bool:
    """Train until `state.config.n_steps` generator updates are done.

    Parameters
    ----------
    state : where to start from; changed in place
    data : the real patches
    on_step : called after each generator update; returning False stops the training
    on_checkpoint : called every `checkpoint_every` updates, after the last one, and on a stop

    Returns
    -------
    True if all steps are done, False if it was stopped.

    Raises
    ------
    DivergedError
        If a loss is not finite; the state is then worth nothing.
    """
    config = state.config
    members = data.members()
    while state.step < config.n_steps:
        # --- n_critic updates of the discriminator (critic), each on new patches
        losses = [_update_discriminator(state, data, members) for _ in range(config.n_critic)]

        # --- one update of the generator through a frozen discriminator
        g_loss = _update_generator(state)
        _update_average(state)
        state.step += 1

        # --- report, save
        report = StepReport(state.step, math.fsum(losses) / len(losses), g_loss)
        if not (math.isfinite(report.discriminator_loss) and math.isfinite(report.generator_loss)):
            raise DivergedError(
                f"Training diverged at step {state.step}: losses {report.discriminator_loss}, {report.generator_loss}; "
                "lower the learning rate or go back to the last checkpoint."
            )
        goes_on = on_step(report)
        if not goes_on or state.step % config.checkpoint_every == 0 or state.step == config.n_steps:
            on_checkpoint(state)
        if not goes_on:
            return state.step >= config.n_steps
    return True


def _update_discriminator(state: TrainingState, data: TrainingPatches, members: list[Tensor]) -> float:
    config, D = state.config, state.discriminator
    x, y = _real_batch(state, data, members)
    z, y_fake = _conditions(state)
    with _autocast(state):
        with torch.no_grad():
            x_fake = state.generator(z, y_fake)
        # Real and generated patches go through D apart: BatchNorm must not see them mixed (Radford's public code).
        loss = discriminator_loss(
            config.loss, D(_augment(state, x), y), D(_augment(state, x_fake.float()), y_fake)
        )
    state.discriminator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.discriminator_optimizer.step()
    if config.clip_value is not None:  # Arjovsky 2017, Algorithm 1, line 7: clip after the update
        with torch.no_grad():
            for weight in D.parameters():
                weight.clamp_(-config.clip_value, config.clip_value)
    return float(loss.detach())


def _update_generator(state: TrainingState) -> float:
    config, D = state.config, state.discriminator
    z, y = _conditions(state)
    D.requires_grad_(False)  # its weight gradients would be computed and thrown away
    with _autocast(state):
        loss = generator_loss(config.loss, D(_augment(state, state.generator(z, y).float()), y))
    state.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.generator_optimizer.step()
    D.requires_grad_(True)
    return float(loss.detach())


def _update_average(state: TrainingState) -> None:
    decay = state.config.ema_decay
    if state.average is None or decay is None:
        return
    decay = min(decay, (1 + state.step) / (10 + state.step))  # forget the initial weights quickly
    with torch.no_grad():
        averages = [*state.average.parameters(), *_float_buffers(state.average)]
        values = [*state.generator.parameters(), *_float_buffers(state.generator)]
        for running, value in zip(averages, values, strict=True):
            running.lerp_(value, 1 - decay)


def _float_buffers(network: nn.Module) -> list[Tensor]:
    return [buffer for buffer in network.buffers() if buffer.is_floating_point()]


def _real_batch(state: TrainingState, data: TrainingPatches, members: list[Tensor]) -> tuple[Tensor, Tensor]:
    n = state.config.batch_size
    if state.config.class_sampling == "uniform":
        which = torch.randint(len(members), (n,), generator=state.rng)
        position = torch.rand(n, generator=state.rng, dtype=torch.float64)
        index = torch.stack(
            [
                members[k][int(p * len(members[k]))]
                for k, p in zip(which.tolist(), position.tolist(), strict=True)
            ]
        )
    else:
        index = torch.randint(len(data.patches), (n,), generator=state.rng)
    rows = index.numpy()
    x = torch.from_numpy(to_network(np.asarray(data.patches[rows])))
    y = torch.from_numpy(data.labels[rows])
    return x.to(device=state.device, memory_format=torch.channels_last), y.to(state.device)


def _conditions(state: TrainingState) -> tuple[Tensor, Tensor]:
    n = state.config.batch_size
    z = torch.randn(n, state.config.noise_dim, generator=state.rng)
    classes = torch.tensor(state.classes, dtype=torch.int64)
    y = classes[torch.randint(len(classes), (n,), generator=state.rng)]
    return z.to(state.device), y.to(state.device)


def _augment(state: TrainingState, x: Tensor) -> Tensor:
    if state.config.shift_pixels == 0:
        return x
    return flip_and_shift(x, shift_pixels=state.config.shift_pixels, rng=state.rng)


def _autocast(state: TrainingState) -> torch.autocast:
    return torch.autocast(state.device.type, dtype=torch.bfloat16, enabled=state.config.precision == "bf16")


def _optimizer(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        betas = (config.beta1, config.beta2)
        return torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=betas, fused=True)
    return torch.optim.RMSprop(
        network.parameters(), lr=config.learning_rate, alpha=config.alpha, foreach=True
    )


def class_names(classes: Sequence[int]) -> list[str]:
    """Return the lesion classes behind indices, for a checkpoint or a message."""
    return [LESION_CLASSES[index].value for index in classes]
