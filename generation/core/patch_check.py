"""Whether patches are what their frame set says."""

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet


def check_patches(patches: NDArray[np.int16], frame_set: FrameSet = PAPER) -> None:
    """Refuse anything but (n, frames, height, width) int16 with each frame within its limits.

    Raises
    ------
    InputError
        Naming the shape, type or value found.
    """
    if patches.ndim != 4 or patches.shape[1:] != frame_set.shape or patches.dtype != np.int16:
        raise InputError(
            f"Patches of type {patches.dtype} and shape {patches.shape} cannot be stored; give int16 of shape {frame_set.shape_words('n')}."
        )
    if not len(patches):
        return
    lowest, highest = patches.min(axis=(0, 2, 3)).tolist(), patches.max(axis=(0, 2, 3)).tolist()
    for name, limits, low, high in zip(frame_set.names, frame_set.limits, lowest, highest, strict=True):
        if low < limits[0] or high > limits[1]:
            raise InputError(
                f"{name} holds values from {low} to {high}; the limits are {limits[0]} and {limits[1]}."
            )
