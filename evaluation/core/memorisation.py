"""Memorisation: do generated patches lie closer to the training patches than unseen real patches do?

A Frechet distance rewards copies of the training patches. This test does not: it compares the distance of every generated
patch to its nearest training patch with the same distance of real patches from patients that were not trained on, or,
where every patient was trained on, of each training patch to its nearest patch of another patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

N_PAIRS: Final = 8  # closest pairs to show
LOW_SHARE: Final = 0.05  # of held-out distances; fakes below that quantile are called close
MIN_HELD_OUT: Final = 10
_CANDIDATES: Final = 4  # measured again in float64
_BLOCK_ROWS: Final = 256

Rows = NDArray[np.floating]
Distances = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Pair:
    """A generated patch and the training patch nearest to it, by their positions in their patch sets."""

    fake: int
    real: int
    distance: float


@dataclass(frozen=True)
class Memorisation:
    """Distances of fakes and of held-out reals to the nearest training patch.

    Parameters
    ----------
    space : what distances are measured in
    auc : probability that a fake is farther from the training patches than a held-out real; .5 without memorisation,
        near 0 for copies, above .5 where fakes lie apart from all reals
    z, p : one-sided Mann-Whitney test for auc below .5, taking patches as independent
    share_close : fakes nearer than the 5 % of held-out reals that are nearest; .05 is expected
    n_exact : fakes at distance 0
    ratio : median distance of the fakes over that of the held-out reals
    held_out : which reals were held out
    pairs : the closest fakes, nearest first
    note : why nothing is given
    """

    space: str
    auc: float | None
    z: float | None
    p: float | None
    share_close: float | None
    n_exact: int
    ratio: float | None
    n_training: int
    n_fake: int
    n_held_out: int
    held_out: str
    pairs: tuple[Pair, ...]
    note: str


def nearest(
    queries: Rows,
    references: Rows,
    query_groups: Sequence[str] | None = None,
    reference_groups: Sequence[str] | None = None,
) -> tuple[Distances, Indices]:
    """Find the nearest reference of every query, of another group where groups are given.

    Candidates come from a float32 matrix product of centred rows; the closest four are measured in float64, so copies
    are at distance 0 exactly.

    Parameters
    ----------
    queries : (n, d) floats
    references : (m, d) floats, m >= 1
    query_groups, reference_groups : names; references of the query's own name do not count

    Returns
    -------
    (n,) Euclidean distances, infinite where no reference counts, and (n,) positions among the references
    """
    centre = references.mean(axis=0, dtype=np.float64).astype(references.dtype)
    x = (queries - centre).astype(np.float32, copy=False)
    y = (references - centre).astype(np.float32, copy=False)
    squares = np.einsum("ij,ij->i", y, y)
    names = np.asarray(reference_groups) if reference_groups is not None else None
    distances = np.empty(len(x))
    found = np.empty(len(x), dtype=np.intp)
    n_candidates = min(_CANDIDATES, len(y))
    for start in range(0, len(x), _BLOCK_ROWS):
        block = squares - 2.0 * (x[start : start + _BLOCK_ROWS] @ y.T)
        if names is not None and query_groups is not None:
            own = np.asarray(query_groups[start : start + _BLOCK_ROWS])
            block[own[:, None] == names[None, :]] = np.inf
        candidates = np.argpartition(block, n_candidates - 1, axis=1)[:, :n_candidates]
        for row, chosen in enumerate(candidates):
            gaps = references[chosen].astype(np.float64) - queries[start + row].astype(np.float64)
            exact = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
            exact[np.isinf(block[row, chosen])] = np.inf
            best = int(exact.argmin())
            distances[start + row], found[start + row] = exact[best], chosen[best]
    return distances, found


def compare(
    fakes: Distances, held_out: Distances
) -> tuple[float, float | None, float | None, float, float | None]:
    """Compare two samples of distances.

    Parameters
    ----------
    fakes : (n,) distances of generated patches, n >= 1
    held_out : (m,) distances of held-out real patches, m >= 1

    Returns
    -------
    auc, z, p, share_close, ratio as in Memorisation

    Source: Meehan 2020, arXiv:2004.05675, section 3 (Mann-Whitney statistic of distances to the training set).
    """
    n, m = len(fakes), len(held_out)
    ranks = stats.rankdata(np.concatenate([fakes, held_out]))
    u = float(ranks[:n].sum()) - n * (n + 1) / 2
    counts = np.unique(ranks, return_counts=True)[1].astype(float)
    total = n + m
    variance = n * m / 12 * ((total + 1) - float((counts**3 - counts).sum()) / (total * (total - 1)))
    z = (u - n * m / 2) / np.sqrt(variance) if variance > 0 else None
    low = float(np.quantile(held_out, LOW_SHARE))
    median = float(np.median(held_out))
    return (
        u / (n * m),
        None if z is None else float(z),
        None if z is None else float(stats.norm.cdf(z)),
        float((fakes < low).mean()),
        float(np.median(fakes)) / median if median > 0 else None,
    )


def assess(
    fakes: Rows,
    training: Rows,
    *,
    space: str,
    training_groups: Sequence[str] | None = None,
    held_out: Rows | None = None,
) -> Memorisation:
    """Test generated patches of one class for memorisation.

    Parameters
    ----------
    fakes : (n, d) floats
    training : (m, d) floats, what the generator was trained on
    space : what the d values are
    training_groups : m names (patients)
    held_out : (k, d) floats of patients that were not trained on; with fewer than ten of them, training patches are
        compared with those of other patients instead
    """
    if held_out is not None and len(held_out) >= MIN_HELD_OUT and len(training):
        others, _ = nearest(held_out, training)
        kind = "real patches of patients that were not trained on"
    elif training_groups and len(set(training_groups)) > 1:
        others, _ = nearest(training, training, training_groups, training_groups)
        others = others[np.isfinite(others)]
        kind = "each training patch against those of other patients"
    else:
        others, kind = np.empty(0), ""
    if len(others) < MIN_HELD_OUT or not len(fakes):
        note = (
            f"Not tested: {len(others)} real patches can stand for unseen ones (of other patients than the training "
            f"patches), at least {MIN_HELD_OUT} are needed."
        )
        return Memorisation(
            space, None, None, None, None, 0, None, len(training), len(fakes), len(others), kind, (), note
        )
    distances, found = nearest(fakes, training)
    auc, z, p, share_close, ratio = compare(distances, others)
    closest = np.argsort(distances, kind="stable")[:N_PAIRS]
    pairs = tuple(Pair(int(i), int(found[i]), float(distances[i])) for i in closest)
    n_exact = int((distances == 0).sum())
    sizes = (len(training), len(fakes), len(others))
    return Memorisation(space, auc, z, p, share_close, n_exact, ratio, *sizes, kind, pairs, "")
