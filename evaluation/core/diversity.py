"""Diversity within a lesion class: multi-scale structural similarity of random pairs of patches.

A generator that repeats itself has pairs that are more alike than pairs of reals are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core.frame_pictures import averaged
from generation.core.frame_set import PAPER, FrameSet

WINDOW: Final = 11  # pixels; Wang 2004, section III-C
SIGMA: Final = 1.5  # pixels; ibidem
K1, K2 = 0.01, 0.03  # ibidem
SCALE_WEIGHTS: Final = (0.0448, 0.2856, 0.3001)  # the first three of Wang 2003, section 3.2, scaled to sum 1
N_PAIRS: Final = 500
_BLOCK: Final = 50 * PAPER.n_bytes  # of pairs held as float64 at once
LARGEST: Final = 128  # pixels; larger frames are averaged over blocks before they are compared

Pictures = NDArray[np.float64]
Similarities = NDArray[np.float64]


@dataclass(frozen=True)
class Diversity:
    """Mean MS-SSIM of pairs: 1 for copies; of generated pairs, higher than of real pairs means less diverse."""

    mean: float | None
    sd: float | None
    per_frame: tuple[float, ...]  # mean per frame, in the order of the frame set
    n_pairs: int
    note: str


def within(
    patches: NDArray[np.integer],
    rng: np.random.Generator,
    groups: Sequence[str] | None = None,
    *,
    frame_set: FrameSet = PAPER,
) -> Diversity:
    """Compare random pairs of patches of one class.

    Parameters
    ----------
    patches : (n, frames, H, W) integers within the limits of their frames
    rng : draws the pairs
    groups : n names (patients); no pair holds two patches of one name, because neighbouring slices are alike
    frame_set : what the frames are

    Source: Odena 2017, arXiv:1610.09585, section 4.2 (MS-SSIM of pairs within a class as a measure of diversity).
    """
    pairs = _pairs(len(patches), rng, groups)
    if not len(pairs):
        why = "No two patches come from different patients." if groups else "One patch makes no pair."
        return Diversity(None, None, (), 0, why)
    found = []
    n_held = max(1, _BLOCK // frame_set.n_bytes)
    for start in range(0, len(pairs), n_held):
        rows = pairs[start : start + n_held]
        first, second = (averaged(patches[rows[:, side]], LARGEST).astype(float) for side in (0, 1))
        found.append(ms_ssim(first, second, frame_set=frame_set))
    values = np.concatenate(found)
    means = values.mean(axis=1)
    return Diversity(
        mean=float(means.mean()),
        sd=float(means.std(ddof=1)) if len(means) > 1 else None,
        per_frame=tuple(float(v) for v in values.mean(axis=0)),
        n_pairs=len(pairs),
        note="",
    )


def ms_ssim(first: Pictures, second: Pictures, *, frame_set: FrameSet = PAPER) -> Similarities:
    """Compute the multi-scale structural similarity of patches, frame by frame.

    Patches of 64 pixels hold the 11-pixel window at three scales (64, 32, 16), so three of the five scales are used.
    Smaller patches have fewer, their weights scaled to sum 1. The dynamic range is that of each frame, 1023 for the
    paper's and 2046 for its subtraction. Negative factors, as of inverted structure, count as 0.

    Parameters
    ----------
    first, second : (n, frames, H, W) floats, H and W at least 11
    frame_set : what the frames are

    Returns
    -------
    (n, frames) at most 1

    Source: Wang 2003, 10.1109/ACSSC.2003.1292216, equation 7.
    """
    span = np.array([float(high - low) for low, high in frame_set.limits])
    c1, c2 = ((k * span[:, None, None]) ** 2 for k in (K1, K2))
    n_scales = sum(min(first.shape[-2:]) >> scale >= WINDOW for scale in range(len(SCALE_WEIGHTS)))
    weights = np.asarray(SCALE_WEIGHTS[:n_scales]) / sum(SCALE_WEIGHTS[:n_scales])
    result = np.ones(first.shape[:2])
    for scale, weight in enumerate(weights):
        if scale:
            first, second = _halved(first), _halved(second)
        luminance, structure = _terms(first, second, c1, c2)
        factor = structure.mean(axis=(-2, -1))
        if scale == len(weights) - 1:
            factor = (luminance * structure).mean(axis=(-2, -1))
        result *= np.maximum(factor, 0.0) ** weight
    return result


def _terms(first: Pictures, second: Pictures, c1: Pictures, c2: Pictures) -> tuple[Pictures, Pictures]:
    """Luminance, and contrast times structure, at every position of the window."""
    mean_1, mean_2 = _windowed(first), _windowed(second)
    variance_1 = _windowed(first * first) - mean_1 * mean_1
    variance_2 = _windowed(second * second) - mean_2 * mean_2
    covariance = _windowed(first * second) - mean_1 * mean_2
    luminance = (2 * mean_1 * mean_2 + c1) / (mean_1**2 + mean_2**2 + c1)
    return luminance, (2 * covariance + c2) / (variance_1 + variance_2 + c2)


def _windowed(pictures: Pictures) -> Pictures:
    """Weighted means at every position where the Gaussian window fits, by two matrix products."""
    rows, columns = (_window_matrix(n) for n in pictures.shape[-2:])
    return np.asarray(rows @ pictures @ columns.T)


def _window_matrix(n: int) -> Pictures:
    offsets = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * SIGMA**2))
    matrix = np.zeros((n - WINDOW + 1, n))
    for i in range(len(matrix)):
        matrix[i, i : i + WINDOW] = weights / weights.sum()
    return matrix


def _halved(pictures: Pictures) -> Pictures:
    """Means of 2 x 2 pixels."""
    pictures = pictures[..., : pictures.shape[-2] // 2 * 2, : pictures.shape[-1] // 2 * 2]
    *outer, height, width = pictures.shape
    blocks = pictures.reshape(*outer, height // 2, 2, width // 2, 2)
    return np.asarray(blocks.mean(axis=(-3, -1)))


def _pairs(n: int, rng: np.random.Generator, groups: Sequence[str] | None) -> NDArray[np.intp]:
    """Draw pairs of different patches, of different groups where they are given, without repetition."""
    first, second = np.triu_indices(n, k=1) if n <= 400 else _many(n, rng)
    if groups is not None:
        names = np.asarray(groups)
        is_apart = names[first] != names[second]
        first, second = first[is_apart], second[is_apart]
    chosen = rng.permutation(len(first))[:N_PAIRS]
    return np.stack([first[chosen], second[chosen]], axis=1)


def _many(n: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    drawn = np.sort(rng.integers(0, n, size=(20 * N_PAIRS, 2)), axis=1)
    drawn = np.unique(drawn[drawn[:, 0] != drawn[:, 1]], axis=0)
    return drawn[:, 0], drawn[:, 1]
