"""Patches of other frames than the paper's as 8-bit pictures and as short vectors, for extractors and for distances."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import FrameSet

MAX_COLOURS: Final = 3  # so many frames are the colours of a picture; more lie beside one another in it
PICTURE_SIDE: Final = 128  # pixels at most, of up to three frames
MONTAGE_SIDE: Final = 192  # pixels at most, of more frames
SHORT: Final = 2 * 6144  # values at most of a patch in `small`; the paper's six scanned frames have 6144


def pictures(patches: NDArray[np.integer], frame_set: FrameSet) -> NDArray[np.uint8]:
    """Map every frame from its limits to 0..255, the same for every patch and source.

    Up to three frames become red, green and blue, one or two of them repeated. More frames lie beside one another, row
    by row, in one grey picture. Frames that are too large for that are averaged over blocks of pixels.

    Parameters
    ----------
    patches : (n, frames, height, width) integers
    frame_set : what the frames are

    Returns
    -------
    (n, 3, H, W) uint8
    """
    n_columns = 1 if frame_set.n_frames <= MAX_COLOURS else math.ceil(math.sqrt(frame_set.n_frames))
    limit = PICTURE_SIDE if n_columns == 1 else MONTAGE_SIDE // n_columns
    greys: NDArray[np.uint8] = (
        np.rint(_scaled(averaged(patches, limit), frame_set) * 255.0).clip(0, 255).astype(np.uint8)
    )
    if n_columns == 1:
        colours: NDArray[np.uint8] = greys[:, [i % frame_set.n_frames for i in range(MAX_COLOURS)]]
        return colours
    n, n_frames, height, width = greys.shape
    n_rows = -(-n_frames // n_columns)
    sheet = np.zeros((n, n_rows * n_columns, height, width), dtype=np.uint8)
    sheet[:, :n_frames] = greys
    montage = sheet.reshape(n, n_rows, n_columns, height, width).swapaxes(2, 3)
    montage = montage.reshape(n, 1, n_rows * height, n_columns * width)
    return np.repeat(montage, MAX_COLOURS, axis=1)


def words(frame_set: FrameSet) -> str:
    """What an extractor sees of these frames, for a page."""
    if frame_set.is_paper:
        return "T2, T1_pre and T1_post1 as red, green and blue"
    if frame_set.n_frames <= MAX_COLOURS:
        return f"{', '.join(frame_set.names)} as colours"
    return f"{frame_set.n_frames} frames beside one another as one grey picture"


def small(patches: NDArray[np.integer], frame_set: FrameSet) -> NDArray[np.float32]:
    """All frames that are not computed, averaged to a few pixels, in 0..1 and flattened.

    Parameters
    ----------
    patches : (n, frames, height, width) integers
    frame_set : what the frames are

    Returns
    -------
    (n, d) float32, d at most SHORT
    """
    computed = {one.name for one in frame_set.subtractions}
    own = [place for place, name in enumerate(frame_set.names) if name not in computed]
    side = min(math.isqrt(SHORT // len(own)), max(frame_set.height, frame_set.width) // 2)
    values = _scaled(averaged(patches, side), frame_set)[:, own]
    return np.ascontiguousarray(values.reshape(len(patches), math.prod(values.shape[1:])))


def averaged(patches: NDArray[np.integer], limit: int) -> NDArray[np.float32]:
    """Average blocks of pixels until no side is longer than a limit; what a side has beyond whole blocks is left out.

    Parameters
    ----------
    patches : (..., height, width)
    limit : pixels
    """
    *outer, height, width = patches.shape
    block = max(1, -(-max(height, width) // limit))
    rows, columns = height // block, width // block
    if block == 1:
        return patches.astype(np.float32)
    inner = patches[..., : rows * block, : columns * block]
    means: NDArray[np.float32] = inner.reshape(*outer, rows, block, columns, block).mean(
        axis=(-3, -1), dtype=np.float32
    )
    return means


def _scaled(values: NDArray[np.float32], frame_set: FrameSet) -> NDArray[np.float32]:
    """From the limits of each frame to 0..1."""
    low, high = np.asarray(frame_set.limits, dtype=np.float32).T[..., None, None]
    scaled: NDArray[np.float32] = (values - low) / (high - low)
    return scaled
