"""Contrast agent: the arterial input, the exchange with tissue, and the curve types of breast lesions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

HEMATOCRIT: Final = 0.42  # Parker 2006
POST_SECONDS: Final = (70.0, 140.0, 210.0, 280.0)  # after injection; 70 s per phase
_STEP_MINUTES: Final = 1.0 / 120.0  # 0.5 s: the trapezoid rule is then within 0.1 % of the exact convolution


def parker_aif(minutes: Curve) -> Curve:
    """Concentration of contrast agent in arterial blood, population average.

    Parameters
    ----------
    minutes : (n,) time after arrival of the bolus; 0 before it

    Returns
    -------
    (n,) mM in whole blood; divide by 1 - haematocrit for plasma

    Source: Parker et al., Magn Reson Med 2006;56:993, table 1 (10.1002/mrm.21066).
    """
    t = np.asarray(minutes, dtype=np.float64)
    late = np.maximum(t, 0.0)
    gaussians = np.zeros_like(t)
    for area, centre, width in ((0.809, 0.17046, 0.0563), (0.330, 0.365, 0.132)):  # mM min, min, min
        gaussians += area / (width * np.sqrt(2.0 * np.pi)) * np.exp(-((t - centre) ** 2) / (2.0 * width**2))
    washout = 1.050 * np.exp(-0.1685 * late) / (1.0 + np.exp(-38.078 * (late - 0.483)))
    return np.where(t >= 0.0, gaussians + washout, 0.0)


def extended_tofts(
    minutes: Curve, plasma: Curve, at_minutes: Curve, *, ktrans: float, kep: float, vp: float
) -> Curve:
    """Concentration in tissue by the extended Tofts model.

    C(t) = vp Cp(t) + Ktrans * integral of Cp(u) exp(-kep (t - u)) du from 0 to t, by the trapezoid rule.
    kep = 0 gives the Patlak model.

    Parameters
    ----------
    minutes : (n,) fine, rising time grid that starts at the injection
    plasma : (n,) mM in plasma on that grid
    at_minutes : (m,) when the concentration is wanted, on the grid
    ktrans, kep : per minute
    vp : plasma volume fraction

    Returns
    -------
    (m,) mM

    Source: Tofts, J Magn Reson Imaging 1997;7:91; Sourbron and Buckley, Magn Reson Med 2011;66:735.
    """
    concentrations = np.empty(len(at_minutes))
    for i, t in enumerate(at_minutes):
        past = minutes <= t + 1e-9
        u, cp = minutes[past], plasma[past]
        exchanged = np.trapezoid(cp * np.exp(-kep * (t - u)), u)
        concentrations[i] = vp * cp[-1] + ktrans * exchanged
    return concentrations


@dataclass(frozen=True)
class Kinetics:
    """Exchange between plasma and one tissue."""

    ktrans: float  # per minute
    kep: float  # per minute; 0 where nothing flows back within the scan (Patlak)
    vp: float  # plasma volume fraction
    delay_s: float = 3.0  # arrival of the bolus after the injection

    @property
    def ve(self) -> float:
        """Extravascular extracellular volume fraction; 0 where it is not defined."""
        return self.ktrans / self.kep if self.kep > 0.0 else 0.0

    def concentrations(self) -> Curve:
        """Concentration at the four post-contrast phases, (4,) mM."""
        at = np.asarray(POST_SECONDS) / 60.0
        minutes = np.arange(0.0, at[-1] + _STEP_MINUTES / 2.0, _STEP_MINUTES)
        plasma = parker_aif(minutes - self.delay_s / 60.0) / (1.0 - HEMATOCRIT)
        return extended_tofts(minutes, plasma, at, ktrans=self.ktrans, kep=self.kep, vp=self.vp)


NO_UPTAKE: Final = Kinetics(ktrans=0.0, kep=0.0, vp=0.0)


class CurveType(StrEnum):
    """Shape of a time-intensity curve after its early rise."""

    PERSISTENT = "persistent"
    PLATEAU = "plateau"
    WASHOUT = "washout"


# Kuhl et al., Radiology 1999;211:101, of 165 benign and 101 malignant lesions: types I, II, III
CURVE_TYPES: Final = tuple(CurveType)
KUHL_BENIGN: Final = (0.830, 0.115, 0.055)
KUHL_MALIGNANT: Final = (0.089, 0.336, 0.574)
# kep per minute that leads to each type with POST_SECONDS and a 250 ms / 90 degree gradient echo
KEP_BANDS: Final = {
    CurveType.PERSISTENT: (0.08, 0.20),
    CurveType.PLATEAU: (0.25, 0.65),
    CurveType.WASHOUT: (0.70, 1.30),
}


def curve_type(post1: float, post4: float) -> CurveType:
    """Name a curve by its last phase against its first post-contrast phase, with limits of 10 %.

    Source: BI-RADS MRI lexicon (initial against delayed phase).
    """
    change = (post4 - post1) / post1
    if change > 0.10:
        return CurveType.PERSISTENT
    return CurveType.WASHOUT if change < -0.10 else CurveType.PLATEAU


def draw_curve_type(rng: np.random.Generator, *, is_malignant: bool) -> CurveType:
    """Draw a curve type with the frequencies that Kuhl 1999 found."""
    weights = np.asarray(KUHL_MALIGNANT if is_malignant else KUHL_BENIGN)
    return CURVE_TYPES[int(rng.choice(len(CURVE_TYPES), p=weights / weights.sum()))]


def draw_lesion_kinetics(rng: np.random.Generator, wanted: CurveType, *, is_malignant: bool) -> Kinetics:
    """Draw kinetics from the band of a curve type; the band is wide, so the caller checks the curve."""
    kep = rng.uniform(*KEP_BANDS[wanted])
    low, high = (0.25, 0.45) if is_malignant else (0.35, 0.60)
    ve = rng.uniform(max(low, 0.35) if wanted is CurveType.PERSISTENT else low, high)
    vp = rng.uniform(0.03, 0.09) if is_malignant else rng.uniform(0.01, 0.03)
    return Kinetics(ktrans=kep * ve, kep=kep, vp=vp, delay_s=3.0 if is_malignant else 8.0)
