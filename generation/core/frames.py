"""The seven frames of a patch, their order and their value ranges; no other module knows the indices."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAMES: Final = ("T2", "T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "Sub")
N_FRAMES: Final = len(FRAMES)
SCANNED_FRAMES: Final = FRAMES[:-1]  # what a scanner delivers; Sub is computed
PATCH_SIZE: Final = 64  # pixels; Haarburger 2019, section 1

T2: Final = 0
T1_PRE: Final = 1
T1_POST1: Final = 2
T1_POST4: Final = 5
SUB: Final = 6
DYNAMIC: Final = slice(T1_PRE, T1_POST4 + 1)  # T1_pre, T1_post1 .. T1_post4

MAX_INTENSITY: Final = 1023  # Haarburger 2019, section 3: "a fixed range of [0, 1023]"

Patches = NDArray[np.int16]


def subtraction(patches: NDArray[np.integer]) -> Patches:
    """Subtract the pre-contrast frame from the first post-contrast frame.

    Parameters
    ----------
    patches : (..., 7, H, W) integers, T1 in 0..1023

    Returns
    -------
    (..., H, W) int16 in -1023..1023

    Source: Haarburger 2019, Fig. 1: Sub = T1_post1 - T1_pre.
    """
    post1 = patches[..., T1_POST1, :, :].astype(np.int16)
    pre = patches[..., T1_PRE, :, :].astype(np.int16)
    return np.asarray(post1 - pre, dtype=np.int16)


def assemble(scanned: NDArray[np.integer]) -> Patches:
    """Append the subtraction to the six scanned frames.

    Parameters
    ----------
    scanned : (..., 6, H, W) integers in 0..1023, frames in the order of SCANNED_FRAMES

    Returns
    -------
    (..., 7, H, W) int16
    """
    first_six = np.asarray(scanned, dtype=np.int16)
    return np.concatenate([first_six, subtraction(first_six)[..., None, :, :]], axis=-3)


def to_network(patches: Patches) -> NDArray[np.float32]:
    """Scale stored patches to [-1, 1]: T1 and T2 by x / 511.5 - 1, Sub by x / 1023.

    Parameters
    ----------
    patches : (..., 7, H, W) int16

    Returns
    -------
    (..., 7, H, W) float32
    """
    scaled = patches.astype(np.float32)
    scaled[..., :SUB, :, :] = scaled[..., :SUB, :, :] / 511.5 - 1.0
    scaled[..., SUB, :, :] /= MAX_INTENSITY
    return scaled


def from_network(outputs: NDArray[np.floating]) -> Patches:
    """Round network outputs in [-1, 1] back to the integers a patch set stores.

    Parameters
    ----------
    outputs : (..., 7, H, W) floats

    Returns
    -------
    (..., 7, H, W) int16; T1 and T2 in 0..1023, Sub in -1023..1023
    """
    values = np.clip(outputs.astype(np.float32), -1.0, 1.0)
    values[..., :SUB, :, :] = (values[..., :SUB, :, :] + 1.0) * 511.5
    values[..., SUB, :, :] *= MAX_INTENSITY
    return np.asarray(np.rint(values), dtype=np.int16)
