"""Pixels of cases."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generation import storage
from readerstudy.models import Case, Study


def of_study(study: Study) -> NDArray[np.int16]:
    """(N, frames, height, width) int16 of all cases, memory-mapped, in the order of their public ids."""
    return of_frozen(study.slug, study.fingerprint)


def of_case(case: Case, study: Study) -> NDArray[np.int16]:
    """(frames, height, width) int16 of one case."""
    return np.asarray(of_study(study)[case.pixel_index])


@lru_cache(maxsize=16)
def of_frozen(slug: str, fingerprint: str) -> NDArray[np.int16]:
    """The same as of_study; the fingerprint tells a study from another of that slug."""
    pixels: NDArray[np.int16] = np.load(file_of(Study(slug=slug)), mmap_mode="r", allow_pickle=False)
    return pixels


def file_of(study: Study) -> Path:
    """The file with all cases, on this machine.

    Where it has to be fetched, it comes whole before the first panel is served: no panel waits for its own pixels.
    """
    return storage.piece(study.pixels_path) or study.pixels_path
