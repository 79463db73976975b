"""Laws of ROC areas, multi-reader analyses, equivalence, Bayes factors and power on generated inputs."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.core import bayes_factor, chance_records, equivalence, mrmc_records, power, roc, roc_records
from evaluation.core.mrmc import dbm, error_covariance, merit, one_shot
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc import power as panel_power
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.proportions import Proportion
from evaluation.core.readings import collect
from evaluation.core.records import Record, to_json
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow
from tests.unit.evaluation.van_dyke import make_ratings

SCORES = st.integers(1, 6)
SAMPLES = st.lists(SCORES, min_size=2, max_size=25)
SEEDS = st.integers(0, 10_000)
GAPS = st.sampled_from([0.0, 0.3])
SIDES = {"real": "fake", "fake": "real", "": ""}


@settings(deadline=None)
@given(SAMPLES, SAMPLES)
def test_swapping_real_and_fake_mirrors_the_area(fakes: list[int], reals: list[int]) -> None:
    one, other = roc.area(fakes, reals), roc.area(reals, fakes)
    assert one.estimate is not None
    assert other.estimate is not None
    assert one.estimate + other.estimate == pytest.approx(1)
    assert one.se == pytest.approx(other.se)


@settings(deadline=None)
@given(SAMPLES, SAMPLES)
def test_only_the_order_of_scores_matters(fakes: list[int], reals: list[int]) -> None:
    def stretched(scores: list[int]) -> list[float]:
        return [float(np.exp(score)) for score in scores]

    assert roc.area(stretched(fakes), stretched(reals)) == roc.area(fakes, reals)


@settings(deadline=None)
@given(SAMPLES, SAMPLES, st.floats(0.5, 0.999))
def test_intervals_of_areas_contain_the_estimate_and_stay_inside(
    fakes: list[int], reals: list[int], level: float
) -> None:
    found = roc.area(fakes, reals)
    limits = found.interval(level)
    assume(limits is not None)
    assert limits is not None
    assert found.estimate is not None
    assert 0 <= limits.low <= found.estimate <= limits.high <= 1


@settings(deadline=None)
@given(SAMPLES, SAMPLES)
def test_both_placement_means_give_the_area(fakes: list[int], reals: list[int]) -> None:
    placed = roc.placements(fakes, reals)
    assert placed.fakes.mean() == pytest.approx(placed.reals.mean())
    curve = roc.curve(fakes, reals)
    assert np.trapezoid(curve.true_positive_rates, curve.false_positive_rates) == pytest.approx(placed.area)


@settings(deadline=None)
@given(SEEDS, GAPS)
def test_readers_and_cases_have_no_order(seed: int, gaps: float) -> None:
    ratings = make_ratings(seed, gaps=gaps)
    rng = np.random.default_rng(seed)
    readers, cases = rng.permutation(ratings.n_readers), rng.permutation(ratings.is_fake.size)
    shuffled = Ratings(
        ratings.scores[:, readers][:, :, cases],
        ratings.is_fake[cases],
        ratings.arms,
        tuple(ratings.readers[j] for j in readers),
    )
    for method in ("jackknife", "delong"):
        one, other = (anova.analyse(merit.auc(r), method) for r in (ratings, shuffled))
        for randomness in ("RRRC", "FRRC", "RRFC"):
            a, b = (anova.difference(study, 0, 1, randomness) for study in (one, other))
            assert (a.estimate, a.se, a.df) == pytest.approx((b.estimate, b.se, b.df))
    a, b = one_shot.difference(ratings, 0, 1), one_shot.difference(shuffled, 0, 1)
    assert a.variance == pytest.approx(b.variance, abs=1e-12)


@settings(deadline=None)
@given(SEEDS, GAPS)
def test_exchanging_arms_changes_only_the_sign(seed: int, gaps: float) -> None:
    ratings = make_ratings(seed, gaps=gaps)
    study = anova.analyse(merit.auc(ratings))
    for randomness in ("RRRC", "FRRC", "RRFC"):
        there, back = anova.difference(study, 0, 1, randomness), anova.difference(study, 1, 0, randomness)
        assert there.estimate == pytest.approx(-back.estimate)
        assert there.p == pytest.approx(back.p)
    a, b = one_shot.difference(ratings, 0, 1), one_shot.difference(ratings, 1, 0)
    assert a.variance == pytest.approx(b.variance, abs=1e-12)


@settings(deadline=None)
@given(SEEDS, GAPS, st.integers(2, 5))
def test_f_is_the_square_of_t_and_pseudovalues_agree(seed: int, gaps: float, n_readers: int) -> None:
    figures = merit.auc(make_ratings(seed, n_readers=n_readers, gaps=gaps))
    study = anova.analyse(figures)
    for randomness in ("RRRC", "FRRC", "RRFC"):
        test, found = anova.overall(study, randomness), anova.difference(study, 0, 1, randomness)
        if test.statistic is None or found.statistic is None:
            continue
        assert test.statistic == pytest.approx(found.statistic**2)
        assert test.p == pytest.approx(found.p, abs=1e-9)
    check, test = dbm.analyse(figures), anova.overall(study, "RRRC")
    if check.p is not None and test.p is not None:
        assert check.p == pytest.approx(test.p, abs=1e-7)


@settings(deadline=None)
@given(SEEDS, GAPS, st.floats(0.5, 0.99))
def test_intervals_of_panels_contain_the_estimate(seed: int, gaps: float, level: float) -> None:
    ratings = make_ratings(seed, gaps=gaps)
    study = anova.analyse(merit.auc(ratings))
    for found in (
        anova.single(study, 0, "RRRC"),
        anova.difference(study, 0, 1, "FRRC"),
        one_shot.single(ratings).inference(0.5),
    ):
        limits = found.interval(level)
        if limits is not None:
            assert limits.low <= found.estimate <= limits.high
            assert found.p is not None
            assert 0 <= found.p <= 1


@settings(deadline=None)
@given(SEEDS, GAPS)
def test_covariances_are_those_of_a_random_vector(seed: int, gaps: float) -> None:
    figures = merit.auc(make_ratings(seed, gaps=gaps))
    found = error_covariance.matrix(figures).reshape(6, 6)
    assert np.allclose(found, found.T)
    assert np.linalg.eigvalsh(found).min() > -1e-12


@settings(deadline=None)
@given(SEEDS)
def test_a_v_statistic_is_never_negative(seed: int) -> None:
    found = one_shot.single(make_ratings(seed, n_readers=2, n_fakes=3, n_reals=3))
    assert found.v_variance is not None
    assert found.v_variance >= 0


@settings(deadline=None)
@given(st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_evidence_is_symmetric_in_right_and_wrong(counts: tuple[int, int]) -> None:
    k, n = counts
    one, other = Proportion(k, n), Proportion(n - k, n)
    assert bayes_factor.against_chance(one).log_bf10 == pytest.approx(
        bayes_factor.against_chance(other).log_bf10, abs=1e-9
    )
    assert equivalence.to_chance(one).p == pytest.approx(equivalence.to_chance(other).p, abs=1e-9)


@settings(deadline=None)
@given(
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.01, 0.24),
    st.floats(0.0, 0.24),
)
def test_a_wider_margin_never_makes_equivalence_harder(
    counts: tuple[int, int], margin: float, more: float
) -> None:
    narrow, wide = (equivalence.to_chance(Proportion(*counts), m).p or 0 for m in (margin, margin + more))
    assert wide <= narrow + 1e-12


@settings(deadline=None)
@given(st.integers(1, 500), st.floats(0.01, 0.99))
def test_powers_are_probabilities_and_symmetric(n: int, accuracy: float) -> None:
    for function in (power.against_chance, lambda n, a: power.of_equivalence(n, accuracy=a)):
        found, mirrored = function(n, accuracy), function(n, 1 - accuracy)
        assert -1e-12 <= found <= 1 + 1e-12
        assert found == pytest.approx(mirrored, abs=1e-9)


@settings(deadline=None)
@given(
    st.floats(0.0, 0.2), st.floats(0.0, 0.9), st.integers(20, 500), st.floats(0.01, 0.3), st.integers(2, 20)
)
def test_more_readers_or_cases_never_lower_the_power_of_a_panel(
    reader_sd: float, correlation: float, n_cases: int, effect: float, n_readers: int
) -> None:
    components = panel_power.assumed(0.5 + effect / 2, reader_sd, correlation, n_cases)
    here = panel_power.against_chance(components, n_readers, effect)
    assert 0 <= here <= 1 + 1e-12
    assert panel_power.against_chance(components, n_readers + 1, effect) >= here - 1e-6


def _every_record(rows: list[TrialRow]) -> list[Record]:
    readings = collect(rows)
    return [
        *roc_records.of_readings(readings),
        *chance_records.of_readings(readings),
        *mrmc_records.of_readings(readings),
    ]


@st.composite
def _studies(draw: st.DrawFn) -> list[TrialRow]:
    n_readers, n_cases = draw(st.integers(1, 3)), draw(st.integers(1, 14))
    origins = draw(st.lists(st.sampled_from(["real", "dcgan", "wgan"]), min_size=n_cases, max_size=n_cases))
    with_confidence = draw(st.booleans())
    rows = []
    for j in range(n_readers):
        for k, origin in enumerate(origins):
            answer = draw(st.sampled_from(["real", "fake", "real", "fake", ""]))
            level = draw(st.integers(1, 4)) if with_confidence and answer else None
            rows.append(TrialRow(f"R{j}", "", f"c{k}", origin, "benign", TEST, k + 1, answer, level, None))
    return rows


@settings(deadline=None, max_examples=60)
@given(_studies(), st.randoms(use_true_random=False))
def test_records_of_any_study_can_be_written_and_do_not_depend_on_row_order(
    rows: list[TrialRow], random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    warm_up = [
        TrialRow(
            row.reader, row.group, f"w{row.case}", "wgan", "benign", WARM_UP, row.order, "real", None, None
        )
        for row in rows
    ]
    assert to_json(_every_record(rows)) == to_json(_every_record([*warm_up, *shuffled]))
