"""Subtraction coherence by hand."""

import numpy as np
import pytest

from evaluation.core import coherence
from generation.core.frames import SUB
from tests.factories import make_patches


class TestOfSubtraction:
    def test_scanned_patches_are_coherent(self) -> None:
        found = coherence.of_subtraction(make_patches(4, np.random.default_rng(1)))
        assert found is not None
        assert (found.mean, found.median_patch, found.p95_patch, found.relative) == (0, 0, 0, 0)

    def test_an_offset_is_its_own_error(self) -> None:
        patches = make_patches(4, np.random.default_rng(2))
        size = np.abs(patches[:, SUB].astype(int)).mean()
        patches[1, SUB] += 8  # every pixel of one patch of four: 8 / 4
        found = coherence.of_subtraction(patches)
        assert found is not None
        assert found.mean == pytest.approx(2.0)
        assert found.median_patch == 0
        assert found.p95_patch == pytest.approx(0.85 * 8)  # numpy's linear quantile of 0, 0, 0, 8 at .95
        assert found.relative == pytest.approx(2.0 / size)

    def test_opposite_extremes_do_not_overflow(self) -> None:
        patches = np.zeros((1, 7, 64, 64), dtype=np.int16)
        patches[:, 2] = 1023
        patches[:, SUB] = -1023
        found = coherence.of_subtraction(patches)
        assert found is not None
        assert found.mean == 2046

    def test_without_enhancement_there_is_no_relative_error(self) -> None:
        found = coherence.of_subtraction(np.full((2, 7, 64, 64), 5, dtype=np.int16))
        assert found is not None
        assert (found.mean, found.relative) == (5, None)

    def test_no_patches(self) -> None:
        assert coherence.of_subtraction(np.empty((0, 7, 64, 64), dtype=np.int16)) is None
