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

MAX_PATCHES: Final = 1000  # of each side; 57 MB of int16


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


def compare(
    reals: NDArray[np.integer],
    fakes: NDArray[np.integer],
    rng: np.random.Generator,
    *,
    patients: Sequence[str] = (),
) -> PatchComparison:
    """Compare patches of one class.

    Parameters
    ----------
    reals : (n, 7, 64, 64) int16
    fakes : (m, 7, 64, 64) int16
    rng : draws pairs and halves
    patients : names of the reals' patients; empty if unknown
    """
    diversities = (
        diversity.within(reals, rng, patients or None),
        diversity.within(fakes, rng),
    )
    return PatchComparison(
        n_real=len(reals),
        n_fake=len(fakes),
        real_diversity=diversities[0],
        fake_diversity=diversities[1],
        real_coherence=coherence.of_subtraction(reals),
        fake_coherence=coherence.of_subtraction(fakes),
        kinetics=kinetics.compare(kinetics.measure(reals), kinetics.measure(fakes), rng),
        frames=frame_statistics.compare(reals, fakes, diversities, rng),
    )
