"""Convolutions as products of windows and pixels: the same functions and gradients, used in bf16 on a CPU alone."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from generation.core import small_maps
from generation.core.networks import Discriminator, Generator, initialize

HOW = {"stride": 2, "padding": 1}


def normal(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


class TestProducts:
    """In float64, called past the choice of when they are used."""

    def test_windows_are_those_of_unfold(self) -> None:
        x = normal(3, 5, 8, 6)
        expected = functional.unfold(x, 4, padding=1, stride=2)  # (N, C 4 4, pixels)
        expected = expected.reshape(3, 5, 4, 4, 4 * 3).permute(0, 4, 2, 3, 1).reshape(3 * 4 * 3, -1)
        assert torch.equal(small_maps.windows_of(x), expected)

    @pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
    def test_halving_is_the_convolution(self, memory_format: torch.memory_format) -> None:
        x = normal(2, 3, 8, 6).contiguous(memory_format=memory_format)
        weight = normal(4, 3, 4, 4, seed=2).contiguous(memory_format=memory_format)
        torch.testing.assert_close(
            small_maps._Halving.apply(x, weight), functional.conv2d(x, weight, **HOW), rtol=1e-12, atol=1e-12
        )

    def test_gradients_are_those_of_the_function(self) -> None:
        x, weight = normal(2, 3, 4, 4).requires_grad_(), normal(4, 3, 4, 4, seed=2).requires_grad_()
        assert torch.autograd.gradcheck(small_maps._Halving.apply, (x, weight))
        x, weight = normal(2, 4, 2, 2).requires_grad_(), normal(4, 3, 4, 4, seed=2).requires_grad_()
        assert torch.autograd.gradcheck(small_maps._Doubling.apply, (x, weight))

    @pytest.mark.parametrize("learns", [0, 1])
    def test_only_what_is_asked_for_is_computed(self, learns: int) -> None:
        given = [normal(2, 3, 4, 4), normal(4, 3, 4, 4, seed=2)]
        given[learns].requires_grad_()
        small_maps._Halving.apply(*given).sum().backward()
        assert [one.grad is not None for one in given] == [learns == 0, learns == 1]


class TestUse:
    @pytest.mark.parametrize("name", ["halve", "double"])
    def test_in_bf16_it_is_as_near_to_fp32_as_the_convolution_is(self, name: str) -> None:
        side = {"halve": 8, "double": 4}[name]
        convolution = {"halve": functional.conv2d, "double": functional.conv_transpose2d}[name]
        x, weight = normal(16, 64, side, side).float(), normal(64, 64, 4, 4, seed=2).float()

        def found(function, *, is_bf16: bool) -> list[Tensor]:  # type: ignore[no-untyped-def]
            given = [x.clone().requires_grad_(), weight.clone().requires_grad_()]
            with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
                y = function(*given)
            y.float().square().sum().backward()
            return [y.float(), *(one.grad for one in given)]

        def convolve(*given: Tensor) -> Tensor:
            return convolution(*given, **HOW)  # type: ignore[no-any-return, operator]

        exact = found(convolve, is_bf16=False)
        ours = found(getattr(small_maps, name), is_bf16=True)
        theirs = found(convolve, is_bf16=True)
        for a, b, c in zip(exact, ours, theirs, strict=True):
            assert a.shape == b.shape
            assert (b - a).norm() < 1.1 * (c - a).norm()

    def test_fp32_is_left_to_the_library(self) -> None:
        x, weight = normal(2, 64, 8, 8).float(), normal(32, 64, 4, 4).float().requires_grad_()
        y = small_maps.halve(x, weight)
        assert torch.equal(y, functional.conv2d(x, weight, **HOW))
        assert y.grad_fn is not None
        assert y.grad_fn.name() == "ConvolutionBackward0"

    def test_networks_use_it_where_maps_are_small(self) -> None:
        G, D = Generator(noise_dim=8, width=8), Discriminator(width=8, is_conditional=True)
        for network in (G, D):
            initialize(network, torch.Generator().manual_seed(1))
        y = torch.tensor([0, 1, 2, 2])
        with torch.autocast("cpu", torch.bfloat16):
            on_fake = D(G(normal(4, 8).float(), y), y)
        assert nodes(on_fake).count("_HalvingBackward") == 1
        assert nodes(on_fake).count("_DoublingBackward") == 1
        assert not {"_HalvingBackward", "_DoublingBackward"} & set(nodes(D(G(normal(4, 8).float(), y), y)))


def nodes(y: Tensor) -> list[str]:
    """Names of the operations that y came from."""
    seen, waiting = set(), [y.grad_fn]
    while waiting:
        if (node := waiting.pop()) is not None and node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return [node.name() for node in seen]
