"""Pixels of cases."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from readerstudy.models import Case, Study


def of_study(study: Study) -> NDArray[np.int16]:
    """(N, 7, 64, 64) int16 of all cases, memory-mapped, in the order of their public ids."""
    return of_frozen(study.slug, study.fingerprint)


def of_case(case: Case, study: Study) -> NDArray[np.int16]:
    """(7, 64, 64) int16 of one case."""
    return np.asarray(of_study(study)[case.pixel_index])


@lru_cache(maxsize=16)
def of_frozen(slug: str, fingerprint: str) -> NDArray[np.int16]:
    """The same as of_study; the fingerprint tells a study from another of that slug."""
    pixels: NDArray[np.int16] = np.load(Study(slug=slug).pixels_path, mmap_mode="r", allow_pickle=False)
    return pixels
