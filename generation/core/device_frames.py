"""The scaling of patches where the networks are, in the very arithmetic of `frames`."""

import torch
from torch import Tensor

from generation.core.frames import MAX_INTENSITY, N_FRAMES, SUB


def to_network(patches: Tensor) -> Tensor:
    """Scale stored patches to [-1, 1] as `frames.to_network` does, bit for bit.

    Parameters
    ----------
    patches : (N, 7, H, W) int16

    Returns
    -------
    (N, 7, H, W) float32, channels last
    """
    divisor, offset = _scale(patches.device)
    scaled = patches.contiguous(memory_format=torch.channels_last).float()
    return scaled.div_(divisor).sub_(offset)


def from_network(outputs: Tensor) -> Tensor:
    """Round network outputs to stored integers as `frames.from_network` does, bit for bit.

    Parameters
    ----------
    outputs : (N, 7, H, W) floats

    Returns
    -------
    (N, 7, H, W) int16, contiguous
    """
    divisor, offset = _scale(outputs.device)
    values = outputs.float().clamp(-1.0, 1.0).add_(offset).mul_(divisor)
    return values.round_().to(torch.int16).contiguous()


def _scale(device: torch.device) -> tuple[Tensor, Tensor]:
    """Divisor and offset of each frame, (7, 1, 1); made by fills, which a CUDA graph can record."""
    divisor = torch.full((N_FRAMES, 1, 1), 511.5, device=device)
    divisor[SUB:].fill_(MAX_INTENSITY)
    offset = torch.ones((N_FRAMES, 1, 1), device=device)
    offset[SUB:].zero_()
    return divisor, offset
