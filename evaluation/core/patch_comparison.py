"""Generated against real patches of one lesion class, from the patches themselves: what only a multi-frame study needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core import coherence, diversity, frame_statistics, kinetics
from evaluation.core.coherence import Coherence
from evaluation.core.diversity import Diversity
from evaluation.core.frame_statistics import FrameScores
from evaluation.core.kinetics import Comparison
from evaluation.core.memorisation import Memorisation
from generation.core.frame_set import PAPER, FrameSet

MAX_PATCHES: Final = 1000  # of each side; 57 MB of int16
MAX_BYTES: Final = 256 * 2**20  # of each side, where the frames are others


@dataclass(frozen=True)
class PatchComparison:
    """What the patches of one class say beside their features.

    Parameters
    ----------
    n_real, n_fake : patches looked at
    real_diversity, fake_diversity : MS-SSIM of pairs within the class
    real_coherence, fake_coherence : error of the subtraction
    kinetics : curve types and enhancement
    frames : one entry per frame
    memorisation : one entry per space of distances
    coherence_note : why there is no error of a subtraction
    """

    n_real: int
    n_fake: int
    real_diversity: Diversity
    fake_diversity: Diversity
    real_coherence: Coherence | None
    fake_coherence: Coherence | None
    kinetics: Comparison
    frames: tuple[FrameScores, ...]
    memorisation: tuple[Memorisation, ...] = ()
    coherence_note: str = ""


def n_compared(frame_set: FrameSet) -> int:
    """How many patches of each side are looked at: fewer where a patch is large."""
    return min(MAX_PATCHES, MAX_BYTES // frame_set.n_bytes)


def compare(
    reals: NDArray[np.integer],
    fakes: NDArray[np.integer],
    rng: np.random.Generator,
    *,
    patients: Sequence[str] = (),
    frame_set: FrameSet = PAPER,
) -> PatchComparison:
    """Compare patches of one class.

    Parameters
    ----------
    reals : (n, frames, height, width) int16
    fakes : (m, frames, height, width) int16
    rng : draws pairs and halves
    patients : names of the reals' patients; empty if unknown
    frame_set : what the frames are
    """
    diversities = (
        diversity.within(reals, rng, patients or None, frame_set=frame_set),
        diversity.within(fakes, rng, frame_set=frame_set),
    )
    why = kinetics.missing(frame_set)
    curves = (
        kinetics.absent(why)
        if why
        else kinetics.compare(kinetics.measure(reals, frame_set), kinetics.measure(fakes, frame_set), rng)
    )
    return PatchComparison(
        n_real=len(reals),
        n_fake=len(fakes),
        real_diversity=diversities[0],
        fake_diversity=diversities[1],
        real_coherence=coherence.of_subtraction(reals, frame_set),
        fake_coherence=coherence.of_subtraction(fakes, frame_set),
        kinetics=curves,
        frames=frame_statistics.compare(reals, fakes, diversities, rng, frame_set=frame_set),
        coherence_note="" if frame_set.subtractions else "No frame is computed from two others.",
    )
