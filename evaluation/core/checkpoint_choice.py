"""Which checkpoint of a training is the best one of a lesion class: the one at the smallest distance."""

from collections.abc import Mapping
from typing import Any


def best_step(results: Mapping[int, Mapping[str, Any]], tissue: str) -> int | None:
    """Return the step at the smallest distance, the earliest of equals; None where no distance is known.

    Parameters
    ----------
    results : by step, what SetScores.to_dict gave
    tissue : lesion class

    Source: Haarburger 2019, section 4.1, which takes the epoch of the smallest FID for each class.
    """
    known = [
        (values["distance_mean"], step)
        for step, found in results.items()
        if (values := found["classes"].get(tissue)) is not None and values["distance_mean"] is not None
    ]
    return min(known)[1] if known else None
