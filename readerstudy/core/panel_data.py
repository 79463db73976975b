"""The frames of a panel as numbers, for the viewer: one length and one form for every source.

The subtraction is computed from the frames shown, for every source, so that no arithmetic on pixels can tell a scan
(where it fits exactly) from a generator that draws its own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import N_FRAMES, PATCH_SIZE, SUB, subtraction

N_BYTES: Final = N_FRAMES * PATCH_SIZE * PATCH_SIZE * 2  # 57,344


def shown(patch: NDArray[np.integer], *, own_subtraction: bool = False) -> NDArray[np.integer]:
    """Give the seven frames as a reader meets them; the patch itself stays as it is.

    Parameters
    ----------
    patch : (7, 64, 64) integers
    own_subtraction : keep the patch's own subtraction, a study option that can give generators away

    Returns
    -------
    (7, 64, 64) integers; the last frame is T1_post1 - T1_pre unless own_subtraction
    """
    if own_subtraction:
        return patch
    frames = np.array(patch)
    frames[SUB] = subtraction(patch)
    return frames


def encode(patch: NDArray[np.integer], *, own_subtraction: bool = False) -> bytes:
    """Write a panel for the viewer: little-endian int16, frame by frame, row by row, nothing else.

    Parameters
    ----------
    patch : (7, 64, 64) int16, frames in the order T2, T1_pre, T1_post1 .. T1_post4, Sub
    own_subtraction : see `shown`

    Returns
    -------
    bytes
        N_BYTES of them.
    """
    return shown(patch, own_subtraction=own_subtraction).astype("<i2", copy=False).tobytes()
