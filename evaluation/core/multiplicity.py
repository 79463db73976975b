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
