"""Generated against real patches of one lesion class: repeated draws, Frechet distance with its floor, 1-NN accuracy.

The protocol is that of Haarburger 2019, section 4.1: draw equally many reals and fakes, score, repeat, average. What the
paper leaves out is stated here: how many patches the draws come from, and the same distance between two halves of the
reals (the floor), which is what a perfect generator would get at that number of patches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core import frechet, nearest_neighbours
from generation.core.errors import InputError

N_DRAWS: Final = 10  # Haarburger 2019, section 4.1: "10 different sets"
N_PER_SET: Final = 1000  # ibidem: "1000 randomly chosen real samples"
MIN_PER_SET: Final = 2  # a covariance needs two

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Draw:
    """Positions of the patches of one draw."""

    reals: Indices
    fakes: Indices
    floor: tuple[Indices, Indices]  # two disjoint halves of reals


@dataclass(frozen=True)
class DrawPlan:
    """All draws of a class, made before any feature is computed.

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
        return _union([part for draw in self.draws for part in (draw.reals, *draw.floor)])

    @property
    def fakes_needed(self) -> Indices:
        """Fakes that occur in any draw, ascending."""
        return _union([draw.fakes for draw in self.draws])


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class, averaged over draws; what is undefined is None and `note` says why."""

    n_real: int
    n_fake: int
    n_draws: int
    n_per_set: int
    n_per_set_asked: int
    n_floor: int
    distance_mean: float | None
    distance_sd: float | None
    floor_mean: float | None
    floor_sd: float | None
    knn_real: float | None
    knn_fake: float | None
    knn_overall: float | None
    knn_z: float | None  # of the mean overall accuracy, at the size of one draw
    note: str


def plan(*, n_real: int, n_fake: int, n_draws: int, n_per_set: int, rng: np.random.Generator) -> DrawPlan:
    """Decide which patches each draw holds.

    Draws are without replacement inside a draw and independent of each other. Where a set is smaller than `n_per_set`,
    all draws shrink to the smaller set; where both sets are used whole, one draw says all there is.

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
        draws.append(Draw(reals, fakes, (halves[:n_floor], halves[n_floor : 2 * n_floor])))
    return DrawPlan(n_real, n_fake, n, n_per_set, tuple(draws))


def score(
    real_features: NDArray[np.floating],
    fake_features: NDArray[np.floating],
    draw_plan: DrawPlan,
    report: Callable[[int], None] = lambda n_done: None,
) -> ClassScore:
    """Score one class.

    Parameters
    ----------
    real_features : (k, d) features of the patches at `draw_plan.reals_needed`, in that order
    fake_features : (l, d) features of the patches at `draw_plan.fakes_needed`, in that order
    report : called with the number of draws done so far
    """
    row_of_real, row_of_fake = draw_plan.reals_needed, draw_plan.fakes_needed
    distances, floors, neighbours = [], [], []
    for i, draw in enumerate(draw_plan.draws):
        reals = real_features[np.searchsorted(row_of_real, draw.reals)]
        fakes = fake_features[np.searchsorted(row_of_fake, draw.fakes)]
        distances.append(frechet.distance(reals, fakes))
        if draw_plan.n_floor >= MIN_PER_SET:
            halves = [real_features[np.searchsorted(row_of_real, half)] for half in draw.floor]
            floors.append(frechet.distance(*halves))
        neighbours.append(nearest_neighbours.leave_one_out(reals, fakes))
        report(i + 1)
    knn_overall = _mean([one.accuracy for one in neighbours])
    return ClassScore(
        n_real=draw_plan.n_real,
        n_fake=draw_plan.n_fake,
        n_draws=len(draw_plan.draws),
        n_per_set=draw_plan.n_per_set,
        n_per_set_asked=draw_plan.n_per_set_asked,
        n_floor=draw_plan.n_floor if floors else 0,
        distance_mean=_mean(distances),
        distance_sd=_sd(distances),
        floor_mean=_mean(floors),
        floor_sd=_sd(floors),
        knn_real=_mean([one.real_accuracy for one in neighbours]),
        knn_fake=_mean([one.fake_accuracy for one in neighbours]),
        knn_overall=knn_overall,
        knn_z=None
        if knn_overall is None
        else nearest_neighbours.z_against_half(knn_overall, 2 * draw_plan.n_per_set),
        note=_note(draw_plan, n_features=real_features.shape[1]),
    )


def _note(draw_plan: DrawPlan, *, n_features: int) -> str:
    """Say what limits the scores, in whole sentences."""
    n, asked = draw_plan.n_per_set, draw_plan.n_per_set_asked
    if not draw_plan.draws:
        return f"Not scored: {draw_plan.n_real} reals and {draw_plan.n_fake} fakes, at least {MIN_PER_SET} of each are needed."
    said = []
    if n < asked:
        said.append(f"{n} patches per set, as many as there are; {asked} were asked for.")
    if n == draw_plan.n_real == draw_plan.n_fake:
        said.append("Every patch is used, so there is one draw and no SD.")
    elif n in (draw_plan.n_real, draw_plan.n_fake):
        whole = "real" if n == draw_plan.n_real else "fake"
        said.append(f"Every draw holds the same {n} {whole} patches, so the SD leaves out their scatter.")
    elif n > draw_plan.n_real / 2:
        said.append(
            f"Two draws share {n / draw_plan.n_real:.0%} of their reals, so the SD is smaller than between new sets."
        )
    if draw_plan.n_floor < MIN_PER_SET:
        said.append("Too few reals for a floor.")
    elif draw_plan.n_floor < n:
        said.append(f"The floor is between sets of {draw_plan.n_floor} and would be lower at {n}.")
    if n <= n_features:
        said.append(
            f"{n} patches for {n_features} features: the distance is biased upwards; read it against the floor."
        )
    return " ".join(said)


def _union(parts: list[Indices]) -> Indices:
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.intp)


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _sd(values: list[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
