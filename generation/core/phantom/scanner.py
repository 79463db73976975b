"""The scanner: coil, chemical shift, motion, blur, noise, and the grids of the two sequences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import SCANNED_FRAMES, T1_PRE, T2
from generation.core.phantom.canvas import Canvas
from generation.core.phantom.grids import (
    Array,
    Grid,
    apply_weights,
    cubic_weights,
    linear_weights,
    shift_weights,
)
from generation.core.phantom.noise import smooth_noise
from generation.core.phantom.signal import FAT, FAT_SHIFT_HZ, Protocol, add_rician_noise, shift_fat, signals

Volume = NDArray[np.int16]
_SAME_GRID_SHARE: Final = 0.35  # of patients have T2 on the grid of T1
_OTHER_SLICES_SHARE: Final = 0.4  # of the others have other slices as well as other pixels


@dataclass(frozen=True)
class Scanner:
    """Settings of one examination."""

    protocol: Protocol
    t2_grid: Grid
    readout: int  # axis along which fat is displaced: 1 for y, 2 for x
    t1_bandwidth_hz: float  # per pixel
    t2_bandwidth_hz: float
    gain: float  # stored units per unit of signal
    noise: float  # standard deviation per channel, as a share of the signal of fat
    blur: float  # pixels, standard deviation of the point spread
    motion: float  # pixels, typical displacement between phases

    def describe(self) -> dict[str, object]:
        """Describe the protocol as truth.json does."""
        return {
            "TR": self.protocol.tr_s,
            "TE": self.protocol.te_s,
            "fa": self.protocol.flip_deg,
            "T2_TR": self.protocol.t2_tr_s,
            "T2_TE": self.protocol.t2_te_s,
            "B0": 1.5,
            "readout": "xy"[2 - self.readout],
            "fat_shift_pixels": round(FAT_SHIFT_HZ / self.t1_bandwidth_hz, 2),
            "noise_of_fat": round(self.noise, 4),
        }


def draw_scanner(rng: np.random.Generator, grid: Grid) -> Scanner:
    """Draw the settings of one examination."""
    protocol = Protocol(
        t2_tr_s=round(float(rng.uniform(3.0, 4.5)), 2), t2_te_s=round(float(rng.uniform(0.090, 0.120)), 3)
    )
    return Scanner(
        protocol=protocol,
        t2_grid=_draw_t2_grid(rng, grid),
        readout=1 if rng.random() < 0.7 else 2,
        t1_bandwidth_hz=float(rng.uniform(115.0, 200.0)),
        t2_bandwidth_hz=float(rng.uniform(180.0, 300.0)),
        gain=float(rng.uniform(1000.0, 1700.0)),
        noise=float(rng.uniform(0.015, 0.030)),
        blur=float(rng.uniform(0.42, 0.55)),
        motion=float(rng.uniform(0.05, 0.35)),
    )


def acquire(rng: np.random.Generator, scanner: Scanner, canvas: Canvas) -> Mapping[str, tuple[Grid, Volume]]:
    """Scan a painted patient.

    Parameters
    ----------
    rng : random generator
    scanner : settings
    canvas : fat shares and water signals on the T1 grid

    Returns
    -------
    grid and int16 volume of each of SCANNED_FRAMES
    """
    grid, fat_signal = canvas.grid, signals(FAT, scanner.protocol)
    coil = _coil(rng, grid)
    fat_share = canvas.fat * (1.0 + 0.022 * smooth_noise(rng, grid, 6.0))
    volumes: dict[str, tuple[Grid, Volume]] = {}
    t1_fat = shift_fat(fat_share, FAT_SHIFT_HZ / scanner.t1_bandwidth_hz, scanner.readout)
    for frame, name in enumerate(SCANNED_FRAMES):
        if frame == T2:
            pixels = FAT_SHIFT_HZ / scanner.t2_bandwidth_hz
            image = shift_fat(fat_share, pixels, scanner.readout) * fat_signal[T2]
            target = scanner.t2_grid
        else:
            image = t1_fat * fat_signal[T1_PRE]
            target = grid
        image += canvas.water[frame]
        image *= coil
        image = _displace(rng, image, scanner, still=frame == T1_PRE)
        if target != grid:
            image = _on_grid(image, grid, target)
        reference = float(fat_signal[T2 if frame == T2 else T1_PRE])
        add_rician_noise(rng, image, scanner.noise * reference)
        image *= scanner.gain * float(fat_signal[T1_PRE]) / reference
        volumes[name] = (target, np.asarray(np.rint(np.clip(image, 0.0, 32767.0)), dtype=np.int16))
    return volumes


def _draw_t2_grid(rng: np.random.Generator, grid: Grid) -> Grid:
    """Choose the grid of T2: often other pixels and slices, always the same field of view and a little more."""
    if rng.random() < _SAME_GRID_SHARE:
        return grid
    n_x = round(grid.shape[2] * float(rng.choice([0.84, 0.92, 1.08, 1.16])))
    pixel = round(grid.shape[2] * grid.spacing[2] * rng.uniform(1.0, 1.02) / n_x, 4)
    n_y = int(np.ceil(grid.shape[1] * grid.spacing[1] / pixel))
    thickness, n_z = grid.spacing[0], grid.shape[0]
    if rng.random() < _OTHER_SLICES_SHARE:
        extent = thickness * (n_z - 1)
        thickness = round(thickness * float(rng.uniform(0.75, 1.15)), 2)
        n_z = int(np.ceil(extent / thickness)) + 1
    spacing, shape = (thickness, pixel, pixel), (n_z, n_y, n_x)
    centres = [
        origin + old * (n_old - 1) / 2.0
        for origin, old, n_old in zip(grid.origin, grid.spacing, grid.shape, strict=True)
    ]
    first = [round(c - s * (n - 1) / 2.0, 3) for c, s, n in zip(centres, spacing, shape, strict=True)]
    return Grid(shape, spacing, (first[0], first[1], first[2]))


def _coil(rng: np.random.Generator, grid: Grid) -> Array:
    """Sensitivity of the breast coil: falls off towards the back, differs between the sides, varies smoothly."""
    coarse = grid.coarser(8)
    z, y, x = coarse.axes()
    fall = np.exp(-np.clip(y + 40.0, 0.0, None) / rng.uniform(90.0, 220.0))
    near = 1.0 + rng.uniform(0.0, 0.18) * np.clip(-(y + 20.0) / 70.0, 0.0, 1.2)
    sides = 1.0 + rng.normal(0.0, 0.07) * np.tanh(x / 40.0)
    ends = np.exp(-rng.uniform(0.0, 0.25) * (z / 56.0) ** 2)
    waves = np.exp(0.07 * smooth_noise(rng, coarse, 90.0))
    field = np.asarray(fall * near * sides * ends * waves, dtype=np.float32)
    return _between(field, coarse, grid, axes=(1, 2))


def _displace(rng: np.random.Generator, image: Array, scanner: Scanner, *, still: bool) -> Array:
    """Blur by the point spread and move by what the patient moved since the first phase."""
    motion = np.zeros(2) if still else np.clip(rng.normal(0.0, scanner.motion, 2), -1.0, 1.0)
    by_y, by_x = (
        shift_weights(n, float(shift), scanner.blur) for n, shift in zip(image.shape[1:], motion, strict=True)
    )
    return apply_weights(image, None, by_y, by_x)


def _on_grid(image: Array, grid: Grid, target: Grid) -> Array:
    by_z = linear_weights(grid.index_of(0, _centres(target, 0)), grid.shape[0])
    by_y, by_x = (
        cubic_weights(grid.index_of(axis, _centres(target, axis)), grid.shape[axis]) for axis in (1, 2)
    )
    return apply_weights(image, by_z, by_y, by_x)


def _between(field: Array, coarse: Grid, grid: Grid, axes: tuple[int, int]) -> Array:
    weights = [
        linear_weights(coarse.index_of(axis, _centres(grid, axis)), coarse.shape[axis]) for axis in axes
    ]
    return apply_weights(field, None, *weights)


def _centres(grid: Grid, axis: int) -> Array:
    return np.asarray(grid.origin[axis] + grid.spacing[axis] * np.arange(grid.shape[axis]), dtype=np.float32)
