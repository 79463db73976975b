"""Pixels of cases."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readerstudy.models import Case, Study


def of_study(study: Study) -> NDArray[np.int16]:
    """(N, 7, 64, 64) int16 of all cases, memory-mapped, in the order of their public ids."""
    return _mapped(study.pixels_path, study.fingerprint)


def of_case(case: Case, study: Study) -> NDArray[np.int16]:
    """(7, 64, 64) int16 of one case."""
    return np.asarray(of_study(study)[case.pixel_index])


@lru_cache(maxsize=16)
def _mapped(path: Path, fingerprint: str) -> NDArray[np.int16]:
    pixels: NDArray[np.int16] = np.load(path, mmap_mode="r", allow_pickle=False)
    return pixels
