"""Laws of the reader analyses on generated trials: what may not matter does not, and mirrors mirror."""

from dataclasses import replace

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.core import agreement, case_table, confusion, logit, order_effects, reader_records
from evaluation.core.confusion import Confusion
from evaluation.core.groups import permutation_test, welch_test
from evaluation.core.many_raters import fleiss_kappa, gwet_ac1, krippendorff_alpha
from evaluation.core.paired_readers import PairedCounts, cochran_q, pair
from evaluation.core.readings import Readings, collect
from evaluation.core.records import Record
from evaluation.core.signal_detection import d_prime_difference, detect
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow

READERS = ("R1", "R2", "R10")
ORIGINS = ("real", "dcgan", "wgan")
OPPOSITE = {"real": "fake", "fake": "real", "": ""}
counts = st.integers(0, 60)
pairs = st.lists(st.tuples(st.sampled_from(["real", "fake"]), st.sampled_from(["real", "fake"])), max_size=40)
few = settings(deadline=None, max_examples=25)  # each example runs every analysis
usual = settings(deadline=None)  # a busy machine is no counterexample


@st.composite
def studies(draw: st.DrawFn, phase: str = TEST) -> list[TrialRow]:
    """Readers who judge the same cases in orders of their own, with holes, confidence, times, checks and repeats."""
    n_cases = draw(st.integers(1, 12))
    truths = [draw(st.sampled_from(ORIGINS)) for _ in range(n_cases)]
    rows = []
    for reader in READERS[: draw(st.integers(1, 3))]:
        shown = draw(st.permutations(range(n_cases)))[: draw(st.integers(1, n_cases))]
        roles = ["first"] * len(shown) + ["repeat"] * draw(st.integers(0, len(shown)))
        for order, (case, role) in enumerate(zip([*shown, *shown], roles, strict=False), start=1):
            answer = draw(st.sampled_from(["real", "fake", "fake", ""]))
            rows.append(
                TrialRow(
                    reader=reader,
                    group="ab"[len(reader) % 2],
                    case=f"{phase}-{case}",
                    origin=truths[case],
                    tissue=("benign", "malignant")[case % 2],
                    phase=phase,
                    order=order,
                    answer=answer,
                    confidence=draw(st.integers(1, 3)) if answer else None,
                    rt_ms=draw(st.integers(100, 5000)),
                    extra={"role": role},
                )
            )
    return rows


def records_of(rows: list[TrialRow]) -> list[Record]:
    return list(reader_records.of_readings(collect(rows, 3), np.random.default_rng(0), n_replicates=20))


def numbers_of(readings: Readings) -> dict[tuple[str, ...], object]:
    """Numbers that belong to names: of readers, of pairs of readers, and of generators."""
    found: dict[tuple[str, ...], object] = {}
    names = [reader.name for reader in readings.readers]
    for name in names:
        for generator in readings.generators:
            found["d'", name, generator] = detect(
                confusion.of_reader(readings, name, generator)
            ).d_prime.value
        found["c", name] = detect(confusion.of_reader(readings, name)).criterion.value
        found["slope", name] = order_effects.of_reader(readings, name).learning.estimate.value
        for other in names:
            found["kappa", name, other] = agreement.of_readers(readings, name, other).kappa.value
            found["p", name, other] = pair(readings, name, other).test().p
    return found


