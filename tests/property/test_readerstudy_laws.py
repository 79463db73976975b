"""Laws of reader studies that hold for every input."""

import csv
import string
from collections import Counter
from itertools import accumulate, combinations, groupby, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.core.labels import LESION_CLASSES
from readerstudy.core import attention, panel, randomization
from readerstudy.core.draw import Supply, draw_cases
from readerstudy.core.errors import Refused
from readerstudy.core.protocol import Protocol, from_json, spread_warm_up
from readerstudy.core.session_state import Phase, Role, SessionState, Step, advance
from readerstudy.core.trial_csv import TrialRow, read_rows, write_rows

SEEDS = st.integers(0, 2**62)
IDS = st.lists(st.text(string.hexdigits.lower(), min_size=1, max_size=16), unique=True, max_size=60)
STRATA = st.dictionaries(
    st.text(string.hexdigits.lower(), min_size=1, max_size=16),
    st.tuples(st.sampled_from(["real", "dcgan", "gan-9"]), st.sampled_from(list(LESION_CLASSES))),
    max_size=60,
)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20
)


@given(SEEDS, STRATA, st.sampled_from(list(randomization.ALGORITHMS)), st.randoms(use_true_random=False))
def test_every_order_is_a_permutation_that_ignores_how_cases_come_in(seed, strata, algorithm, shuffler):
    order = randomization.order(seed, strata, algorithm=algorithm)
    assert sorted(order) == sorted(strata)
    other_way = list(strata.items())
    shuffler.shuffle(other_way)
    assert order == randomization.order(seed, dict(other_way), algorithm=algorithm)


@given(SEEDS, STRATA)
def test_every_quarter_holds_the_planned_mix(seed, strata):
    order = randomization.strata_order(seed, strata)
    length, n_longer = divmod(len(order), 4)
    assert any(
        is_even([strata[case_id] for case_id in order[start:end]] for start, end in pairwise(ends))
        for longer in combinations(range(4), n_longer)  # which quarters are longer by one is random
        for ends in [[0, *accumulate(length + (quarter in longer) for quarter in range(4))]]
    )


def is_even(quarters):
    """Whether no stratum and no source differs by more than one case between quarters."""
    quarters = list(quarters)
    counts = [Counter(quarter) + Counter(source for source, _ in quarter) for quarter in quarters]
    kinds = set().union(*counts)
    return all(max(c[kind] for c in counts) - min(c[kind] for c in counts) <= 1 for kind in kinds)


@given(SEEDS, SEEDS)
def test_another_seed_gives_another_order(seed, other):
    strata = {f"c{i}": ("real" if i % 2 else "dcgan", "benign") for i in range(40)}
    is_equal = randomization.strata_order(seed, strata) == randomization.strata_order(other, strata)
    assert is_equal == (seed == other)


@given(SEEDS, IDS, st.data())
def test_leaving_out_cases_keeps_the_rank_order_of_the_others(seed, ids, data):
    kept = set(data.draw(st.lists(st.sampled_from(ids), unique=True))) if ids else set()
    assert randomization.rank_order(seed, kept) == [
        case for case in randomization.rank_order(seed, ids) if case in kept
    ]


@given(st.lists(st.sampled_from(list(Step))))
def test_a_session_only_moves_forward_and_ends(steps):
    state, seen = SessionState.ARRIVED, [SessionState.ARRIVED]
    for step in steps:
        try:
            state = advance(state, step)
        except Refused:
            continue
        seen.append(state)
    forward = [SessionState.ARRIVED, SessionState.WARM_UP, SessionState.TEST, SessionState.FINISHED]
    in_refresher = [number for number, state in enumerate(seen) if state is SessionState.REFRESHER]
    assert all(seen[number - 1] is SessionState.TEST for number in in_refresher)
    assert all(
        state is SessionState.TEST for number in in_refresher for state in seen[number + 1 : number + 2]
    )
    told = [state for state, _ in groupby(state for state in seen if state is not SessionState.REFRESHER)]
    assert told == forward[: len(told)]


@given(SEEDS, STRATA.filter(bool), st.data())
def test_extras_change_nothing_about_the_order_of_the_cases(seed, strata, data):
    base = randomization.order(seed, strata)
    distance = data.draw(st.integers(1, len(base) + 3))
    n_repeats = data.draw(st.integers(0, max(0, len(base) - distance)))
    checks = tuple(f"check-{i}" for i in range(data.draw(st.integers(0, len(base)))))
    extras = randomization.Extras(n_repeats, distance, checks)
    places = randomization.sequence(seed, strata, extras)
    assert [place.case_id for place in places if place.role is Role.FIRST] == base
    assert sorted(place.case_id for place in places if place.role is Role.CHECK) == sorted(checks)
    assert len(places) == len(base) + n_repeats + len(checks)
    where = {(place.case_id, place.role): number for number, place in enumerate(places)}
    for place in places:
        if place.role is Role.REPEAT:
            between = places[where[place.case_id, Role.FIRST] + 1 : where[place.case_id, Role.REPEAT]]
            assert sum(other.role is Role.FIRST for other in between) >= distance


