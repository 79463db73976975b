"""Draw patches from a stored generator."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from generation.core.checkpoint import StoredGenerator
from generation.core.device_frames import from_network
from generation.core.errors import InputError
from generation.core.frames import Patches
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.networks import place
from generation.core.training_state import class_names

NOISE_BLOCK: Final = 64  # patches whose noise is drawn at once
GPU_BATCH: Final = 2048  # patches, 470 MB of activations at width 64 in fp32


def sample(
    stored: StoredGenerator,
    *,
    n_per_class: Mapping[LesionClass, int],
    seed: int,
    device: torch.device,
    batch_size: int | None = None,
) -> Iterator[tuple[LesionClass, Patches]]:
    """Yield batches of generated patches, class by class.

    Patch k of a class depends on the seed and k alone, not on how many others are drawn of it: the network
    always computes full batches, because sums over another batch are rounded in another order, and the patches of
    the last one that nobody asked for are let go.

    Parameters
    ----------
    stored : generator with its configuration
    n_per_class : how many patches of which class
    seed : seed of the noise
    device : where to compute
    batch_size : patches per batch, rounded up to a multiple of 64; None: 64 on a CPU, 2048 on a GPU. Another size may
        round a value to its neighbour

    Yields
    ------
    lesion class and (n, 7, 64, 64) int16

    Raises
    ------
    InputError
        If a class was not in the patches that the generator was trained on, or a number is negative.
    """
    check_classes(stored.classes, n_per_class)
    generator = stored.generator.to(device)
    if device.type != "cpu":
        place(generator, device)
    if batch_size is None:
        batch_size = NOISE_BLOCK if device.type == "cpu" else GPU_BATCH
    batch_size = -(-batch_size // NOISE_BLOCK) * NOISE_BLOCK
    for lesion_class in LESION_CLASSES:
        n = n_per_class.get(lesion_class, 0)
        rng = torch.Generator().manual_seed(_class_seed(seed, lesion_class))
        for start in range(0, n, batch_size):
            z = _noise(batch_size, stored, rng)
            y = torch.full((batch_size,), lesion_class.code, dtype=torch.int64, device=device)
            with torch.inference_mode():
                patches = from_network(generator(z.to(device), y)[: n - start])
            yield lesion_class, patches.cpu().numpy()


def _noise(n: int, stored: StoredGenerator, rng: torch.Generator) -> Tensor:
    """Draw noise for n patches, a multiple of 64, in blocks of a fixed size: the stream does not depend on n."""
    blocks = [
        torch.randn(NOISE_BLOCK, stored.config.noise_dim, generator=rng) for _ in range(0, n, NOISE_BLOCK)
    ]
    return torch.cat(blocks)


def check_classes(trained: tuple[int, ...], n_per_class: Mapping[LesionClass, int]) -> None:
    """Refuse classes that a generator has never seen.

    Raises
    ------
    InputError
        If a wanted class is not among the trained ones, or a number is negative.
    """
    for lesion_class, n in n_per_class.items():
        if n < 0:
            raise InputError(f"{n} patches of class {lesion_class} were asked for; write 0 or more.")
        if n > 0 and lesion_class.code not in trained:
            known = ", ".join(class_names(trained))
            raise InputError(f"The generator was not trained on class {lesion_class}; it knows {known}.")


def _class_seed(seed: int, lesion_class: LesionClass) -> int:
    """Derive one independent stream per class from one seed."""
    return int(
        np.random.SeedSequence([seed, lesion_class.code]).generate_state(1, np.uint64)[0] >> np.uint64(1)
    )
