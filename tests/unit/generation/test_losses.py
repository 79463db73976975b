import math

import pytest
import torch

from generation.core.losses import discriminator_loss, generator_loss


def test_undecided_discriminator_loses_two_log_two() -> None:
    zeros = torch.zeros(8)  # Goodfellow 2014, section 4.1: at D = 1/2 the value is -log 4
    assert discriminator_loss("non_saturating", zeros, zeros).item() == pytest.approx(2 * math.log(2))
    assert generator_loss("non_saturating", zeros).item() == pytest.approx(math.log(2))


def test_critic_estimates_the_difference_of_means() -> None:
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0, 2.0])
    assert discriminator_loss("wasserstein", real, fake).item() == pytest.approx(1.5 - 4.0)
    assert generator_loss("wasserstein", fake).item() == pytest.approx(-1.5)


def test_non_saturating_loss_pushes_hardest_where_the_discriminator_is_sure() -> None:
    logits = torch.tensor([-6.0, 6.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(generator_loss("non_saturating", logits), logits)
    assert gradient[0].abs() > 100 * gradient[1].abs()


def test_certain_logits_stay_finite() -> None:
    huge = torch.full((4,), 1e4)
    assert torch.isfinite(discriminator_loss("non_saturating", -huge, huge))
