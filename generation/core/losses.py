"""Losses of the two papers; each takes raw network outputs and returns a scalar to minimise."""

import torch
from torch import Tensor
from torch.nn import functional

from generation.core.presets import Loss


def discriminator_loss(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Return what the discriminator or critic minimises.

    Parameters
    ----------
    loss : which paper's
    real, fake : (N,) outputs of the network on real and on generated patches

    Source: Goodfellow 2014, eq. 1 (binary cross-entropy); Arjovsky 2017, Algorithm 1 (Wasserstein).
    """
    if loss == "wasserstein":
        return fake.mean() - real.mean()
    on_real = functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    on_fake = functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return on_real + on_fake


def generator_loss(loss: Loss, fake: Tensor) -> Tensor:
    """Return what the generator minimises.

    Parameters
    ----------
    loss : which paper's
    fake : (N,) outputs of the discriminator or critic on generated patches

    Source: Goodfellow 2014, section 3, non-saturating form; Arjovsky 2017, Algorithm 1.
    """
    if loss == "wasserstein":
        return -fake.mean()
    return functional.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
