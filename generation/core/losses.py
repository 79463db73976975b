"""Losses and gradient penalties; each returns a scalar to minimise."""

import torch
from torch import Tensor
from torch.nn import functional

from generation.core.presets import Loss


def discriminator_loss(loss: Loss, real: Tensor, fake: Tensor) -> Tensor:
    """Return what the discriminator or critic minimises.

    Parameters
    ----------
    loss : which paper's
    real, fake : (N,) outputs of the network on real and on generated patches; pairs for the relativistic loss

    Source: Goodfellow 2014, eq. 1 (binary cross-entropy); Arjovsky 2017, Algorithm 1 (Wasserstein);
    Jolicoeur-Martineau 2018 (arXiv:1807.00734), section 4.1, with f(t) = -log(1 + exp(-t)) (relativistic).
    """
    if loss == "relativistic":
        return functional.softplus(fake - real).mean()
    if loss == "wasserstein":
        return fake.mean() - real.mean()
    on_real = functional.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    on_fake = functional.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return on_real + on_fake


def generator_loss(loss: Loss, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """Return what the generator minimises.

    Parameters
    ----------
    loss : which paper's
    fake : (N,) outputs of the discriminator or critic on generated patches
    real : (N,) its outputs on the real patches that they are paired with; the relativistic loss needs them

    Raises
    ------
    ValueError
        If the relativistic loss is given no real outputs.

    Source: Goodfellow 2014, section 3, non-saturating form; Arjovsky 2017, Algorithm 1; Jolicoeur-Martineau 2018.
    """
    if loss == "relativistic":
        if real is None:
            raise ValueError("the relativistic loss compares generated patches with real ones")
        return functional.softplus(real - fake).mean()
    if loss == "wasserstein":
        return -fake.mean()
    return functional.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))


def squared_gradient(outputs: Tensor, patches: Tensor) -> Tensor:
    """Return the mean over patches of the squared norm of each output's gradient with respect to its own patch.

    Half of it, times gamma, is R1 on real patches and R2 on generated ones.

    Parameters
    ----------
    outputs : (N,) of the discriminator, each a function of one patch
    patches : (N, C, H, W) that they were computed from, with gradient

    Source: Mescheder 2018 (arXiv:1801.04406), eq. 9 and 10.
    """
    squared: Tensor = _gradient(outputs, patches).square().sum(dim=1)
    return squared.mean()


def distance_from_unit_gradient(outputs: Tensor, patches: Tensor) -> Tensor:
    """Return the mean over patches of (norm of the gradient - 1) squared; lambda times it is WGAN-GP's penalty.

    Parameters
    ----------
    outputs : (N,) of the critic, each a function of one patch
    patches : (N, C, H, W) that they were computed from, with gradient

    Source: Gulrajani 2017 (arXiv:1704.00028), eq. 3.
    """
    norm: Tensor = torch.linalg.vector_norm(_gradient(outputs, patches), dim=1)
    return (norm - 1).square().mean()


def _gradient(outputs: Tensor, patches: Tensor) -> Tensor:
    """Gradient of each output with respect to its own patch, (N, C H W), itself differentiable."""
    (gradient,) = torch.autograd.grad(outputs.sum(), patches, create_graph=True)
    return gradient.flatten(1)
