"""The state of a training, which can be stored and gone on from."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from generation.core.labels import LESION_CLASSES
from generation.core.networks import Discriminator, Generator, initialize, place
from generation.core.presets import TrainingConfig
from generation.core.share import ALONE, Share, share_normalization


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
    rng: (
        torch.Generator
    )  # draws batches, noise, classes and augmentation, in this order; on a CPU the weights before
    device: torch.device
    share: Share = ALONE  # which part of each batch this process computes
    # Losses of the updates of D that the coming generator update already has: a stop may fall between two of them.
    critic_losses: list[float] = field(default_factory=list)

    @property
    def sampled_generator(self) -> Generator:
        """The network that patches are sampled from."""
        return self.average if self.average is not None else self.generator


def begin(
    config: TrainingConfig,
    *,
    classes: Sequence[int],
    seed: int,
    device: torch.device,
    share: Share = ALONE,
) -> TrainingState:
    """Build networks and optimizers with freshly drawn weights.

    Parameters
    ----------
    config : the recipe
    classes : indices of the lesion classes to condition on
    seed : seed of the one random stream of this training
    device : where to compute; weights are drawn on the CPU, so the first ones do not depend on it
    share : which part of each batch this process computes
    """
    rng = torch.Generator().manual_seed(seed)
    generator = Generator(noise_dim=config.noise_dim, width=config.width)
    discriminator = make_discriminator(config)
    initialize(generator, rng)
    initialize(discriminator, rng)
    if device.type != "cpu":
        rng = device_rng(device, seed, 0)
    return assemble_state(config, tuple(classes), seed, 0, generator, discriminator, None, rng, device, share)


def device_rng(device: torch.device, seed: int, step: int) -> torch.Generator:
    """Give the random stream of a training that draws where it computes, begun at a step."""
    return torch.Generator(device=device).manual_seed((seed * 1_000_003 + step) % (1 << 63))


def make_discriminator(config: TrainingConfig) -> Discriminator:
    """Build the second network of a recipe, without weights worth anything."""
    return Discriminator(
        width=config.width, is_conditional=config.condition_discriminator, norm=config.discriminator_norm
    )


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
    share: Share = ALONE,
) -> TrainingState:
    """Put networks on their device, in the memory layout that convolutions like, and give them optimizers."""
    share.check(config.batch_size)
    if share.n > 1:
        share_normalization(generator)
        share_normalization(discriminator)
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
        share=share,
    )


def _optimizer(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    # On CUDA the count of updates stays on the device, so that an update can be recorded in a graph.
    capturable = next(network.parameters()).is_cuda
    if config.optimizer == "adam":
        betas = (config.beta1, config.beta2)
        return torch.optim.Adam(
            network.parameters(), lr=config.learning_rate, betas=betas, fused=True, capturable=capturable
        )
    return torch.optim.RMSprop(
        network.parameters(),
        lr=config.learning_rate,
        alpha=config.alpha,
        foreach=True,
        capturable=capturable,
    )


def class_names(classes: Sequence[int]) -> list[str]:
    """Return the lesion classes behind indices, for a checkpoint or a message."""
    return [LESION_CLASSES[index].value for index in classes]
