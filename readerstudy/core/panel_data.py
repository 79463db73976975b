"""The frames of a panel as numbers, for the viewer: one length and one form for every source.

The subtraction is computed from the frames shown, for every source, so that no arithmetic on pixels can tell a scan
(where it fits exactly) from a generator that draws its own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import PAPER, FrameSet

N_BYTES: Final = PAPER.n_bytes  # 57,344


def shown(
    patch: NDArray[np.integer], *, own_subtraction: bool = False, frame_set: FrameSet = PAPER
) -> NDArray[np.integer]:
    """Give the frames as a reader meets them; the patch itself stays as it is.

    Parameters
    ----------
    patch : (frames, height, width) integers
    own_subtraction : keep the patch's own subtraction, a study option that can give generators away
    frame_set : what the frames are

    Returns
    -------
    (frames, height, width) integers; subtractions are computed from the other frames unless own_subtraction
    """
    return patch if own_subtraction else frame_set.subtracted(patch)


def encode(
    patch: NDArray[np.integer], *, own_subtraction: bool = False, frame_set: FrameSet = PAPER
) -> bytes:
    """Write a panel for the viewer: little-endian int16, frame by frame, row by row, nothing else.

    Parameters
    ----------
    patch : (frames, height, width) int16, frames in the order of the frame set
    own_subtraction : see `shown`
    frame_set : what the frames are

    Returns
    -------
    bytes
        frame_set.n_bytes of them; N_BYTES of the paper's frames.
    """
    return (
        shown(patch, own_subtraction=own_subtraction, frame_set=frame_set).astype("<i2", copy=False).tobytes()
    )