@few
@given(studies(), st.randoms(use_true_random=False))
def test_row_order_is_irrelevant(rows: list[TrialRow], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert records_of(rows) == records_of(shuffled)
    assert list(case_table.csv_lines(case_table.tabulate(collect(rows)))) == list(
        case_table.csv_lines(case_table.tabulate(collect(shuffled)))
    )


@few
@given(studies(), studies(phase=WARM_UP))
def test_warm_up_never_matters(rows: list[TrialRow], warm_up: list[TrialRow]) -> None:
    def analysed(every: list[TrialRow]) -> list[Record]:
        return [one for one in records_of(every) if not one.analysis.startswith("flow_")]

    assert analysed(rows) == analysed([*warm_up, *rows])


@usual
@given(studies(), st.sampled_from(["real", "fake", ""]))
def test_attention_checks_never_matter(rows: list[TrialRow], answer: str) -> None:
    checks = [
        replace(rows[0], reader=reader, case="x", order=1000 + i, answer=answer, extra={"role": "check"})
        for i, reader in enumerate({row.reader for row in rows})
    ]
    before, after = collect(rows), collect([*rows, *checks])
    assert before.first == after.first
    assert before.cases == after.cases
    assert case_table.tabulate(before) == case_table.tabulate(after)


@usual
@given(studies())
def test_relabelling_moves_numbers_along(rows: list[TrialRow]) -> None:
    reader_of = {"R1": "Z", "R2": "M", "R10": "A"}
    origin_of = {"real": "real", "dcgan": "zeta", "wgan": "beta"}
    renamed = [
        replace(row, reader=reader_of[row.reader], origin=origin_of[row.origin], case=f"9{row.case}")
        for row in rows
    ]
    new_name = {**reader_of, **origin_of, "d'": "d'", "c": "c", "slope": "slope", "kappa": "kappa", "p": "p"}
    before, after = numbers_of(collect(rows)), numbers_of(collect(renamed))
    moved = {tuple(new_name[part] for part in key): value for key, value in before.items()}
    assert moved.keys() == after.keys()
    for key, value in moved.items():
        assert (value is None) == (after[key] is None), key
        assert value is None or value == pytest.approx(after[key], abs=1e-9), key


@usual
@given(counts, counts, counts, counts)
def test_swapping_real_and_fake_keeps_d_prime_and_turns_the_criterion(a: int, b: int, c: int, d: int) -> None:
    here = detect(Confusion(n_hits=a, n_misses=b, n_false_alarms=c, n_correct_rejections=d))
    there = detect(Confusion(n_hits=d, n_misses=c, n_false_alarms=b, n_correct_rejections=a))
    if here.d_prime.value is None:
        assert there.d_prime.value is None
        return
    assert there.d_prime.value == pytest.approx(here.d_prime.value, abs=1e-9)
    assert there.d_prime.se == pytest.approx(here.d_prime.se)
    assert there.criterion.value == pytest.approx(-here.criterion.value, abs=1e-9)  # type: ignore[operator]
    assert there.a_prime.value == pytest.approx(here.a_prime.value)


@usual
@given(counts, counts, counts, counts)
def test_opposite_answers_turn_d_prime(a: int, b: int, c: int, d: int) -> None:
    here, there = detect(Confusion(a, b, c, d)), detect(Confusion(b, a, d, c))
    assume(here.d_prime.value is not None)
    assert there.d_prime.value == pytest.approx(-here.d_prime.value, abs=1e-9)  # type: ignore[operator]
    assert there.a_prime.value == pytest.approx(1 - here.a_prime.value)  # type: ignore[operator]


@usual
@given(st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_a_constant_reader_is_at_chance(n_fakes: int, n_reals: int, says_fake: bool) -> None:
    constant = Confusion(n_fakes, 0, n_reals, 0) if says_fake else Confusion(0, n_fakes, 0, n_reals)
    assert detect(constant).d_prime.value == 0.0


@usual
@given(pairs)
def test_agreement_does_not_mind_swaps(given_pairs: list[tuple[str, str]]) -> None:
    here = agreement.agreement(given_pairs)
    opposite = agreement.agreement([(OPPOSITE[a], OPPOSITE[b]) for a, b in given_pairs])
    exchanged = agreement.agreement([(b, a) for a, b in given_pairs])
    for there in (opposite, exchanged):
        for name in ("observed", "kappa", "pabak", "ac1"):
            one, other = getattr(here, name), getattr(there, name)
            assert (one.value is None) == (other.value is None)
            assert one.value is None or one.value == pytest.approx(other.value)
            assert one.se is None or one.se == pytest.approx(other.se, abs=1e-9)
    assert here.on_fake.value == opposite.on_real.value


@usual
@given(pairs)
def test_agreement_lies_in_its_intervals(given_pairs: list[tuple[str, str]]) -> None:
    found = agreement.agreement(given_pairs)
    for name in ("observed", "kappa", "pabak", "ac1", "on_fake", "on_real"):
        one = getattr(found, name)
        if one.interval is not None:
            assert -1 <= one.interval.low <= one.value + 1e-12
            assert one.value - 1e-12 <= one.interval.high <= 1


@usual
@given(counts, counts, counts, counts)
def test_paired_readers_mirror_and_lie_in_their_interval(a: int, b: int, c: int, d: int) -> None:
    here, there = PairedCounts(a, b, c, d), PairedCounts(a, c, b, d)
    found, mirrored = here.difference(), there.difference()
    assume(found.interval is not None)
    assert found.interval.low - 1e-12 <= found.value <= found.interval.high + 1e-12  # type: ignore
    assert found.interval.low == pytest.approx(-mirrored.interval.high, abs=1e-9)  # type: ignore[union-attr]
    assert here.test().p == pytest.approx(there.test().p)
    assert 0 < here.mid_p().p <= 1  # type: ignore[operator]
    if b + c < 25:
        assert here.mid_p().p <= here.test().p + 1e-12  # type: ignore[operator]


@usual
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_cochran_of_two_readers_is_mcnemar(rows: list[tuple[bool, bool]]) -> None:
    b, c = rows.count((True, False)), rows.count((False, True))
    found = cochran_q(rows)
    assert found.statistic == (pytest.approx((b - c) ** 2 / (b + c)) if b + c else None)


@usual
@given(
    st.integers(1, 25), st.integers(2, 5), st.sampled_from(["nominal", "ordinal"]), st.integers(0, 2**32 - 1)
)
def test_alpha_is_that_of_the_package(n: int, n_raters: int, scale: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 4, (n_raters, n)).astype(float)
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    table = np.array([[(column == j).sum() for j in range(4)] for column in ratings.T], float)
    pairable = table[table.sum(1) >= 2]
    found = krippendorff_alpha(table, rng, scale=scale, n_replicates=2)  # type: ignore[arg-type]
    if (pairable.sum(0) > 0).sum() < 2:
        assert found.value is None
    else:
        expected = krippendorff.alpha(
            value_counts=table, value_domain=np.arange(4), level_of_measurement=scale
        )
        assert found.value == pytest.approx(expected, abs=1e-9)


@usual
@given(st.integers(2, 25), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_alpha_and_fleiss_differ_by_the_small_sample_factor(n: int, n_raters: int, seed: int) -> None:
    # complete nominal ratings: 1 - alpha = (1 - kappa) (N r - 1) / (N r)
    rng = np.random.default_rng(seed)
    ones = rng.integers(0, n_raters + 1, n).astype(float)
    table = np.column_stack([ones, n_raters - ones])
    kappa = fleiss_kappa(table, rng, n_replicates=2).value
    alpha = krippendorff_alpha(table, rng, n_replicates=2).value
    assume(kappa is not None and alpha is not None)
    total = n * n_raters
    assert 1 - alpha == pytest.approx((1 - kappa) * (total - 1) / total)  # type: ignore[operator]
    assert gwet_ac1(table).value is not None


@usual
@given(counts, counts, counts, counts, counts, counts)
def test_generators_mirror(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    one, other = Confusion(a, b, e, f), Confusion(c, d, e, f)
    there, back = d_prime_difference(one, other), d_prime_difference(other, one)
    assume(there.value is not None)
    assert there.value == pytest.approx(-back.value, abs=1e-9)  # type: ignore[operator]
    assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-9)  # type: ignore[union-attr]


@usual
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_groups_mirror_and_p_is_a_probability(first: list[float], second: list[float]) -> None:
    there, back = permutation_test(first, second), permutation_test(second, first)
    assert 0 < there.p <= 1  # type: ignore[operator]
    assert there.p == back.p
    (one, welch), (other, mirrored) = welch_test(first, second), welch_test(second, first)
    assert one.value == pytest.approx(-other.value, abs=1e-12)  # type: ignore[operator]
    assert (welch.p is None) == (mirrored.p is None)
    if one.interval is not None:
        assert one.interval.low <= one.value <= one.interval.high  # type: ignore[operator]


@usual
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=30))
def test_logit_is_finite_or_says_why(rows: list[tuple[bool, int]]) -> None:
    found = logit.fit([y for y, _ in rows], {"x": [float(x) for _, x in rows]})["x"].estimate
    opposite = logit.fit([not y for y, _ in rows], {"x": [float(x) for _, x in rows]})["x"].estimate
    if found.value is None:
        assert found.note == opposite.note != ""
    else:
        assert opposite.value == pytest.approx(-found.value, abs=1e-6)
