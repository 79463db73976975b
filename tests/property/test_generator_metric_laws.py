"""Laws of the generator metrics on generated inputs: a set against itself, swaps, order, shifts and copies."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evaluation.core import (
    class_fidelity,
    coherence,
    diversity,
    frame_statistics,
    frechet,
    kernel_distance,
    kinetics,
    manifold,
    memorisation,
)
from evaluation.core.draws import plan
from evaluation.core.nearest_neighbours import leave_one_out
from generation.core.frames import SUB, assemble

seeds = st.integers(0, 2**32 - 1)


def make_sets(n: int, m: int, d: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), 1.5 * rng.standard_normal((m, d)) + 0.5


def make_patches(n: int, seed: int) -> NDArray[np.int16]:
    return assemble(np.random.default_rng(seed).integers(0, 1024, (n, 6, 64, 64), dtype=np.int16))


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(1, 60), seeds)
def test_frechet_distance_of_a_set_with_itself_is_zero(n: int, d: int, seed: int) -> None:
    a, _ = make_sets(n, 2, d, seed)
    assert frechet.distance(a, a) <= 1e-10 * (1 + (a**2).sum())


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 60), seeds)
def test_frechet_distance_is_symmetric_and_turns_with_the_features(n: int, m: int, d: int, seed: int) -> None:
    a, b = make_sets(n, m, d, seed)
    there = frechet.distance(a, b)
    assert abs(there - frechet.distance(b, a)) <= 1e-9 * (1 + there)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    assert abs(there - frechet.distance(a @ turn + 3, b @ turn + 3)) <= 1e-8 * (1 + there + d)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 40), seeds)
def test_two_halves_of_one_set_are_near_one_half(d: int, seed: int) -> None:
    points = np.random.default_rng(seed).standard_normal((600, d))
    found = leave_one_out(points[:300], points[300:])
    # accuracy of 600 points: standard error below sqrt(2) * .5 / sqrt(600) = .029, for neighbours that are mutual
    assert abs(found.accuracy - 0.5) < 6 * 0.029


@settings(deadline=None)
@given(st.integers(4, 20), st.integers(4, 20), st.integers(1, 8), seeds)
def test_kernel_distance_is_symmetric_and_ignores_order(n: int, m: int, d: int, seed: int) -> None:
    a, b = make_sets(n, m, d, seed)
    there, back = kernel_distance.between_sets(a, b), kernel_distance.between_sets(b, a)
    assert np.isclose(there.estimate, back.estimate)
    assert np.isclose(there.se, back.se)
    rng = np.random.default_rng(seed)
    shuffled = kernel_distance.between_sets(rng.permutation(a), rng.permutation(b))
    assert np.isclose(shuffled.estimate, there.estimate)
    low, high = there.interval()
    assert low <= there.estimate <= high
    own = [str(i) for i in range(n)]
    assert np.isclose(kernel_distance.between_sets(a, b, own).se, there.se)


@settings(deadline=None)
@given(st.integers(6, 25), st.integers(6, 25), st.integers(1, 6), seeds)
def test_swapping_the_sets_swaps_precision_and_recall(n: int, m: int, d: int, seed: int) -> None:
    a, b = make_sets(n, m, d, seed)
    there, back = manifold.between_sets(a, b), manifold.between_sets(b, a)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert there.density >= 0
    for share in (there.precision, there.recall, there.coverage):
        assert 0 <= share <= 1
    itself = manifold.between_sets(a, a)
    assert (itself.precision, itself.recall, itself.coverage) == (1, 1, 1)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), seeds)
def test_memorisation_statistic_is_a_probability_and_its_complement(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 8, n).astype(float), rng.integers(0, 8, m).astype(float)  # ties
    there, back = memorisation.compare(x, y), memorisation.compare(y, x)
    assert 0 <= there[0] <= 1
    assert np.isclose(there[0] + back[0], 1)
    assert (there[1] is None) == (back[1] is None)
    assert there[1] is None or np.isclose(there[1], -back[1])  # type: ignore[operator]


@settings(deadline=None, max_examples=20)
@given(st.integers(12, 40), seeds)
def test_copies_are_never_farther_than_unseen_reals(n: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((n, 5))
    found = memorisation.assess(rows, rows, space="x", training_groups=[str(i // 2) for i in range(n)])
    assert (found.auc, found.n_exact) == (0.0, n)


@settings(deadline=None, max_examples=15)
@given(seeds, st.integers(-200, 200))
def test_frames_shift_sharpness_and_likeness(seed: int, shift: int) -> None:
    patches = make_patches(3, seed)
    frame = patches[:, 0]
    moved = frame_statistics.grey_level_distance(frame.clip(200, 800), frame.clip(200, 800) + shift)
    assert np.isclose(moved, abs(shift))
    assert np.isclose(frame_statistics.sharpness(frame), frame_statistics.sharpness(frame[:, ::-1, ::-1]))
    alike = diversity.ms_ssim(patches.astype(float), patches[::-1].astype(float))
    assert (alike <= 1 + 1e-9).all()
    assert np.allclose(alike, alike[::-1])


@settings(deadline=None, max_examples=15)
@given(seeds, st.integers(0, 400))
def test_assembled_patches_are_coherent_and_an_offset_shows(seed: int, offset: int) -> None:
    patches = make_patches(2, seed).astype(np.int32)
    patches[:, SUB] += offset
    found = coherence.of_subtraction(patches)
    assert found is not None
    assert np.isclose(found.mean, offset)


@settings(deadline=None, max_examples=15)
@given(seeds, seeds)
def test_kinetics_of_a_set_against_itself_and_swapped(first: int, second: int) -> None:
    a, b = kinetics.measure(make_patches(6, first)), kinetics.measure(make_patches(6, second))
    rng = np.random.default_rng(first)
    there, back = kinetics.compare(a, b, rng), kinetics.compare(b, a, rng)
    assert there.wasserstein == back.wasserstein
    assert there.type_distance == back.type_distance
    itself = kinetics.compare(a, a, rng)
    assert set(itself.wasserstein.values()) == {0.0}
    assert sum(a.type_counts.values()) + a.n_dark == 6


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 4), st.integers(2, 40), seeds)
def test_draws_hold_equally_many_and_floors_are_disjoint(
    n_real: int, n_fake: int, n_draws: int, n_per_set: int, seed: int
) -> None:
    made = plan(
        n_real=n_real,
        n_fake=n_fake,
        n_draws=n_draws,
        n_per_set=n_per_set,
        rng=np.random.default_rng(seed),
        patients=[f"P{i % 3}" for i in range(n_real)],
    )
    for draw in made.draws:
        assert len(set(draw.reals)) == len(set(draw.fakes)) == made.n_per_set
        for halves in (draw.floor, draw.patient_floor):
            assert halves is None or (
                len(halves[0]) == len(halves[1]) and not set(halves[0]) & set(halves[1])
            )


@settings(deadline=None, max_examples=15)
@given(seeds)
def test_classifier_does_not_mind_row_order_or_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((40, 5)), np.repeat([0, 1], 20)
    x[y == 1] += 2
    order = rng.permutation(40)
    one = class_fidelity.fit(x, y, 2).classify(x)
    other = class_fidelity.fit(x[order] * 10 + 3, y[order], 2).classify(x * 10 + 3)
    assert (one != other).sum() <= 1  # a patch on the boundary may fall to either side
