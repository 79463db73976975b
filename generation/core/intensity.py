"""Intensities: from what a scanner delivers to integers in 0..1023."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frames import MAX_INTENSITY

UPPER_PERCENTILE: Final = 99.9  # leaves out one voxel in a thousand: vessels in the coil's hot spot


class IntensityRange(StrEnum):
    """Which scanned values become 0 and 1023."""

    MIN_MAX = "min-max"  # Haarburger 2019, section 3, to the letter: "simply rescaled ... to a fixed range of [0, 1023]"
    PERCENTILE = "percentile"  # minimum to 99.9th percentile; brighter voxels are cut to 1023


def parse_intensity_range(text: str) -> IntensityRange:
    """Read the name of an intensity range.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    try:
        return IntensityRange(text)
    except ValueError:
        raise InputError(
            f'Intensity range "{text}" is unknown; write one of {", ".join(IntensityRange)}.'
        ) from None


def limits_of(volumes: Sequence[NDArray[Any]], intensity_range: IntensityRange) -> tuple[float, float]:
    """Find the values that become 0 and 1023, jointly over volumes that belong together.

    Parameters
    ----------
    volumes : arrays of any shape; the five T1 volumes together, T2 alone

    Returns
    -------
    (low, high), low < high unless all voxels are equal
    """
    low = min(float(volume.min()) for volume in volumes)
    if intensity_range is IntensityRange.PERCENTILE:
        high = float(np.percentile(np.concatenate([volume.ravel() for volume in volumes]), UPPER_PERCENTILE))
        if high > low:
            return low, high
    return low, max(float(volume.max()) for volume in volumes)


def to_integers(volume: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.int16]:
    """Map limits linearly to 0 and 1023, cut what lies outside, and round.

    Parameters
    ----------
    volume : any shape
    limits : (low, high) of `limits_of`

    Returns
    -------
    same shape, int16 in 0..1023
    """
    low, high = limits
    if high <= low:  # the T2 of a cohort imported without it
        return np.zeros(volume.shape, dtype=np.int16)
    scaled = np.subtract(volume, np.float32(low), dtype=np.float32)
    scaled *= MAX_INTENSITY / (high - low)
    np.rint(scaled, out=scaled)
    np.clip(scaled, 0, MAX_INTENSITY, out=scaled)
    return np.asarray(scaled, dtype=np.int16)
