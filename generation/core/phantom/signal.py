"""MR signal: what a spoiled gradient echo and a turbo spin echo make of a tissue, and what a scanner adds."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generation.core.frames import T1_POST1, T1_PRE, T2
from generation.core.phantom.grids import Array
from generation.core.phantom.kinetics import NO_UPTAKE, Kinetics

RELAXIVITY: Final = 4.5  # per s and mM at 1.5 T (gadopentetate and kin)
FAT_SHIFT_HZ: Final = 217.0  # 3.4 ppm at 1.5 T
_TABLE_LENGTH: Final = 256


@dataclass(frozen=True)
class Protocol:
    """Settings of the dynamic series and of T2; times in seconds, flip angle in degrees."""

    tr_s: float = 0.250  # non-fat-saturated 2D gradient echo of the Aachen breast protocol
    te_s: float = 0.0046  # fat and water in phase at 1.5 T
    flip_deg: float = 90.0
    t2_tr_s: float = 3.4
    t2_te_s: float = 0.100


@dataclass(frozen=True)
class Tissue:
    """Relaxation at 1.5 T and uptake of contrast agent."""

    t1_s: float
    t2_s: float
    m0: float = 0.9  # proton density against fat
    t2_star_s: float = 0.035
    kinetics: Kinetics = NO_UPTAKE


# Relaxation: Rakow-Penner 2006 and the ranges of the breast reference object of Bae 2024
FAT: Final = Tissue(
    t1_s=0.296, t2_s=0.110, m0=1.0, t2_star_s=0.040
)  # effective T2 of fat in a turbo spin echo
FLUID: Final = Tissue(t1_s=2.8, t2_s=0.600, m0=1.0, t2_star_s=0.150)
LUNG: Final = Tissue(t1_s=1.2, t2_s=0.030, m0=0.10, t2_star_s=0.003)
CORTEX: Final = Tissue(t1_s=1.0, t2_s=0.010, m0=0.15, t2_star_s=0.002)


def spoiled_gradient_echo(tissue: Tissue, protocol: Protocol, concentration: Array | float = 0.0) -> Array:
    """Signal of a spoiled gradient echo.

    S = M0 sin(a) (1 - E1) / (1 - E1 cos(a)) exp(-TE / T2*), E1 = exp(-TR R1), R1 = 1 / T1 + r1 C.

    Parameters
    ----------
    concentration : mM, any shape

    Returns
    -------
    signal in units of M0, in the shape of `concentration`
    """
    flip = np.deg2rad(protocol.flip_deg)
    e1 = np.exp(-protocol.tr_s * (1.0 / tissue.t1_s + RELAXIVITY * np.asarray(concentration)))
    recovered = np.sin(flip) * (1.0 - e1) / (1.0 - e1 * np.cos(flip))
    return np.asarray(tissue.m0 * recovered * np.exp(-protocol.te_s / tissue.t2_star_s), dtype=np.float32)


def turbo_spin_echo(tissue: Tissue, protocol: Protocol) -> float:
    """Signal of a turbo spin echo: S = M0 (1 - exp(-TR / T1)) exp(-TE / T2), in units of M0."""
    recovered = 1.0 - np.exp(-protocol.t2_tr_s / tissue.t1_s)
    return float(tissue.m0 * recovered * np.exp(-protocol.t2_te_s / tissue.t2_s))


def signals(tissue: Tissue, protocol: Protocol) -> Array:
    """Signal in the six scanned frames, (6,) float32 in the order of SCANNED_FRAMES."""
    return scaled_signals(tissue, protocol, np.ones(1, dtype=np.float32))[:, 0]


def scaled_signals(tissue: Tissue, protocol: Protocol, uptake: Array) -> Array:
    """Signal in the six scanned frames where every voxel takes up its own share of contrast agent.

    Concentration is linear in (Ktrans, vp) at fixed kep, so one curve and one table per frame serve all voxels.

    Parameters
    ----------
    uptake : (n,) factor on the tissue's Ktrans and vp, at least 0

    Returns
    -------
    (6, n) float32
    """
    curve = np.concatenate([[0.0], tissue.kinetics.concentrations()])
    highest = max(float(uptake.max(initial=0.0)), 1e-6)
    factors = np.linspace(0.0, highest, _TABLE_LENGTH)
    table = np.empty((T1_POST1 + len(curve) - 1, _TABLE_LENGTH), dtype=np.float32)
    table[T2] = turbo_spin_echo(tissue, protocol)
    table[T1_PRE:] = spoiled_gradient_echo(
        tissue, protocol, np.asarray(curve[:, None] * factors, dtype=np.float32)
    )
    rows = np.rint(uptake * ((_TABLE_LENGTH - 1) / highest)).astype(np.intp)
    return table[:, np.clip(rows, 0, _TABLE_LENGTH - 1)]


def shift_fat(fat: Array, pixels: float, axis: int) -> Array:
    """Displace the fat image along the readout, as its chemical shift does; air moves in at the border.

    Parameters
    ----------
    fat : (n_z, n_y, n_x)
    pixels : displacement, any sign and fraction
    axis : 1 for readout along y, 2 along x
    """
    whole = int(np.floor(pixels))
    part = np.float32(pixels - whole)
    moved = (1.0 - part) * _roll(fat, whole, axis)
    if part > 0.0:
        moved += part * _roll(fat, whole + 1, axis)
    return np.asarray(moved, dtype=np.float32)


def add_rician_noise(rng: np.random.Generator, signal: Array, sigma: float) -> Array:
    """Take the magnitude of a signal with Gaussian noise in both channels, in place.

    Parameters
    ----------
    signal : any shape, float32; overwritten
    sigma : standard deviation per channel, in the unit of the signal

    Source: Gudbjartsson and Patz, Magn Reson Med 1995;34:910.
    """
    imaginary = rng.standard_normal(signal.shape, dtype=np.float32)
    real = rng.standard_normal(signal.shape, dtype=np.float32)
    real *= np.float32(sigma)
    imaginary *= np.float32(sigma)
    signal += real
    np.square(signal, out=signal)
    np.square(imaginary, out=imaginary)
    signal += imaginary
    return np.sqrt(signal, out=signal)


def _roll(volume: Array, pixels: int, axis: int) -> Array:
    moved = np.zeros_like(volume)
    n = volume.shape[axis]
    target: list[slice] = [slice(None)] * volume.ndim
    origin: list[slice] = [slice(None)] * volume.ndim
    target[axis] = slice(max(pixels, 0), n + min(pixels, 0))
    origin[axis] = slice(max(-pixels, 0), n + min(-pixels, 0))
    moved[tuple(target)] = volume[tuple(origin)]
    return moved
