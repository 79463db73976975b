"""Which patches of a class each draw holds, decided before any feature is computed.

Source: Haarburger 2019, section 4.1: ten different sets of 1000 real and 1000 fake patches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError

N_DRAWS: Final = 10  # Haarburger 2019, section 4.1: "10 different sets"
N_PER_SET: Final = 1000  # ibidem: "1000 randomly chosen real samples"
MIN_PER_SET: Final = 2  # a covariance needs two

Indices = NDArray[np.intp]
Halves = tuple[Indices, Indices]


@dataclass(frozen=True)
class Draw:
    """Positions of the patches of one draw.

    Parameters
    ----------
    reals, fakes : equally many of both
    floor : two disjoint halves of reals
    patient_floor : two equally large parts of the reals that share no patient; None if patients are unknown
    """

    reals: Indices
    fakes: Indices
    floor: Halves
    patient_floor: Halves | None = None


@dataclass(frozen=True)
class DrawPlan:
    """All draws of a class.

    Parameters
    ----------
    n_real, n_fake : patches available
    n_per_set : reals, and as many fakes, in each draw
    n_per_set_asked : what was asked for
    draws : empty if there are too few patches
    """

    n_real: int
    n_fake: int
    n_per_set: int
    n_per_set_asked: int
    draws: tuple[Draw, ...]

    @property
    def n_floor(self) -> int:
        """Reals in each half of the floor."""
        return min(self.n_per_set, self.n_real // 2)

    @property
    def reals_needed(self) -> Indices:
        """Reals that occur in any draw, ascending."""
        parts = [
            part for draw in self.draws for part in (draw.reals, *draw.floor, *(draw.patient_floor or ()))
        ]
        return _union(parts)

    @property
    def fakes_needed(self) -> Indices:
        """Fakes that occur in any draw, ascending."""
        return _union([draw.fakes for draw in self.draws])


def plan(
    *,
    n_real: int,
    n_fake: int,
    n_draws: int,
    n_per_set: int,
    rng: np.random.Generator,
    patients: Sequence[str] = (),
) -> DrawPlan:
    """Decide which patches each draw holds.

    Draws are without replacement inside a draw and independent of each other. Where a set is smaller than `n_per_set`,
    all draws shrink to the smaller set; where both sets are used whole, one draw says all there is.

    Parameters
    ----------
    n_real, n_fake : patches available
    n_draws : draws wanted
    n_per_set : patches of each side wanted in a draw
    rng : draws
    patients : names of the reals' patients, in their order; without names there is no floor between patients

    Raises
    ------
    InputError
        If the number of draws is below 1 or the size of a draw below 2.
    """
    if n_draws < 1 or n_per_set < MIN_PER_SET:
        raise InputError(
            f"{n_draws} draws of {n_per_set} patches cannot be scored; ask for at least 1 draw of {MIN_PER_SET}."
        )
    n = min(n_per_set, n_real, n_fake)
    if n < MIN_PER_SET:
        return DrawPlan(n_real, n_fake, n, n_per_set, ())
    n_floor = min(n, n_real // 2)
    if n == n_real == n_fake:
        n_draws = 1
    draws = []
    for _ in range(n_draws):
        reals, fakes = rng.choice(n_real, n, replace=False), rng.choice(n_fake, n, replace=False)
        halves = rng.permutation(n_real)
        apart = _apart(patients, n, rng)
        draws.append(Draw(reals, fakes, (halves[:n_floor], halves[n_floor : 2 * n_floor]), apart))
    return DrawPlan(n_real, n_fake, n, n_per_set, tuple(draws))


def _apart(patients: Sequence[str], n: int, rng: np.random.Generator) -> Halves | None:
    """Deal whole patients to the smaller of two parts, then cut both parts to the size of the smaller one."""
    names, owner = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    if len(names) < 2 or "" in names:
        return None
    sizes = np.bincount(owner)
    part_of = np.empty(len(names), dtype=int)
    totals = [0, 0]
    for name in rng.permutation(len(names)):
        part_of[name] = int(totals[1] < totals[0])
        totals[part_of[name]] += int(sizes[name])
    parts = [rng.permutation(np.flatnonzero(part_of[owner] == i)) for i in (0, 1)]
    size = min(n, *(len(part) for part in parts))
    return (parts[0][:size], parts[1][:size]) if size >= MIN_PER_SET else None


def _union(parts: list[Indices]) -> Indices:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.intp)