@given(SEEDS)
def test_a_scrambled_patch_keeps_every_pixel_and_no_tile_in_its_place(seed):
    patch = np.arange(7 * 64 * 64, dtype=np.int64).reshape(7, 64, 64)
    found = attention.scramble(patch, seed)
    assert np.array_equal(np.sort(found, axis=None), np.sort(patch, axis=None))
    places = [(row, column) for row in range(0, 64, 8) for column in range(0, 64, 8)]
    for row, column in places:
        tile = found[:, row : row + 8, column : column + 8]
        assert tile[0, 0, 0] != patch[0, row, column]
        assert np.array_equal(tile - tile[:1], patch[:, :8, :8] - patch[:1, :8, :8])  # all frames alike


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 4))
def test_a_warm_up_is_spread_evenly_and_loses_nothing(n_real, n_synthetic, n_generators):
    generators = [f"gan-{i}" for i in range(n_generators)]
    quotas = spread_warm_up(n_real, n_synthetic, generators)
    cells = [n for source in generators for n in quotas[source].values()]
    assert sum(quotas["real"].values()) == n_real
    assert sum(cells) == n_synthetic
    assert max(cells) - min(cells) <= 1


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=6, max_size=6),
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
    st.integers(1, 9),
    SEEDS,
)
def test_a_draw_meets_its_quotas_and_never_uses_a_patch_twice(n_test, n_warm_up, n_patients, seed):
    n_test = [max(1, n_test[0]), *n_test[1:3], max(1, n_test[3]), *n_test[4:]]
    cells = [(source, lesion_class) for source in ("real", "dcgan") for lesion_class in LESION_CLASSES]

    def quotas(numbers):
        found = {"real": {}, "dcgan": {}}
        for (source, lesion_class), n in zip(cells, numbers, strict=True):
            found[source][lesion_class] = n
        return found

    protocol = Protocol(test=quotas(n_test), warm_up=quotas(n_warm_up), seed=seed)
    assert from_json(protocol.to_json()) == protocol
    labels = np.tile(np.arange(3), 8)
    patients = np.array([f"P{i % n_patients}" for i in range(24)])
    supplies = {"real": Supply("R", labels, patients), "dcgan": Supply("D", labels, np.full(24, ""))}
    drawn = draw_cases(protocol, supplies, rng=np.random.default_rng(seed))
    for numbers, phase in ((n_test, Phase.TEST), (n_warm_up, Phase.WARM_UP)):
        for (source, lesion_class), n in zip(cells, numbers, strict=True):
            picked = [
                p for p in drawn.picks if (p.phase, p.source, p.lesion_class) == (phase, source, lesion_class)
            ]
            assert len(picked) == n
            assert all(labels[p.patch_index] == lesion_class.code for p in picked)
    assert len({(p.source, p.patch_index) for p in drawn.picks}) == len(drawn.picks)
    sides = {
        ph: {patients[p.patch_index] for p in drawn.picks if p.source == "real" and p.phase is ph}
        for ph in Phase
    }
    assert set(drawn.shared_patients) == sides[Phase.TEST] & sides[Phase.WARM_UP]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(0, 1023), st.booleans())
def test_every_panel_is_equally_long(seed, largest, is_smooth):
    patch = np.random.default_rng(seed).integers(0, largest + 1, (7, 64, 64)).astype(np.int16)
    patch = np.sort(patch, axis=-1) if is_smooth else patch
    assert len(panel.render(patch)) == len(panel.render(np.zeros_like(patch)))


@given(
    st.lists(
        st.builds(
            TrialRow,
            reader=WORDS,
            group=st.one_of(st.just(""), WORDS),
            case=WORDS,
            origin=st.sampled_from(["real", "dcgan", "gan-9"]),
            tissue=st.sampled_from([lesion_class.value for lesion_class in LESION_CLASSES]),
            phase=st.sampled_from(["warmup", "test"]),
            order=st.one_of(st.none(), st.integers(1, 10_000)),
            answer=st.sampled_from(["real", "fake", ""]),
            confidence=st.one_of(st.none(), st.integers(1, 6)),
            rt_ms=st.one_of(st.none(), st.integers(0, 86_400_000)),
            extra=st.fixed_dictionaries({"note": st.one_of(st.just(""), WORDS)}),
        )
    )
)
def test_a_trial_csv_reads_back_and_never_begins_a_cell_like_a_formula(rows):
    lines = list(write_rows(rows))
    cells = [cell for line in csv.reader(lines) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert read_rows(lines) == rows
