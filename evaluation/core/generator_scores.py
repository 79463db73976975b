"""Generated against real patches of one lesion class, from their features.

The protocol is that of Haarburger 2019, section 4.1: draw equally many reals and fakes, score, repeat, average. What the
paper leaves out is stated here: how many patches the draws come from, the same distance between two parts of the reals
(the floor), which is what a perfect generator would get at that number of patches, what remains of the distance at
infinitely many patches, and a kernel distance, whose expectation does not depend on their number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.core import extrapolation, frechet, kernel_distance, manifold, nearest_neighbours
from evaluation.core.draws import MIN_PER_SET, DrawPlan, Indices

N_FLOORS: Final = 5  # kernel distances between halves of the reals

Features = NDArray[np.floating]


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class; means are over draws; what is undefined is None and `note` says why.

    Parameters
    ----------
    floor_mean : Frechet distance between two disjoint halves of the reals
    patient_floor : the same between parts of the reals that share no patient, of `n_patient_floor` patches each
    distance_infinite, floor_infinite : distance and floor extrapolated to infinitely many patches
    kid, kid_low, kid_high : kernel distance of all patches drawn, 95 % jackknife interval over patients and fakes
    kid_floor : mean kernel distance between halves of the reals; its expectation is 0
    knn_z : of the mean overall accuracy, at the size of one draw
    precision, recall, density, coverage : see manifold.py, which states k
    coverage_expected : coverage of fakes from the distribution of the reals
    """

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
    knn_z: float | None
    note: str
    patient_floor: float | None = None
    n_patient_floor: int = 0
    distance_infinite: float | None = None
    distance_infinite_se: float | None = None
    floor_infinite: float | None = None
    kid: float | None = None
    kid_low: float | None = None
    kid_high: float | None = None
    kid_floor: float | None = None
    precision: float | None = None
    recall: float | None = None
    density: float | None = None
    coverage: float | None = None
    coverage_expected: float | None = None


def score(
    real_features: Features,
    fake_features: Features,
    draw_plan: DrawPlan,
    report: Callable[[int], None] = lambda n_done: None,
) -> ClassScore:
    """Score one class by the draws alone.

    Parameters
    ----------
    real_features : (k, d) features of the patches at `draw_plan.reals_needed`, in that order
    fake_features : (l, d) features of the patches at `draw_plan.fakes_needed`, in that order
    report : called with the number of draws done so far
    """
    found = _Found([], [], [], [], [])
    row_of_real, row_of_fake = draw_plan.reals_needed, draw_plan.fakes_needed

    def real_rows(positions: Indices) -> Features:
        return real_features[np.searchsorted(row_of_real, positions)]

    n_apart = 0
    for i, draw in enumerate(draw_plan.draws):
        reals, fakes = real_rows(draw.reals), fake_features[np.searchsorted(row_of_fake, draw.fakes)]
        found.distances.append(frechet.distance(reals, fakes))
        if draw_plan.n_floor >= MIN_PER_SET:
            found.floors.append(frechet.distance(*(real_rows(half) for half in draw.floor)))
        if draw.patient_floor is not None:
            found.apart.append(frechet.distance(*(real_rows(part) for part in draw.patient_floor)))
            n_apart += len(draw.patient_floor[0])
        found.neighbours.append(nearest_neighbours.leave_one_out(reals, fakes))
        if draw_plan.n_per_set > manifold.K_DENSITY:
            found.manifolds.append(manifold.between_sets(reals, fakes))
        report(i + 1)
    scores = _averaged(found, draw_plan, _note(draw_plan, n_features=real_features.shape[1]))
    return replace(scores, n_patient_floor=round(n_apart / len(found.apart)) if found.apart else 0)


