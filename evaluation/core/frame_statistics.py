"""Real against generated frame by frame: intensities, sharpness and likeness of pairs, for each of the seven frames."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core.diversity import Diversity
from generation.core.frames import FRAMES, MAX_INTENSITY

_N_LEVELS: Final = 2 * MAX_INTENSITY + 1  # Sub reaches from -1023 to 1023


@dataclass(frozen=True)
class FrameScores:
    """One frame of one class.

    Parameters
    ----------
    intensity_distance : earth mover's distance between the grey levels of all pixels, in levels of 0 .. 1023
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
) -> tuple[FrameScores, ...]:
    """Compare every frame of two sets of patches.

    Parameters
    ----------
    reals : (n, 7, H, W) integers
    fakes : (m, 7, H, W) integers
    diversities : of the reals and of the fakes, for their means per frame
    rng : splits the reals for the floor
    """
    if not len(reals) or not len(fakes):
        return ()
    order = rng.permutation(len(reals))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    found = []
    for i, name in enumerate(FRAMES):
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
    first, second : integers in -1023 .. 1023

    Source: Vallender 1974, 10.1137/1118101 (the distance on the line is the area between the distribution functions).
    """
    cumulated = []
    for pixels in (first, second):
        counts = np.bincount((pixels.ravel().astype(np.int64) + MAX_INTENSITY), minlength=_N_LEVELS)
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
