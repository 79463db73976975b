"""Which five volumes of a dynamic series are T1_pre and T1_post1 to T1_post4."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from generation.core.errors import InputError

N_POSTS: Final = 4
TARGET_SECONDS: Final = (70.0, 140.0, 210.0, 280.0)  # after T1_pre; the paper's dynamic takes 70 s per phase


def five_of(
    n_phases: int, seconds: Sequence[float] | None, *, wanted: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Choose a pre-contrast and four post-contrast phases.

    With exactly five, all are taken. With more, the posts nearest in time to 70, 140, 210 and 280 s after the
    first phase, each one once and in order.

    Parameters
    ----------
    n_phases : phases in the order of acquisition, the first before contrast
    seconds : time of each phase; None if unknown
    wanted : five phases chosen by the user, counted from 0

    Returns
    -------
    five indices, ascending

    Raises
    ------
    InputError
        If there are fewer than five, more without times, or the wanted ones do not exist.
    """
    if wanted is not None:
        chosen = tuple(wanted)
        if (
            len(set(chosen)) != N_POSTS + 1
            or sorted(chosen) != list(chosen)
            or chosen[0] < 0
            or chosen[-1] >= n_phases
        ):
            raise InputError(
                f"phases {', '.join(map(str, chosen))} cannot be used; name five different ones in ascending order from 0 to {n_phases - 1}."
            )
        return chosen
    if n_phases < N_POSTS + 1:
        raise InputError(
            f"only {max(n_phases - 1, 0)} post-contrast phases were found and {N_POSTS} are needed; "
            "add the missing phases or leave the patient out, because no phase is ever used twice."
        )
    if n_phases == N_POSTS + 1:
        return tuple(range(n_phases))
    if seconds is None:
        raise InputError(
            f"{n_phases - 1} post-contrast phases were found, but no times, so four cannot be chosen; name five phases, for instance 0,1,2,3,4."
        )
    return (0, *_nearest([second - seconds[0] for second in seconds[1:]]))


def _nearest(times: Sequence[float]) -> list[int]:
    """Indices (from 1) of the increasing choice with the least sum of distances to the targets."""
    n = len(times)
    distance = np.abs(np.subtract.outer(np.asarray(TARGET_SECONDS), np.asarray(times, dtype=np.float64)))
    best = distance[0]
    came_from = []
    for row in distance[1:]:
        # Least sum that ends before each phase, and where.
        least = np.minimum.accumulate(best)
        before = np.array([int(np.argmin(best[:j])) if j else 0 for j in range(n)])
        best = row + np.concatenate([[np.inf], least[:-1]])
        came_from.append(before)
    chosen = [int(np.argmin(best))]
    for before in reversed(came_from):
        chosen.append(int(before[chosen[-1]]))
    return [index + 1 for index in reversed(chosen)]
