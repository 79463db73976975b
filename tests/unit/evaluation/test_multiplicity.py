"""Adjustment of p values."""

import pytest

from evaluation.core.multiplicity import benjamini_hochberg, holm

# Benjamini & Hochberg 1995, section 4: the 15 p values of a thrombolysis trial
TRIAL = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip


class TestBenjaminiHochberg:
    def test_their_example_rejects_four(self) -> None:
        adjusted = benjamini_hochberg(TRIAL)
        assert sum((p or 0) <= 0.05 for p in adjusted) == 4
        # R: p.adjust(c(.0001, ..., 1), "BH")[1:5], that is p * 15 / rank, made monotone from above
        assert adjusted[:5] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625, 0.0603])

    def test_it_is_monotone_and_keeps_order(self) -> None:
        shuffled = [0.04, None, 0.03, 0.05, 0.01, 0.02]
        # p * 5 / rank is .05 for all five
        assert benjamini_hochberg(shuffled) == [pytest.approx(0.05) if p else None for p in shuffled]

    def test_it_is_never_stricter_than_holm(self) -> None:
        for loose, strict in zip(benjamini_hochberg(TRIAL), holm(TRIAL), strict=True):
            assert loose is not None
            assert strict is not None
            assert loose <= strict

    def test_absent_values_do_not_count(self) -> None:
        assert benjamini_hochberg([None, 0.01]) == [None, 0.01]
        assert benjamini_hochberg([]) == []
