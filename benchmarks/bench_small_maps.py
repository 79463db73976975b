"""D's last convolution between maps, 256 channels of 8x8 to 512 of 4x4, batch 64: as a product over windows, against the library's.

Forward and both gradients, and for the roof one matrix product with as many multiplications as the forward, in bf16 and in fp32.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.timing import interleaved, table
from generation.core import small_maps

ROUNDS = 7
REPEATS = 10  # in each round
BATCH, N_LARGE, N_SMALL, SIDE = 64, 256, 512, 4
LIBRARY = "convolution of the library"


def repeated(function: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> Callable[[], None]:
    """Give what computes the function and its gradients."""
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(BATCH, N_LARGE, 2 * SIDE, 2 * SIDE, generator=rng).to(
        dtype, memory_format=torch.channels_last
    )
    weight = torch.randn(N_SMALL, N_LARGE, 4, 4, generator=rng).to(dtype, memory_format=torch.channels_last)
    x.requires_grad_()
    weight.requires_grad_()
    onward = torch.ones(BATCH, N_SMALL, SIDE, SIDE, dtype=dtype).to(memory_format=torch.channels_last)

    def run() -> None:
        for _ in range(REPEATS):
            torch.autograd.grad(function(x, weight), (x, weight), onward)

    return run


def product(dtype: torch.dtype) -> Callable[[], None]:
    """Give what multiplies the windows with the taps."""
    windows, taps = (torch.ones(n, 16 * N_LARGE, dtype=dtype) for n in (BATCH * SIDE * SIDE, N_SMALL))

    def run() -> None:
        for _ in range(REPEATS):
            windows @ taps.t()

    return run


def main() -> None:
    """Print seconds for ten of each, and the rate of the product."""
    n_operations = 2 * BATCH * SIDE**2 * 16 * N_LARGE * N_SMALL * REPEATS
    for dtype in (torch.bfloat16, torch.float32):
        contestants = {
            LIBRARY: repeated(lambda x, w: functional.conv2d(x, w, stride=2, padding=1), dtype),
            "product over windows": repeated(small_maps._Halving.apply, dtype),
            "one matrix product of the forward's size": product(dtype),
        }
        for run in contestants.values():
            run()
        seconds = interleaved(contestants, rounds=ROUNDS)
        notes = {
            name: f"{n_operations / taken.wall / 1e9:6.0f} GFLOP/s"
            for name, taken in seconds.items()
            if name.startswith("one")
        }
        title = f"{REPEATS} convolutions with gradients, {str(dtype).removeprefix('torch.')}, {torch.get_num_threads()} CPU threads"
        print(table(title, seconds, baseline=LIBRARY, notes=notes))


if __name__ == "__main__":
    main()
