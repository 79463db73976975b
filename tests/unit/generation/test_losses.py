import math

import pytest
import torch

from generation.core.losses import (
    discriminator_loss,
    distance_from_unit_gradient,
    generator_loss,
    squared_gradient,
)


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


def test_relativistic_loss_looks_at_differences_of_pairs_only() -> None:
    # Jolicoeur-Martineau 2018: -log sigmoid(C(real) - C(fake)); at equal outputs log 2, and shifting both is nothing.
    real, fake = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0])
    expected = (math.log1p(math.exp(-0.5)) + math.log1p(math.exp(5.0))) / 2
    assert discriminator_loss("relativistic", real, fake).item() == pytest.approx(expected)
    assert discriminator_loss("relativistic", real + 7, fake + 7).item() == pytest.approx(expected)
    assert generator_loss("relativistic", real, fake).item() == pytest.approx(expected)  # roles exchanged
    assert discriminator_loss("relativistic", real, real).item() == pytest.approx(math.log(2))


def test_relativistic_generator_needs_real_outputs() -> None:
    with pytest.raises(ValueError, match="compares generated patches with real ones"):
        generator_loss("relativistic", torch.zeros(2))


def test_penalties_of_a_linear_function_are_those_of_its_slope() -> None:
    # f(x) = 3 x_1 + 4 x_2 per patch: the gradient is (3, 4) everywhere, its norm 5.
    patches = torch.rand(6, 2, 1, 1).requires_grad_(True)
    outputs = (patches * torch.tensor([3.0, 4.0]).reshape(1, 2, 1, 1)).sum(dim=(1, 2, 3))
    assert squared_gradient(outputs, patches).item() == pytest.approx(25.0)
    assert distance_from_unit_gradient(outputs, patches).item() == pytest.approx((5 - 1) ** 2)


def test_penalty_has_a_gradient_with_respect_to_the_weights() -> None:
    slope = torch.tensor(2.0, requires_grad=True)
    patches = torch.rand(3, 1, 2, 2).requires_grad_(True)
    squared_gradient((slope * patches).sum(dim=(1, 2, 3)), patches).backward()
    assert slope.grad is not None
    assert slope.grad.item() == pytest.approx(2 * 2.0 * 4)  # d/ds of 4 pixels x s^2


def test_flat_function_has_a_finite_penalty_and_gradient() -> None:
    slope = torch.tensor(0.0, requires_grad=True)
    patches = torch.rand(3, 1, 2, 2).requires_grad_(True)
    distance_from_unit_gradient((slope * patches).sum(dim=(1, 2, 3)), patches).backward()
    assert slope.grad is not None
    assert torch.isfinite(slope.grad)
