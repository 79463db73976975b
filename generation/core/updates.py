"""One update of the discriminator (critic), of the generator, and of the running average of the generator."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from generation.core.augmentation import flip_and_shift
from generation.core.frames import to_network
from generation.core.losses import (
    discriminator_loss,
    distance_from_unit_gradient,
    generator_loss,
    squared_gradient,
)
from generation.core.training_state import TrainingPatches, TrainingState


@dataclass(frozen=True)
class DiscriminatorUpdate:
    """What an update of the discriminator saw and gave: (N, 7, 64, 64) patches, (N,) classes, the loss before it."""

    loss: float
    real: Tensor
    y_real: Tensor
    fake: Tensor
    y_fake: Tensor


def update_discriminator(
    state: TrainingState, data: TrainingPatches, members: list[Tensor]
) -> DiscriminatorUpdate:
    """Draw a batch, let the discriminator (critic) learn from it once, and clip its weights if the recipe says so.

    Parameters
    ----------
    state : changed in place
    data : the real patches
    members : `data.members()`
    """
    config, D = state.config, state.discriminator
    real, y_real = real_batch(state, data, members)
    z, y_fake = noise_and_classes(state, data, y_real if config.pairs_patches else None)
    with _autocast(state), torch.no_grad():
        fake = state.generator(z, y_fake).float()
    loss = _penalized_loss if config.is_penalized else _plain_loss
    value = loss(state, augment(state, real), y_real, augment(state, fake), y_fake)
    state.discriminator_optimizer.zero_grad(set_to_none=True)
    value.backward()
    state.discriminator_optimizer.step()
    if config.clip_value is not None:  # Arjovsky 2017, Algorithm 1, line 7: clip after the update
        with torch.no_grad():
            for weight in D.parameters():
                weight.clamp_(-config.clip_value, config.clip_value)
    return DiscriminatorUpdate(float(value.detach()), real, y_real, fake, y_fake)


def _plain_loss(state: TrainingState, x: Tensor, y: Tensor, x_fake: Tensor, y_fake: Tensor) -> Tensor:
    D = state.discriminator
    with _autocast(state):
        # Real and generated patches go through D apart: BatchNorm must not see them mixed (Radford's public code).
        return discriminator_loss(state.config.loss, D(x, y), D(x_fake, y_fake))


def _penalized_loss(state: TrainingState, x: Tensor, y: Tensor, x_fake: Tensor, y_fake: Tensor) -> Tensor:
    """Compute in fp32 whatever the recipe's arithmetic: second derivatives of small numbers are lost in bf16."""
    config, D = state.config, state.discriminator
    x = x.detach().requires_grad_(config.r1_gamma > 0)
    x_fake = x_fake.detach().requires_grad_(config.r2_gamma > 0)
    on_real, on_fake = D(x, y), D(x_fake, y_fake)
    loss = discriminator_loss(config.loss, on_real, on_fake)
    if config.r1_gamma > 0:
        loss = loss + config.r1_gamma / 2 * squared_gradient(on_real, x)
    if config.r2_gamma > 0:
        loss = loss + config.r2_gamma / 2 * squared_gradient(on_fake, x_fake)
    if config.gradient_penalty > 0:
        share = torch.rand(len(x), 1, 1, 1, generator=state.rng).to(state.device)
        between = torch.lerp(x_fake.detach(), x.detach(), share).requires_grad_(True)
        loss = loss + config.gradient_penalty * distance_from_unit_gradient(D(between, y), between)
    return loss


def update_generator(state: TrainingState, data: TrainingPatches, members: list[Tensor]) -> float:
    """Let the generator learn once through a discriminator (critic) that stays as it is; return the loss before.

    Parameters
    ----------
    state : changed in place
    data : the real patches, which only the relativistic loss draws from here
    members : `data.members()`
    """
    config, D = state.config, state.discriminator
    D.requires_grad_(False)  # its weight gradients would be computed and thrown away
    on_real, y_real = None, None
    if config.loss == "relativistic":
        real, y_real = real_batch(state, data, members)
        with _autocast(state), torch.no_grad():
            on_real = D(augment(state, real), y_real)
    z, y = noise_and_classes(state, data, y_real)
    with _autocast(state):
        on_fake = D(augment(state, state.generator(z, y).float()), y)
        loss = generator_loss(config.loss, on_fake, on_real)
    state.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.generator_optimizer.step()
    D.requires_grad_(True)
    return float(loss.detach())


def update_average(state: TrainingState) -> None:
    """Move the running average of the generator, BatchNorm statistics included, towards the generator."""
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


def real_batch(state: TrainingState, data: TrainingPatches, members: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Draw real patches (N, 7, 64, 64) in [-1, 1] and their classes (N,), by class or as they come."""
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


def noise_and_classes(
    state: TrainingState, data: TrainingPatches, y: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Draw noise (N, noise_dim) and the classes (N,) to generate, unless they are given.

    Classes are as frequent as among the real patches that the discriminator sees: where they differed, it could tell
    generated patches by their class alone.
    """
    n = state.config.batch_size
    z = torch.randn(n, state.config.noise_dim, generator=state.rng)
    if y is None and state.config.class_sampling == "uniform":
        classes = torch.tensor(state.classes, dtype=torch.int64)
        y = classes[torch.randint(len(classes), (n,), generator=state.rng)]
    elif y is None:
        y = torch.from_numpy(data.labels[torch.randint(len(data.labels), (n,), generator=state.rng).numpy()])
    return z.to(state.device), y.to(state.device)


def augment(state: TrainingState, x: Tensor) -> Tensor:
    """Flip and shift patches if the recipe says so."""
    if state.config.shift_pixels == 0:
        return x
    return flip_and_shift(x, shift_pixels=state.config.shift_pixels, rng=state.rng)


def _autocast(state: TrainingState) -> torch.autocast:
    return torch.autocast(state.device.type, dtype=torch.bfloat16, enabled=state.config.precision == "bf16")
