"""Real against generated frame by frame: intensities, sharpness and likeness of pairs, for each frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.core.diversity import Diversity
from generation.core.frame_set import PAPER, FrameSet


@dataclass(frozen=True)
class FrameScores:
    """One frame of one class.

    Parameters
    ----------
    intensity_distance : earth mover's distance between the grey levels of all pixels, in stored levels
    intensity_floor : the same between two halves of the reals
    real_mean, fake_mean : mean grey level
    real_sharpness, fake_sharpness : mean absolute difference of neighbouring pixels, in grey levels
    real_ms_ssim, fake_ms_ssim : mean similarity of pairs within the class
    """

    frame: str
    intensity_distance: float
    intensity_floor: float | None
    real_mean: float
    fake_mean: float
    real_sharpness: float
    fake_sharpness: float
    real_ms_ssim: float | None
    fake_ms_ssim: float | None


def compare(
    reals: NDArray[np.integer],
    fakes: NDArray[np.integer],
    diversities: tuple[Diversity, Diversity],
    rng: np.random.Generator,
    *,
    frame_set: FrameSet = PAPER,
) -> tuple[FrameScores, ...]:
    """Compare every frame of two sets of patches.

    Parameters
    ----------
    reals : (n, frames, H, W) integers
    fakes : (m, frames, H, W) integers
    diversities : of the reals and of the fakes, for their means per frame
    rng : splits the reals for the floor
    frame_set : what the frames are
    """
    if not len(reals) or not len(fakes):
        return ()
    order = rng.permutation(len(reals))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    found = []
    for i, name in enumerate(frame_set.names):
        x, y = reals[:, i], fakes[:, i]
        floor = grey_level_distance(x[halves[0]], x[halves[1]]) if len(reals) > 1 else None
        ssim = [one.per_frame[i] if one.per_frame else None for one in diversities]
        found.append(
            FrameScores(
                frame=name,
                intensity_distance=grey_level_distance(x, y),
                intensity_floor=floor,
                real_mean=float(x.mean()),
                fake_mean=float(y.mean()),
                real_sharpness=sharpness(x),
                fake_sharpness=sharpness(y),
                real_ms_ssim=ssim[0],
                fake_ms_ssim=ssim[1],
            )
        )
    return tuple(found)


def grey_level_distance(first: NDArray[np.integer], second: NDArray[np.integer]) -> float:
    """Compute the earth mover's distance of two sets of pixels: the area between their cumulative histograms.

    Parameters
    ----------
    first, second : integers

    Source: Vallender 1974, 10.1137/1118101 (the distance on the line is the area between the distribution functions).
    """
    cumulated = []
    low = min(int(first.min()), int(second.min()))
    n_levels = max(int(first.max()), int(second.max())) - low + 1
    for pixels in (first, second):
        counts = np.bincount(pixels.ravel().astype(np.int64) - low, minlength=n_levels)
        cumulated.append(np.cumsum(counts) / pixels.size)
    return float(np.abs(cumulated[0] - cumulated[1]).sum())


def sharpness(frames: NDArray[np.integer]) -> float:
    """Mean absolute difference of horizontal and vertical neighbours, in grey levels.

    Parameters
    ----------
    frames : (n, H, W) integers
    """
    values = frames.astype(np.int32)
    across = np.abs(np.diff(values, axis=-1)).mean()
    down = np.abs(np.diff(values, axis=-2)).mean()
    return float((across + down) / 2)
