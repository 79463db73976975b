"""Contrast kinetics of patches: curve types and enhancement, real against generated.

Each patch is measured as a radiologist measures a lesion: in the small region near its centre that enhances most from
T1_pre to T1_post1. Lesion masks do not exist for generated patches, so none is used for real ones either.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from generation.core.frame_set import PAPER, FrameSet

REGION: Final = 3  # pixels on a side
CENTRE: Final = (
    0.5  # of either side, 32 of 64 pixels: where extraction puts a lesion, and the region's centre lies
)
DARKEST: Final = 0.05  # of the highest value: below that before contrast (air, flow), a ratio says nothing
NO_KINETICS: Final = "No kinetics:"  # begins the note of frames that cannot have any
FEWEST: Final = 3  # frames of a series: one before contrast, two after it
CHANGE_LIMIT: Final = 0.10  # BI-RADS MRI lexicon: last against first post-contrast frame
CURVE_TYPES: Final = ("persistent", "plateau", "washout")

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Enhancement:
    """Kinetics of patches, one value per measurable patch.

    Parameters
    ----------
    initial : (n,) (T1_post1 - T1_pre) / T1_pre
    peak : (n,) largest post-contrast enhancement over T1_pre
    late_change : (n,) (T1_post4 - T1_post1) / T1_post1
    n_dark : patches without a region bright enough to measure
    measured : (n,) positions of the measurable patches
    """

    initial: Values
    peak: Values
    late_change: Values
    n_dark: int
    measured: NDArray[np.intp]

    @property
    def type_counts(self) -> dict[str, int]:
        """Patches of each curve type: late change above +10 %, within, or below -10 %."""
        rising = int((self.late_change > CHANGE_LIMIT).sum())
        falling = int((self.late_change < -CHANGE_LIMIT).sum())
        return dict(
            zip(CURVE_TYPES, (rising, len(self.late_change) - rising - falling, falling), strict=True)
        )


@dataclass(frozen=True)
class Comparison:
    """Kinetics of real against generated patches of one class.

    Parameters
    ----------
    real_types, fake_types : number of patches of each curve type
    type_distance : total variation distance of the two distributions of types; 0 equal, 1 disjoint
    wasserstein : earth mover's distance per quantity, in its own unit (1 = 100 %)
    wasserstein_floor : the same between two halves of the reals
    real_medians, fake_medians : median per quantity
    note : why something is absent
    """

    real_types: dict[str, int]
    fake_types: dict[str, int]
    type_distance: float | None
    wasserstein: dict[str, float | None]
    wasserstein_floor: dict[str, float | None]
    real_medians: dict[str, float | None]
    fake_medians: dict[str, float | None]
    n_real_dark: int
    n_fake_dark: int
    note: str


QUANTITIES: Final = ("initial", "peak", "late_change")


def missing(frame_set: FrameSet) -> str:
    """Why patches of these frames have no kinetics; "" where they do."""
    if not frame_set.dynamic:
        return f"{NO_KINETICS} {frame_set.words} hold no dynamic series."
    if len(frame_set.dynamic) < FEWEST:
        return (
            f"No kinetics: the dynamic series has {len(frame_set.dynamic)} frames, and {FEWEST} are needed."
        )
    if any(frame_set.is_signed(name) for name in frame_set.dynamic):
        return f"{NO_KINETICS} the dynamic series has values below 0, and a ratio to them says nothing."
    return ""


def absent(why: str) -> Comparison:
    """A comparison that could not be made."""
    nothing: dict[str, float | None] = dict.fromkeys(QUANTITIES)
    types = dict.fromkeys(CURVE_TYPES, 0)
    return Comparison(types, types, None, nothing, nothing, nothing, nothing, 0, 0, why)


def measure(patches: NDArray[np.integer], frame_set: FrameSet = PAPER) -> Enhancement:
    """Measure the most enhancing region of every patch.

    Parameters
    ----------
    patches : (n, frames, H, W) integers
    frame_set : what the frames are; with a dynamic series, see `missing`

    Source: Kuhl 1999, 10.1148/radiology.211.1.r99ap38101 (region of most enhancement, curve types).
    """
    series = [frame_set.index(name) for name in frame_set.dynamic]
    darkest = DARKEST * frame_set.limits[series[0]][1]
    blocks = [
        _hottest(patches[start : start + 200][:, series], darkest) for start in range(0, len(patches), 200)
    ]
    curves = np.concatenate(blocks) if blocks else np.empty((0, len(series)))
    measured = np.flatnonzero(np.isfinite(curves).all(axis=1))
    curves = curves[measured]
    pre, post = curves[:, 0], curves[:, 1:]
    return Enhancement(
        initial=(post[:, 0] - pre) / pre,
        peak=(post.max(axis=1) - pre) / pre,
        late_change=(post[:, -1] - post[:, 0]) / np.maximum(post[:, 0], 1.0),
        n_dark=len(patches) - len(measured),
        measured=measured,
    )


def compare(reals: Enhancement, fakes: Enhancement, rng: np.random.Generator) -> Comparison:
    """Compare the kinetics of two sets of patches.

    Parameters
    ----------
    reals, fakes : from `measure`
    rng : splits the reals for the floor

    Source: Villani 2003, section 2.2 (earth mover's distance on the line).
    """
    real_types, fake_types = reals.type_counts, fakes.type_counts
    n, m = len(reals.measured), len(fakes.measured)
    order = rng.permutation(n)
    halves = order[: n // 2], order[n // 2 :]
    distances: dict[str, float | None] = {}
    floors: dict[str, float | None] = {}
    for name in QUANTITIES:
        x, y = getattr(reals, name), getattr(fakes, name)
        distances[name] = float(stats.wasserstein_distance(x, y)) if n and m else None
        floors[name] = float(stats.wasserstein_distance(*(x[half] for half in halves))) if n > 1 else None
    type_distance = None
    if n and m:
        gaps = (abs(real_types[one] / n - fake_types[one] / m) for one in CURVE_TYPES)
        type_distance = 0.5 * sum(gaps)
    missing = [name for name, count in (("real", n), ("generated", m)) if not count]
    return Comparison(
        real_types=real_types,
        fake_types=fake_types,
        type_distance=type_distance,
        wasserstein=distances,
        wasserstein_floor=floors,
        real_medians=_medians(reals),
        fake_medians=_medians(fakes),
        n_real_dark=reals.n_dark,
        n_fake_dark=fakes.n_dark,
        note=f"No {' and no '.join(missing)} patch is bright enough to measure." if missing else "",
    )


def _medians(found: Enhancement) -> dict[str, float | None]:
    return {
        name: float(np.median(getattr(found, name))) if len(found.measured) else None for name in QUANTITIES
    }


def _hottest(patches: NDArray[np.integer], darkest: float) -> Values:
    """Mean intensities (n, times) of the series in the most enhancing region; NaN where all is dark."""
    series = patches.astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(series, (REGION, REGION), axis=(-2, -1))
    means: Values = windows.mean(axis=(-2, -1))
    for axis, side in ((-2, patches.shape[-2]), (-1, patches.shape[-1])):
        wanted = int(CENTRE * side)
        first = (means.shape[axis] - wanted) // 2
        means = np.take(means, np.arange(first, first + wanted), axis=axis)
    middle = means.reshape(*series.shape[:2], -1)
    gain = np.where(middle[:, 0] >= darkest, middle[:, 1] - middle[:, 0], -np.inf)
    chosen = gain.argmax(axis=1)
    rows = np.arange(len(series))
    curves: Values = middle[rows, :, chosen]
    curves[np.isinf(gain[rows, chosen])] = np.nan
    return curves
