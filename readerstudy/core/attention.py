"""Attention checks: panels that nobody who looks can take for a scan."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frames import PATCH_SIZE
from generation.core.labels import REAL
from readerstudy.core.draw import Draw, Pick
from readerstudy.core.session_state import Phase

TILE: Final = 8  # pixels; 64 tiles per frame


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
    patch : (7, 64, 64) int16
    seed : of the permutation of the 64 tiles of 8 x 8 pixels

    Returns
    -------
    (7, 64, 64) int16
        With the subtraction still fitting its frames. No tile stays where it was.
    """
    n_frames, n_side = len(patch), PATCH_SIZE // TILE
    tiles = patch.reshape(n_frames, n_side, TILE, n_side, TILE).swapaxes(2, 3)
    flat = tiles.reshape(n_frames, n_side * n_side, TILE, TILE)
    shuffled = flat[:, _derangement(n_side * n_side, np.random.default_rng(seed))]
    back = shuffled.reshape(n_frames, n_side, n_side, TILE, TILE).swapaxes(2, 3)
    return np.ascontiguousarray(back.reshape(patch.shape))


def _derangement(n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """A random permutation without a fixed point: permutations are drawn until one has none, on average e of them."""
    while True:
        order = rng.permutation(n)
        if not np.any(order == np.arange(n)):
            return order
