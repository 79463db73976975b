"""Laws of accuracy, intervals, Frechet distance and 1-NN on generated inputs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.core import frechet, table3
from evaluation.core.accuracy import tabulate
from evaluation.core.nearest_neighbours import leave_one_out
from evaluation.core.proportions import BalancedAccuracy, Difference, Proportion
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow, read_rows, write_rows

SWAPPED = {"real": "fake", "fake": "real", "": ""}


@st.composite
def proportions(draw: st.DrawFn, min_n: int = 1) -> Proportion:
    n = draw(st.integers(min_n, 400))
    return Proportion(draw(st.integers(0, n)), n)


@st.composite
def trial_rows(draw: st.DrawFn, phase: str = TEST) -> list[TrialRow]:
    cells = st.tuples(
        st.sampled_from(["R01", "R02", "R10"]),
        st.sampled_from(["real", "dcgan", "wgan", "other-gan"]),
        st.sampled_from(["benign", "malignant", "no_findings"]),
        st.sampled_from(["real", "fake", ""]),
    )
    drawn = draw(st.lists(cells, max_size=40))
    return [
        TrialRow(reader, "", f"{phase}{i}", origin, tissue, phase, i, answer, None, None)
        for i, (reader, origin, tissue, answer) in enumerate(drawn)
    ]


@settings(deadline=None)  # a busy machine is no counterexample
@given(proportions(), st.sampled_from(["wilson", "clopper-pearson"]), st.floats(0.5, 0.999))
def test_interval_contains_the_estimate(proportion: Proportion, method: str, level: float) -> None:
    limits = proportion.interval(method, level)  # type: ignore[arg-type]
    assert limits is not None
    assert proportion.fraction is not None
    assert 0 <= limits.low <= proportion.fraction <= limits.high <= 1


@settings(deadline=None)
@given(proportions())
def test_exact_p_is_symmetric_and_a_probability(proportion: Proportion) -> None:
    p, mirrored = (
        proportion.p_chance(),
        Proportion(proportion.n - proportion.n_correct, proportion.n).p_chance(),
    )
    assert p is not None
    assert mirrored is not None
    assert 0 < p <= 1
    assert abs(p - mirrored) < 1e-9


@settings(deadline=None)
@given(proportions(), proportions())
def test_difference_and_balance_lie_in_their_intervals_and_mirror(
    first: Proportion, second: Proportion
) -> None:
    for estimate, limits in (
        (Difference(first, second).estimate, Difference(first, second).interval()),
        (BalancedAccuracy(first, second).estimate, BalancedAccuracy(first, second).interval()),
    ):
        assert estimate is not None
        assert limits is not None
        assert limits.low - 1e-12 <= estimate <= limits.high + 1e-12
    there, back = Difference(first, second), Difference(second, first)
    assert abs(there.interval().low + back.interval().high) < 1e-12  # type: ignore[union-attr]
    assert abs(there.test().p - back.test().p) < 1e-9  # type: ignore[union-attr]


@settings(deadline=None)
@given(trial_rows(), st.randoms(use_true_random=False))
def test_row_order_is_irrelevant(rows: list[TrialRow], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert list(table3.csv_lines(tabulate(rows))) == list(table3.csv_lines(tabulate(shuffled)))


@settings(deadline=None)
@given(trial_rows(), trial_rows(phase=WARM_UP))
def test_warm_up_never_matters(rows: list[TrialRow], warm_up: list[TrialRow]) -> None:
    assert list(table3.csv_lines(tabulate(rows))) == list(table3.csv_lines(tabulate([*warm_up, *rows])))


@settings(deadline=None)
@given(trial_rows())
def test_relabelling_readers_and_generators_moves_numbers_along(rows: list[TrialRow]) -> None:
    new_reader = {"R01": "Z", "R02": "M", "R10": "A"}
    new_origin = {"real": "real", "dcgan": "zeta", "wgan": "beta", "other-gan": "dcgan"}
    renamed = [
        TrialRow(
            new_reader[r.reader],
            "",
            r.case,
            new_origin[r.origin],
            r.tissue,
            r.phase,
            r.order,
            r.answer,
            None,
            None,
        )
        for r in rows
    ]
    before, after = tabulate(rows), tabulate(renamed)
    for reader in before.readers:
        for origin in before.origins:
            assert before.proportion(reader.name, origin) == after.proportion(
                new_reader[reader.name], new_origin[origin]
            )
        assert before.proportion(reader.name) == after.proportion(new_reader[reader.name])


@settings(deadline=None)
@given(trial_rows())
def test_the_csv_carries_everything(rows: list[TrialRow]) -> None:
    again = read_rows(write_rows(rows))
    assert list(table3.csv_lines(tabulate(rows))) == list(table3.csv_lines(tabulate(again)))


@settings(deadline=None)
@given(trial_rows())
def test_opposite_answers_give_the_complement(rows: list[TrialRow]) -> None:
    opposite = [
        TrialRow(r.reader, "", r.case, r.origin, r.tissue, r.phase, r.order, SWAPPED[r.answer], None, None)
        for r in rows
    ]
    before, after = tabulate(rows), tabulate(opposite)
    for reader in before.readers:
        here, there = before.proportion(reader.name), after.proportion(reader.name)
        assert here.n == there.n == here.n_correct + there.n_correct


@settings(deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_frechet_distance_is_a_distance(n: int, m: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, d)), 2 * rng.standard_normal((m, d)) + 1
    there, back = frechet.distance(a, b), frechet.distance(b, a)
    assert there >= 0
    assert abs(there - back) <= 1e-10 * (1 + there)
    assert frechet.distance(a, a) <= 1e-10 * (1 + (a**2).sum())
    assert abs(frechet.distance(a, rng.permutation(a))) <= 1e-10 * (1 + (a**2).sum())


@settings(deadline=None)
@given(st.integers(2, 20), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_neighbours_do_not_mind_order_shift_or_swap(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # small integers: many exact ties, and shifting them is exact
    a, b = rng.integers(0, 4, (n, d)).astype(float), rng.integers(0, 4, (n, d)).astype(float)
    one = leave_one_out(a, b)
    for other in (leave_one_out(rng.permutation(a), rng.permutation(b)), leave_one_out(a + 64, b + 64)):
        assert (round(other.real_accuracy, 9), round(other.fake_accuracy, 9), other.n_ties) == (
            round(one.real_accuracy, 9),
            round(one.fake_accuracy, 9),
            one.n_ties,
        )
    swapped = leave_one_out(b, a)
    assert round(swapped.real_accuracy, 9) == round(one.fake_accuracy, 9)