def score_all(
    scores: ClassScore,
    real_features: Features,
    fake_features: Features,
    rng: np.random.Generator,
    *,
    patients: Sequence[str] = (),
) -> ClassScore:
    """Add what is computed from all patches drawn: the extrapolated distances and the kernel distance.

    Parameters
    ----------
    scores : of the draws
    real_features, fake_features : as for `score`
    rng : draws subsets
    patients : names of the reals' patients, in the order of `real_features`; empty if unknown
    """
    infinite = extrapolation.between_sets(real_features, fake_features, rng)
    floor = extrapolation.floor(real_features, rng)
    notes = [scores.note, infinite.note]
    if floor.note and infinite.estimate is not None and (floor.estimate is None or not infinite.note):
        notes.append(f"Its floor: {floor.note[0].lower()}{floor.note[1:]}")
    scores = replace(
        scores,
        distance_infinite=infinite.estimate,
        distance_infinite_se=infinite.fit_se,
        floor_infinite=floor.estimate,
    )
    reals = rng.permutation(len(real_features))[: kernel_distance.MAX_ROWS]
    fakes = rng.permutation(len(fake_features))[: kernel_distance.MAX_ROWS]
    names = [patients[i] for i in reals] if patients else None
    if not kernel_distance.is_defined(len(reals), len(fakes), names):
        notes.append("Too few patches or patients for a kernel distance.")
    else:
        kid = kernel_distance.between_sets(real_features[reals], fake_features[fakes], names)
        low, high = kid.interval()
        scores = replace(scores, kid=kid.estimate, kid_low=low, kid_high=high)
        if not names:
            notes.append(
                "The interval of the kernel distance takes reals as independent, because their patients are unknown."
            )
    if len(reals) >= 2 * kernel_distance.MIN_ROWS:
        floors = [_kernel_floor(real_features[rng.permutation(reals)]) for _ in range(N_FLOORS)]
        scores = replace(scores, kid_floor=float(np.mean(floors)))
    elif scores.kid is not None:
        notes.append("Too few reals for a floor of the kernel distance.")
    return replace(scores, note=" ".join(note for note in notes if note))


@dataclass(frozen=True)
class _Found:
    """What the draws gave."""

    distances: list[float]
    floors: list[float]
    apart: list[float]
    neighbours: list[nearest_neighbours.OneNearestNeighbour]
    manifolds: list[manifold.ManifoldScores]


def _averaged(found: _Found, draw_plan: DrawPlan, note: str) -> ClassScore:
    n = draw_plan.n_per_set
    overall = _mean([one.accuracy for one in found.neighbours])
    return ClassScore(
        n_real=draw_plan.n_real,
        n_fake=draw_plan.n_fake,
        n_draws=len(draw_plan.draws),
        n_per_set=n,
        n_per_set_asked=draw_plan.n_per_set_asked,
        n_floor=draw_plan.n_floor if found.floors else 0,
        distance_mean=_mean(found.distances),
        distance_sd=_sd(found.distances),
        floor_mean=_mean(found.floors),
        floor_sd=_sd(found.floors),
        knn_real=_mean([one.real_accuracy for one in found.neighbours]),
        knn_fake=_mean([one.fake_accuracy for one in found.neighbours]),
        knn_overall=overall,
        knn_z=None if overall is None else nearest_neighbours.z_against_half(overall, 2 * n),
        note=note,
        patient_floor=_mean(found.apart),
        precision=_mean([one.precision for one in found.manifolds]),
        recall=_mean([one.recall for one in found.manifolds]),
        density=_mean([one.density for one in found.manifolds]),
        coverage=_mean([one.coverage for one in found.manifolds]),
        coverage_expected=manifold.expected_coverage(n, n) if found.manifolds else None,
    )


def _kernel_floor(reals: Features) -> float:
    half = len(reals) // 2
    return kernel_distance.between_sets(reals[:half], reals[half : 2 * half]).estimate


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
    if all(draw.patient_floor is None for draw in draw_plan.draws):
        said.append("No floor between patients, because they are too few or unknown.")
    if n <= manifold.K_DENSITY:
        said.append(f"Precision, recall, density and coverage need more than {manifold.K_DENSITY} patches.")
    if n <= n_features:
        said.append(
            f"{n} patches for {n_features} features: the distance is biased upwards; read it against the floor."
        )
    return " ".join(said)


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _sd(values: list[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
