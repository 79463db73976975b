"""The convolutions between feature maps; in bf16 on a CPU, as matrix products where the maps are small.

For maps of 4x4 pixels and hundreds of channels matrix products do forward and gradients in two thirds of the time that the
library's convolution takes, most of it gained in the gradient of the weights; in fp32, and for larger maps, its kernels are the
faster ones (`make bench ARGS=small_maps`, docs/performance.md). The functions are the same: windows of the larger map, times pixels of the smaller one.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

LARGEST_MAP = 4  # pixels of the smaller map's side, up to which the product is faster
KERNEL, STRIDE, PADDING = 4, 2, 1  # of every convolution between maps
BF16 = torch.bfloat16


def halve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with kernel 4, stride 2 and padding 1: (N, C_in, 2H, 2W) to (N, C_out, H, W)."""
    if bias is None and _is_product_faster(x, side=x.shape[-1] // STRIDE):
        y: Tensor = _Halving.apply(x.to(BF16), weight.to(BF16))  # type: ignore[no-untyped-call]  # torch gives it no type
        return y
    return functional.conv2d(x, weight, bias, stride=STRIDE, padding=PADDING)


def double(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve, transposed, with kernel 4, stride 2 and padding 1: (N, C_in, H, W) to (N, C_out, 2H, 2W)."""
    if bias is None and _is_product_faster(x, side=x.shape[-1]):
        y: Tensor = _Doubling.apply(x.to(BF16), weight.to(BF16))  # type: ignore[no-untyped-call]  # torch gives it no type
        return y
    return functional.conv_transpose2d(x, weight, bias, stride=STRIDE, padding=PADDING)


def _is_product_faster(x: Tensor, *, side: int) -> bool:
    return (
        side <= LARGEST_MAP
        and x.device.type == "cpu"
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == BF16
    )


class _Halving(torch.autograd.Function):
    """(N, C_in, 2H, 2W) and (C_out, C_in, 4, 4) to (N, C_out, H, W)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        windows = windows_of(x)
        ctx.save_for_backward(windows, weight)
        n, _, height, width = x.shape
        taps = weight.permute(0, 2, 3, 1).reshape(len(weight), -1)
        return (windows @ taps.t()).reshape(n, height // STRIDE, width // STRIDE, -1).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        windows, weight = ctx.saved_tensors
        for_x = for_weight = None
        if ctx.needs_input_grad[0]:
            for_x = functional.conv_transpose2d(gradient, weight, stride=STRIDE, padding=PADDING)
        if ctx.needs_input_grad[1]:
            for_weight = _products(gradient, windows)
        return for_x, for_weight


class _Doubling(torch.autograd.Function):
    """(N, C_in, H, W) and (C_in, C_out, 4, 4) to (N, C_out, 2H, 2W)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return functional.conv_transpose2d(x, weight, stride=STRIDE, padding=PADDING)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        for_x = for_weight = None
        if ctx.needs_input_grad[0]:
            for_x = functional.conv2d(gradient, weight, stride=STRIDE, padding=PADDING)
        if ctx.needs_input_grad[1]:
            for_weight = _products(x, windows_of(gradient))
        return for_x, for_weight


def windows_of(x: Tensor) -> Tensor:
    """What each pixel of the smaller map sees of the larger one.

    Parameters
    ----------
    x : (N, C, 2H, 2W)

    Returns
    -------
    (N H W, 16 C), of each window row by row, its channels last
    """
    padded = functional.pad(x.permute(0, 2, 3, 1), (0, 0, PADDING, PADDING, PADDING, PADDING)).contiguous()
    n, _, _, n_channels = padded.shape
    height, width = x.shape[2] // STRIDE, x.shape[3] // STRIDE
    image, row, pixel, channel = padded.stride()
    windows = padded.as_strided(
        (n, height, width, KERNEL, KERNEL, n_channels),
        (image, STRIDE * row, STRIDE * pixel, row, pixel, channel),
    )
    return windows.reshape(n * height * width, KERNEL * KERNEL * n_channels)


def _products(small: Tensor, windows: Tensor) -> Tensor:
    """Sum pixels of the smaller map (N, C_small, H, W) times their windows: (C_small, C_large, 4, 4)."""
    n_small = small.shape[1]
    pixels = small.permute(0, 2, 3, 1).reshape(-1, n_small)
    return (pixels.t() @ windows).reshape(n_small, KERNEL, KERNEL, -1).permute(0, 3, 1, 2)
