"""Adjustment of p values within a declared family of tests."""

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p values by Holm's step-down procedure; absent values stay absent and do not count.

    Source: Holm 1979, Scand J Stat 6:65-70.
    """
    present = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(present):
        largest = max(largest, min(1.0, (len(present) - rank) * p))
        adjusted[i] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p values so that the false discovery rate is controlled; absent values stay absent and do not count.

    It promises less than Holm: among the findings called significant, a share of alpha is expected to be false.

    Source: Benjamini & Hochberg 1995, J R Stat Soc B 57:289-300.
    """
    present = sorted(((p, i) for i, p in enumerate(p_values) if p is not None), reverse=True)
    adjusted: list[float | None] = [None] * len(p_values)
    smallest = 1.0
    for below, (p, i) in enumerate(present):
        smallest = min(smallest, p * len(present) / (len(present) - below))
        adjusted[i] = smallest
    return adjusted
