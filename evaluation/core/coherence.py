"""Subtraction coherence: does a generated subtraction equal the difference of the frames beside it?

A scanner's subtraction is computed, so its error is 0. A generator that draws all seven frames has to learn that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import PAPER, FrameSet


@dataclass(frozen=True)
class Coherence:
    """Absolute error |Sub - (T1_post1 - T1_pre)| in units of stored intensity, of all subtractions of the frames.

    Parameters
    ----------
    mean : over pixels and patches
    median_patch, p95_patch : median and 95th percentile of the patches' mean errors
    relative : mean error over the mean of |T1_post1 - T1_pre|; None where nothing enhances at all
    n : patches
    """

    mean: float
    median_patch: float
    p95_patch: float
    relative: float | None
    n: int


def of_subtraction(patches: NDArray[np.integer], frame_set: FrameSet = PAPER) -> Coherence | None:
    """Measure the subtraction coherence of patches; None if there are none, or no frame is a subtraction.

    Parameters
    ----------
    patches : (n, frames, H, W) integers
    frame_set : what the frames are

    Source: Haarburger 2019, figure 1: Sub = T1_post1 - T1_pre.
    """
    if not len(patches) or not frame_set.subtractions:
        return None
    computed = [frame_set.index(one.name) for one in frame_set.subtractions]
    expected = frame_set.subtracted(patches)[:, computed].astype(np.int32)
    errors = np.abs(patches[:, computed].astype(np.int32) - expected).mean(axis=(1, 2, 3))
    size = float(np.abs(expected).mean())
    return Coherence(
        mean=float(errors.mean()),
        median_patch=float(np.median(errors)),
        p95_patch=float(np.quantile(errors, 0.95)),
        relative=float(errors.mean()) / size if size > 0 else None,
        n=len(patches),
    )
