"""The three frames that feature extractors for colour photographs see."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import MAX_INTENSITY, T1_POST1, T1_PRE, T2

RGB_FRAMES: Final = (T2, T1_PRE, T1_POST1)  # Haarburger 2019, section 4.1


def to_rgb(patches: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Map T2, T1_pre and T1_post1 to the red, green and blue of 8-bit pictures.

    The map is the same for every patch and source (x / 1023 * 255, rounded), so contrast differences stay differences.

    Parameters
    ----------
    patches : (n, 7, H, W) integers, the three frames in 0..1023

    Returns
    -------
    (n, 3, H, W) uint8
    """
    chosen = patches[:, RGB_FRAMES].astype(np.float32)
    pictures: NDArray[np.uint8] = np.rint(chosen * (255.0 / MAX_INTENSITY)).clip(0, 255).astype(np.uint8)
    return pictures
