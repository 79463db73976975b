"""One update of the discriminator (critic), of the generator, and of the running average of the generator.

Nothing here waits for a number from the device, so that a whole step can be recorded and replayed.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from generation.core.augmentation import draw_moves, move
from generation.core.batches import Batches
from generation.core.losses import (
    discriminator_loss,
    distance_from_unit_gradient,
    generator_loss,
    squared_gradient,
)
from generation.core.training_patches import ClassIndex
from generation.core.training_state import TrainingState


@dataclass(frozen=True)
class DiscriminatorUpdate:
    """What an update of the discriminator saw and gave: (N, 7, 64, 64) patches, (N,) classes, the loss before it.

    `fake` still knows the generator's weights where the generator is to learn from these patches.
    """

    loss: Tensor
    real: Tensor
    y_real: Tensor
    fake: Tensor
    y_fake: Tensor

    def detached(self) -> "DiscriminatorUpdate":
        """Forget how the patches were generated."""
        return replace(self, fake=self.fake.detach())


def update_discriminator(
    state: TrainingState, batches: Batches, *, keeps_fakes: bool = False
) -> DiscriminatorUpdate:
    """Draw a batch, let the discriminator (critic) learn from it once, and clip its weights if the recipe says so.

    Parameters
    ----------
    state : changed in place
    batches : the real patches
    keeps_fakes : whether the generator is to learn from the same patches next
    """
    config, D = state.config, state.discriminator
    real, y_real = batches.real(state)
    z, y_fake = noise_and_classes(state, batches.index, y_real if config.pairs_patches else None)
    with _autocast(state), torch.set_grad_enabled(keeps_fakes):
        fake = state.generator(z, y_fake).float()
    loss = _penalized_loss if config.is_penalized else _plain_loss
    value = loss(state, augment(state, real), y_real, augment(state, fake.detach()), y_fake)
    state.discriminator_optimizer.zero_grad(set_to_none=True)
    value.backward()
    state.share.average_gradients(D)
    state.discriminator_optimizer.step()
    if config.clip_value is not None:  # Arjovsky 2017, Algorithm 1, line 7: clip after the update
        with torch.no_grad():
            for weight in D.parameters():
                weight.clamp_(-config.clip_value, config.clip_value)
    return DiscriminatorUpdate(value.detach(), real, y_real, fake, y_fake)


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
        n, rng = config.batch_size, state.rng
        drawn = torch.rand(n, 1, 1, 1, generator=rng, device=rng.device)
        share = state.share.own(drawn).to(state.device)
        between = torch.lerp(x_fake.detach(), x.detach(), share).requires_grad_(True)
        loss = loss + config.gradient_penalty * distance_from_unit_gradient(D(between, y), between)
    return loss


def update_generator(state: TrainingState, batches: Batches, seen: DiscriminatorUpdate | None) -> Tensor:
    """Let the generator learn once through a discriminator (critic) that stays as it is; return the loss before.

    Parameters
    ----------
    state : changed in place
    batches : the real patches, which only the relativistic loss draws from here
    seen : what the discriminator learned from, if the generator is to learn from it too
    """
    config, D = state.config, state.discriminator
    D.requires_grad_(False)  # its weight gradients would be computed and thrown away
    on_real, y_real = None, None
    if config.draws_reals_for_generator:
        real, y_real = batches.real(state)
        with _autocast(state), torch.no_grad():
            on_real = D(augment(state, real), y_real)
    with _autocast(state):
        if seen is not None and seen.fake.requires_grad:
            fake, y = seen.fake, seen.y_fake
        else:
            z, y = noise_and_classes(state, batches.index, y_real)
            fake = state.generator(z, y).float()
        on_fake = D(augment(state, fake), y)
        loss = generator_loss(config.loss, on_fake, on_real)
    state.generator_optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.share.average_gradients(state.generator)
    state.generator_optimizer.step()
    D.requires_grad_(True)
    return loss.detach()


def update_average(state: TrainingState, share_of_new: float | Tensor | None = None) -> None:
    """Move the running average of the generator, BatchNorm statistics included, towards the generator.

    Parameters
    ----------
    state : changed in place
    share_of_new : weight of the generator; None: as the recipe and the step say
    """
    decay = state.config.ema_decay
    if state.average is None or decay is None:
        return
    if share_of_new is None:
        share_of_new = 1 - min(
            decay, (1 + state.step) / (10 + state.step)
        )  # forget the first weights quickly
    with torch.no_grad():
        averages = [*state.average.parameters(), *_float_buffers(state.average)]
        values = [*state.generator.parameters(), *_float_buffers(state.generator)]
        for running, value in zip(averages, values, strict=True):
            running.lerp_(value, share_of_new)


def _float_buffers(network: nn.Module) -> list[Tensor]:
    return [buffer for buffer in network.buffers() if buffer.is_floating_point()]


def noise_and_classes(
    state: TrainingState, index: ClassIndex, y: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Draw noise (N, noise_dim) and the classes (N,) to generate, unless they are given.

    Classes are as frequent as among the real patches that the discriminator sees: where they differed, it could tell
    generated patches by their class alone.
    """
    n, rng = state.config.batch_size, state.rng
    z = state.share.own(torch.randn(n, state.config.noise_dim, generator=rng, device=rng.device))
    if y is None:
        y = state.share.own(index.draw_classes(n, state.config.class_sampling, rng))
    return z.to(state.device), y.to(state.device)


def augment(state: TrainingState, x: Tensor) -> Tensor:
    """Flip and shift patches if the recipe says so."""
    config, share = state.config, state.share
    if config.shift_pixels == 0:
        return x
    moves = draw_moves(config.batch_size, shift_pixels=config.shift_pixels, rng=state.rng)
    return move(x, replace(moves, offsets=share.own(moves.offsets), flips=share.own(moves.flips)))


def _autocast(state: TrainingState) -> torch.autocast:
    return torch.autocast(state.device.type, dtype=torch.bfloat16, enabled=state.config.precision == "bf16")
