"""Attention checks: panels that nobody who looks can take for a scan."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.labels import REAL
from readerstudy.core.draw import Draw, Pick
from readerstudy.core.session_state import Phase

N_SIDE: Final = 8  # tiles along a side; 64 of 8 x 8 pixels in a frame of the paper


@dataclass(frozen=True, slots=True)
class Check:
    """One attention check: the patch it is made from, and the seed of its tiles."""

    pick: Pick
    seed: int


def draw_checks(drawn: Draw, n: int, *, rng: np.random.Generator) -> list[Check]:
    """Choose the patches that attention checks are made from.

    Parameters
    ----------
    drawn : cases of the study
    n : how many checks
    rng : of their own, so that checks change nothing about the cases

    Returns
    -------
    list of Check
        From real test cases, each used again only when all were used.
    """
    real = [pick for pick in drawn.picks if pick.source == REAL and pick.phase is Phase.TEST]
    checks: list[Check] = []
    while len(checks) < n:
        chosen = rng.permutation(len(real))[: n - len(checks)]
        checks += [Check(real[i], int(rng.integers(2**32))) for i in chosen]
    return checks


def scramble(patch: NDArray[np.int16], seed: int) -> NDArray[np.int16]:
    """Shuffle the tiles of a patch, in all frames alike: no pixel changes, and no anatomy is left.

    Parameters
    ----------
    patch : (frames, height, width) int16
    seed : of the permutation of the 64 tiles

    Returns
    -------
    (frames, height, width) int16
        With a subtraction still fitting its frames. No tile stays where it was; what a side has beyond a multiple
        of 8 pixels, a rim of at most 7, stays.
    """
    n_frames, height, width = patch.shape
    tile = (height // N_SIDE, width // N_SIDE)
    inner = patch[:, : N_SIDE * tile[0], : N_SIDE * tile[1]]
    tiles = inner.reshape(n_frames, N_SIDE, tile[0], N_SIDE, tile[1]).swapaxes(2, 3)
    flat = tiles.reshape(n_frames, N_SIDE * N_SIDE, *tile)
    shuffled = flat[:, _derangement(N_SIDE * N_SIDE, np.random.default_rng(seed))]
    back = shuffled.reshape(n_frames, N_SIDE, N_SIDE, *tile).swapaxes(2, 3)
    found = patch.copy()
    found[:, : N_SIDE * tile[0], : N_SIDE * tile[1]] = back.reshape(inner.shape)
    return np.ascontiguousarray(found)


def _derangement(n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A random permutation without a fixed point: permutations are drawn until one has none, on average e of them."""
    while True:
        order = rng.permutation(n)
        if not np.any(order == np.arange(n)):
            return order
