import pytest
import torch
from torch.nn import functional

from generation.core import networks
from generation.core.presets import Norm


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize(("n_in", "n_out", "size"), [(1, 1, 1), (3, 2, 4), (5, 7, 8)])
def test_folded_upconvolution_is_resize_then_convolve(
    rng: torch.Generator, n_in: int, n_out: int, size: int
) -> None:
    x = torch.randn(2, n_in, size, size, dtype=torch.float64, generator=rng)
    weight = torch.randn(n_out, n_in, 3, 3, dtype=torch.float64, generator=rng)
    resized = functional.interpolate(x, scale_factor=2, mode="nearest")
    naive = functional.conv2d(resized, weight, padding=1)  # Odena 2016: resize, then convolve
    folded = functional.conv_transpose2d(x, networks.fold_upconvolution(weight), stride=2, padding=1)
    assert torch.allclose(naive, folded, rtol=0, atol=1e-12)


def test_gradients_pass_through_the_folding(rng: torch.Generator) -> None:
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, generator=rng)
    weight = torch.randn(3, 2, 3, 3, dtype=torch.float64, generator=rng, requires_grad=True)
    resized = functional.interpolate(x, scale_factor=2, mode="nearest")
    (naive,) = torch.autograd.grad(functional.conv2d(resized, weight, padding=1).square().sum(), weight)
    folded = functional.conv_transpose2d(x, networks.fold_upconvolution(weight), stride=2, padding=1)
    (through,) = torch.autograd.grad(folded.square().sum(), weight)
    assert torch.allclose(naive, through, rtol=0, atol=1e-10)


def test_generator_gives_seven_frames_within_tanh(rng: torch.Generator) -> None:
    G = networks.Generator(noise_dim=100, width=8)
    networks.initialize(G, rng)
    patches = G(torch.randn(4, 100, generator=rng), torch.tensor([0, 1, 2, 0]))
    assert patches.shape == (4, 7, 64, 64)
    assert patches.abs().max() <= 1


def test_class_changes_what_the_generator_draws(rng: torch.Generator) -> None:
    G = networks.Generator(noise_dim=100, width=8).eval()
    networks.initialize(G, rng)
    z = torch.randn(1, 100, generator=rng)
    assert not torch.equal(G(z, torch.tensor([0])), G(z, torch.tensor([1])))


def test_discriminator_gives_one_logit_per_patch(rng: torch.Generator) -> None:
    D = networks.Discriminator(width=8, is_conditional=True)
    networks.initialize(D, rng)
    assert D(torch.randn(5, 7, 64, 64, generator=rng), torch.tensor([0, 1, 2, 0, 1])).shape == (5,)


def test_unconditional_discriminator_ignores_the_class(rng: torch.Generator) -> None:
    D = networks.Discriminator(width=8, is_conditional=False).eval()
    networks.initialize(D, rng)
    x = torch.randn(2, 7, 64, 64, generator=rng)
    assert torch.equal(D(x, torch.tensor([0, 0])), D(x, torch.tensor([2, 1])))


def test_parameter_counts_of_the_paper_sized_networks() -> None:
    # reference: folded G 2.4 M, D 2.77 M parameters at width 64 with class planes
    n_G = sum(p.numel() for p in networks.Generator(noise_dim=100, width=64).parameters())
    n_D = sum(p.numel() for p in networks.Discriminator(width=64, is_conditional=True).parameters())
    assert n_G == pytest.approx(2.4e6, rel=0.02)
    assert n_D == pytest.approx(2.77e6, rel=0.01)


def test_first_discriminator_layer_has_no_batchnorm() -> None:
    D = networks.Discriminator(width=8, is_conditional=True)  # Radford 2015, section 3
    assert isinstance(D.norms[0], torch.nn.Identity)
    assert all(isinstance(norm, torch.nn.BatchNorm2d) for norm in D.norms[1:])


def test_initial_weights_have_the_papers_spread(rng: torch.Generator) -> None:
    D = networks.Discriminator(width=32, is_conditional=True)
    networks.initialize(D, rng)
    assert D.convolutions[3].weight.std().item() == pytest.approx(0.02, rel=0.02)  # type: ignore[union-attr]
    assert D.norms[3].weight.mean().item() == pytest.approx(1.0, abs=0.01)  # type: ignore[union-attr]


@pytest.mark.parametrize(("norm", "is_alone"), [("batch", False), ("layer", True), ("none", True)])
def test_a_penalised_discriminator_judges_each_patch_alone(
    rng: torch.Generator, norm: Norm, is_alone: bool
) -> None:
    D = networks.Discriminator(width=4, is_conditional=True, norm=norm)
    networks.initialize(D, rng)
    x, y = torch.randn(6, 7, 64, 64, generator=rng), torch.tensor([0, 1, 2, 0, 1, 2])
    with torch.no_grad():
        together, apart = D(x, y)[:2], D(x[:2], y[:2])
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-7) == is_alone
