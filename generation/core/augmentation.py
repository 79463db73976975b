"""Flips and shifts applied alike to real and generated patches before the discriminator sees them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Moves:
    """How each patch is moved.

    Attributes
    ----------
    offsets : (N, 2) rows and columns, 0 .. 2 `shift_pixels`; `shift_pixels` leaves a patch where it is
    flips : (N,) 1 where a patch is flipped left-right
    shift_pixels : largest shift along each axis
    """

    offsets: Tensor
    flips: Tensor
    shift_pixels: int


def draw_moves(n: int, *, shift_pixels: int, rng: torch.Generator) -> Moves:
    """Draw the moves of n patches where `rng` draws."""
    offsets = torch.randint(0, 2 * shift_pixels + 1, (n, 2), generator=rng, device=rng.device)
    flips = torch.randint(0, 2, (n,), generator=rng, device=rng.device)
    return Moves(offsets, flips, shift_pixels)


def move(patches: Tensor, moves: Moves) -> Tensor:
    """Shift each patch, mirrored at the edge, then flip it if it is to be flipped; gradients pass through.

    Parameters
    ----------
    patches : (N, C, H, W)
    moves : of these N patches

    Returns
    -------
    (N, C, H, W)
    """
    return move_by_selection(patches, moves) if moves.offsets.is_cuda else move_by_crop(patches, moves)


def move_by_crop(patches: Tensor, moves: Moves) -> Tensor:
    """Cut each patch out of its mirrored self: the quick way on a CPU, which waits for the moves."""
    height, width = patches.shape[-2:]
    padded = functional.pad(patches, (moves.shift_pixels,) * 4, mode="reflect")
    moved = []
    for patch, (top, left), flip in zip(
        padded.unbind(0), moves.offsets.tolist(), moves.flips.tolist(), strict=True
    ):
        crop = patch[:, top : top + height, left : left + width]
        moved.append(crop.flip(-1) if flip else crop)
    return torch.stack(moved).contiguous(memory_format=torch.channels_last)


def move_by_selection(patches: Tensor, moves: Moves) -> Tensor:
    """Multiply by matrices that hold a single 1 per row: the same pixels, without waiting for the moves.

    Each output pixel is one input pixel times 1 plus zeros, exact in fp32.
    """
    height, width = patches.shape[-2:]
    rows = _source(moves.offsets[:, 0], height, moves.shift_pixels)
    columns = _source(moves.offsets[:, 1], width, moves.shift_pixels)
    columns = torch.where(moves.flips[:, None].bool(), columns.flip(1), columns)
    with torch.autocast(patches.device.type, enabled=False):
        x = patches.float()
        pick_rows = functional.one_hot(rows, height).to(x.dtype)[:, None]  # (N, 1, H, H)
        pick_columns = functional.one_hot(columns, width).to(x.dtype).transpose(1, 2)[:, None]
        return (pick_rows @ x @ pick_columns).contiguous(memory_format=torch.channels_last)


def _source(offsets: Tensor, size: int, shift_pixels: int) -> Tensor:
    """Which pixel along an axis each output pixel shows, (N, size), mirrored at the edge."""
    place = torch.arange(size, device=offsets.device) + offsets[:, None] - shift_pixels
    place = place.abs()
    return torch.where(place >= size, 2 * (size - 1) - place, place)


def flip_and_shift(patches: Tensor, *, shift_pixels: int, rng: torch.Generator) -> Tensor:
    """Flip each patch left-right with probability one half and shift it by up to `shift_pixels`, mirrored at the edge.

    All frames of a patch move together, so time curves and subtraction stay consistent; gradients pass through.

    Parameters
    ----------
    patches : (N, C, H, W)
    shift_pixels : largest shift along each axis, smaller than H and W
    rng : source of the draws

    Returns
    -------
    (N, C, H, W)

    Source: Zhao 2020 (arXiv:2006.10738), restricted to transformations that leave intensities alone.
    """
    return move(patches, draw_moves(len(patches), shift_pixels=shift_pixels, rng=rng))
