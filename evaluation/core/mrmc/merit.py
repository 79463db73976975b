"""Figures of merit: one number per arm and reader, with what it becomes when a case is left out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from evaluation.core import roc
from evaluation.core.mrmc.ratings import Bools, Floats, Ratings
from generation.core.errors import InputError

AUC: Final = "auc"
PROPORTION: Final = "proportion"


@dataclass(frozen=True)
class Merit:
    """A figure of merit for every arm and reader.

    Attributes
    ----------
    kind : `auc` or `proportion`
    values : (I, J)
    left_out : (I, J, C) the value without case c; the full value where the case was not read
    placements : (I, J, C) what case c contributes to the value: its placement, or 1 for a correct answer; NaN unread
    strata : (C,) samples of cases whose errors are independent: fakes and reals, or all cases as one
    """

    kind: str
    values: Floats
    left_out: Floats
    placements: Floats
    strata: npt.NDArray[np.intp]

    @property
    def n_cases(self) -> int:
        """Size of the union of cases."""
        return int(self.left_out.shape[-1])

    @property
    def is_read(self) -> Bools:
        """(I, J, C) whether the case was read."""
        read: Bools = ~np.isnan(self.placements)
        return read


def auc(ratings: Ratings) -> Merit:
    """Compute the area under each reader's ROC curve in each arm and its leave-one-out values in closed form.

    Without fake c the area is (m A - V_c) / (m - 1), V_c its placement among the reals; likewise for reals.
    With answers as scores (1 fake, 0 real) the area is the balanced accuracy.

    Raises
    ------
    InputError
        If a reader has fewer than two fakes or two reals in an arm.
    """
    values = np.empty(ratings.scores.shape[:2])
    placed = np.full(ratings.scores.shape, np.nan)
    left_out = np.empty(ratings.scores.shape)
    for i, j in np.ndindex(*values.shape):
        scores = ratings.scores[i, j]
        read = ~np.isnan(scores)
        fakes, reals = np.flatnonzero(read & ratings.is_fake), np.flatnonzero(read & ~ratings.is_fake)
        if min(fakes.size, reals.size) < 2:
            raise InputError(
                f'Reader "{ratings.readers[j]}" read {fakes.size} fakes and {reals.size} reals of arm '
                f'"{ratings.arms[i]}"; an area with its error needs at least two of each.'
            )
        placement = roc.placements(scores[fakes], scores[reals])
        area = values[i, j] = placement.area
        placed[i, j, fakes], placed[i, j, reals] = placement.fakes, placement.reals
        left_out[i, j] = area
        left_out[i, j, fakes] = (fakes.size * area - placement.fakes) / (fakes.size - 1)
        left_out[i, j, reals] = (reals.size * area - placement.reals) / (reals.size - 1)
    return Merit(AUC, values, left_out, placed, ratings.is_fake.astype(np.intp))


def proportion(ratings: Ratings) -> Merit:
    """Compute the mean score of each reader in each arm; with 1 for a correct answer, the fraction correct.

    Only fakes make it the detection rate, and then the jackknife runs over fakes only.

    Raises
    ------
    InputError
        If a reader has fewer than two cases in an arm.
    """
    read = ratings.is_read
    n = read.sum(axis=-1)
    if n.min() < 2:
        i, j = np.unravel_index(int(n.argmin()), n.shape)
        raise InputError(
            f'Reader "{ratings.readers[j]}" read {n.min()} cases of arm "{ratings.arms[i]}"; '
            "a fraction with its error needs at least two."
        )
    values = np.nansum(ratings.scores, axis=-1) / n
    without = (n[..., None] * values[..., None] - ratings.scores) / (n[..., None] - 1)
    left_out = np.where(read, without, values[..., None])
    return Merit(
        PROPORTION, values, left_out, ratings.scores.copy(), np.zeros(ratings.is_fake.size, dtype=np.intp)
    )
