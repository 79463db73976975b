"""The practice panel: a technical test pattern in the form of a patch, neither a scan nor drawn by a generator.

It holds what there is to try: three discs whose signal rises, stays and falls after the contrast agent, so that the
curve at the cursor differs; a wedge of greys and two discs of low contrast for window and level; bars that only
the magnifier resolves well.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import DYNAMIC, N_FRAMES, PATCH_SIZE, T2, assemble

GROUND: Final = 260  # signal of the ground, T1
RIM: Final = 18
N_STEPS: Final = 8  # of the wedge
STEP: Final = 100
# Signal added at 0, 70, 140, 210 and 280 s: persistent, plateau, washout (BI-RADS types of kinetic curves).
KINETICS: Final = ((0, 120, 220, 300, 360), (0, 330, 345, 350, 345), (0, 480, 400, 310, 240))
CENTRES: Final = ((14, 15), (32, 15), (50, 15))  # column, row of the three discs
RADIUS: Final = 7.5
FAINT: Final = ((14, 34, 40), (50, 34, 20))  # column, row, signal above the ground
_T2_GROUND: Final = 420


@cache
def patch() -> NDArray[np.int16]:
    """Draw the practice panel: the same at every call, read-only.

    Returns
    -------
    (7, 64, 64) int16
        Frames in the order T2, T1_pre, T1_post1 .. T1_post4, Sub; T1 and T2 within 0..1023.
    """
    row, column = np.mgrid[:PATCH_SIZE, :PATCH_SIZE].astype(np.float64)
    frames = np.empty((N_FRAMES - 1, PATCH_SIZE, PATCH_SIZE))
    frames[:] = _ground(row, column)
    frames[T2] = _T2_GROUND + 0.5 * (frames[T2] - GROUND)
    for centre, kinetics in zip(CENTRES, KINETICS, strict=True):
        inside = _disc(row, column, *centre, RADIUS)
        frames[DYNAMIC] += np.asarray(kinetics)[:, None, None] * inside
        frames[T2] += 180 * inside
    for disc_column, disc_row, signal in FAINT:
        frames += signal * _disc(row, column, disc_column, disc_row, 6.0)
    drawn: NDArray[np.int16] = assemble(np.rint(frames).astype(np.int16)[None])[0]
    drawn.flags.writeable = False
    return drawn


def _ground(row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """A flat ground in a frame of lines, with bars in the middle and the wedge below."""
    ground = np.full_like(row, GROUND)
    is_edge = (row < 1) | (column < 1) | (row >= PATCH_SIZE - 1) | (column >= PATCH_SIZE - 1)
    ground[is_edge] += 10 * RIM
    is_bars = (abs(row - 34) < 6) & (abs(column - 32) < 7)
    width = np.where(column < 32, 1, 2)  # thin bars left, thicker ones right
    ground[is_bars] += np.where((column // width) % 2 == 0, 10 * RIM, -5 * RIM)[is_bars]
    is_wedge = (row >= 46) & (row < 60) & (column >= 4) & (column < 60)
    ground[is_wedge] = (STEP * np.floor((column - 4) / 7))[is_wedge]
    return ground


def _disc(
    row: NDArray[np.float64], column: NDArray[np.float64], at_column: int, at_row: int, radius: float
) -> NDArray[np.float64]:
    """1 inside, 0 outside, with an edge one pixel wide."""
    distance = np.hypot(column - at_column, row - at_row)
    return np.clip(radius + 0.5 - distance, 0.0, 1.0)
