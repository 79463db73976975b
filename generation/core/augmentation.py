"""Flips and shifts applied alike to real and generated patches before the discriminator sees them."""

import torch
from torch import Tensor
from torch.nn import functional


def flip_and_shift(patches: Tensor, *, shift_pixels: int, rng: torch.Generator) -> Tensor:
    """Flip each patch left-right with probability one half and shift it by up to `shift_pixels`, mirrored at the edge.

    All frames of a patch move together, so time curves and subtraction stay consistent; gradients pass through.

    Parameters
    ----------
    patches : (N, C, H, W)
    shift_pixels : largest shift along each axis, smaller than H and W
    rng : source of the draws, on the CPU

    Returns
    -------
    (N, C, H, W)

    Source: Zhao 2020 (arXiv:2006.10738), restricted to transformations that leave intensities alone.
    """
    n, _, height, width = patches.shape
    offsets = torch.randint(0, 2 * shift_pixels + 1, (n, 2), generator=rng).tolist()
    flips = torch.randint(0, 2, (n,), generator=rng).tolist()
    padded = functional.pad(patches, (shift_pixels,) * 4, mode="reflect")
    moved = []
    for patch, (top, left), flip in zip(padded.unbind(0), offsets, flips, strict=True):
        crop = patch[:, top : top + height, left : left + width]
        moved.append(crop.flip(-1) if flip else crop)
    return torch.stack(moved).contiguous(memory_format=torch.channels_last)
