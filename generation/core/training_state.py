"""What a training computes with: real patches by index, and a state that can be stored and gone on from."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from generation.core.errors import InputError
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES
from generation.core.networks import Discriminator, Generator, initialize, place
from generation.core.presets import TrainingConfig


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
    # Losses of the updates of D that the coming generator update already has: a stop may fall between two of them.
    critic_losses: list[float] = field(default_factory=list)

    @property
    def sampled_generator(self) -> Generator:
        """The network that patches are sampled from."""
        return self.average if self.average is not None else self.generator


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
    discriminator = make_discriminator(config)
    initialize(generator, rng)
    initialize(discriminator, rng)
    return assemble_state(config, tuple(classes), seed, 0, generator, discriminator, None, rng, device)


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
