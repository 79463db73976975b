"""Agreement of many raters against Fleiss, Krippendorff and Gwet, and against the krippendorff package."""

import csv
from pathlib import Path

import krippendorff
import numpy as np
import pytest

from evaluation.core import agreement_of_readers
from evaluation.core.many_raters import (
    CONSTANT,
    NO_PAIRS,
    fleiss_kappa,
    fleiss_test,
    gwet_ac1,
    krippendorff_alpha,
    rating_counts,
)
from tests.unit.evaluation.reading_factory import make_answers, make_readings

SHARED = Path(__file__).parents[4] / "shared" / "known-answers"
needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="the published data sets are not on this machine"
)
N = None
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]


def seeded() -> np.random.Generator:
    return np.random.default_rng(20)


def observer_counts() -> np.ndarray:
    return rating_counts(zip(*OBSERVERS, strict=True), range(1, 6))


class TestFleiss:
    @needs_shared
    def test_fleiss_1971(self) -> None:
        # Fleiss 1971: kappa .430; R: irr::kappam.fleiss(diagnoses) -> .430245, z 17.652
        with (SHARED / "fleiss1971.csv").open(newline="") as lines:
            rows = [[row[f"rater{i}"] for i in range(1, 7)] for row in csv.DictReader(lines)]
        counts = rating_counts(rows, list("12345"))
        found, test = fleiss_kappa(counts, seeded()), fleiss_test(counts)
        assert f"{found.value:.6f}" == "0.430245"
        assert round(test.statistic, 3) == 17.652  # type: ignore[arg-type]
        assert found.n == 30
        assert found.interval is not None
        assert 0.30 < found.interval.low < 0.43 < found.interval.high < 0.55

    def test_two_raters_give_scott(self) -> None:
        # Scott's pi of 40 yes-yes, 10 unequal, 50 no-no: p(yes) = .45, pe = .505, pi = (.9 - .505) / .495
        counts = np.array([[2.0, 0.0]] * 40 + [[1.0, 1.0]] * 10 + [[0.0, 2.0]] * 50)
        assert fleiss_kappa(counts, seeded()).value == pytest.approx((0.9 - 0.505) / 0.495)

    def test_incomplete_cases_are_left_out_and_said(self) -> None:
        found = fleiss_kappa(np.array([[3.0, 0], [0, 3], [1, 2], [2, 0]]), seeded())
        assert found.n == 3
        assert found.note.startswith("1 incomplete case left out")

    def test_same_answer_everywhere_is_absent(self) -> None:
        counts = np.array([[3.0, 0]] * 5)
        assert (fleiss_kappa(counts, seeded()).value, fleiss_test(counts).note) == (None, CONSTANT)

    def test_one_rater_is_absent(self) -> None:
        counts = np.array([[1.0, 0], [0, 1]])
        assert fleiss_kappa(counts, seeded()).note == NO_PAIRS
        assert fleiss_test(counts).p is None


class TestKrippendorff:
    def test_krippendorff_2011(self) -> None:
        # section C: nominal .743, ordinal .815
        counts = observer_counts()
        assert round(krippendorff_alpha(counts, seeded()).value, 3) == 0.743  # type: ignore[arg-type]
        assert round(krippendorff_alpha(counts, seeded(), scale="ordinal").value, 3) == 0.815  # type: ignore[arg-type]

    @pytest.mark.parametrize("scale", ["nominal", "ordinal"])
    def test_against_the_package_with_missing_ratings(self, scale: str) -> None:
        rng = np.random.default_rng(3)
        ratings = rng.integers(1, 7, (5, 40)).astype(float)
        ratings[rng.random(ratings.shape) < 0.3] = np.nan
        rows = [[None if np.isnan(x) else int(x) for x in column] for column in ratings.T]
        found = krippendorff_alpha(rating_counts(rows, range(1, 7)), seeded(), scale=scale)  # type: ignore[arg-type]
        assert found.value == pytest.approx(
            krippendorff.alpha(reliability_data=ratings, level_of_measurement=scale), abs=1e-12
        )

    @needs_shared
    @pytest.mark.parametrize("treatment", ["1", "2"])
    def test_ratings_of_van_dyke_against_the_package(self, treatment: str) -> None:
        with (SHARED / "vandyke.csv").open(newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["treatment"] == treatment]
        cases, readers = list(dict.fromkeys(r["case"] for r in rows)), sorted({r["reader"] for r in rows})
        rating = {(r["reader"], r["case"]): int(r["rating"]) for r in rows}
        table = [[rating[reader, case] for reader in readers] for case in cases]
        found = krippendorff_alpha(rating_counts(table, range(1, 6)), seeded(), scale="ordinal")
        expected = krippendorff.alpha(np.array(table, float).T, level_of_measurement="ordinal")
        assert found.value == pytest.approx(expected, abs=1e-12)
        assert found.interval is not None
        assert found.interval.low < expected < found.interval.high

    def test_absent_where_undefined(self) -> None:
        assert krippendorff_alpha(np.array([[2.0, 0]] * 4), seeded()).note == CONSTANT
        assert krippendorff_alpha(np.array([[1.0, 0], [0, 1]]), seeded()).note == NO_PAIRS


class TestGwet:
    def test_observers_with_missing_ratings(self) -> None:
        # R: irrCAC::gwet.ac1.raw(cac.raw4raters) -> coeff .77544, se .14295, CI (.461, 1)
        found = gwet_ac1(observer_counts())
        assert round(found.value, 5) == 0.77544  # type: ignore[arg-type]
        assert round(found.se, 5) == 0.14295  # type: ignore[arg-type]
        assert found.interval is not None
        assert (round(found.interval.low, 3), found.interval.high) == (0.461, 1.0)

    def test_lopsided_answers_do_not_break_it(self) -> None:
        # 118 twice fake, 5 unequal, 2 twice real of 125: p = 241/250, pe = 2 p (1 - p), po = .96
        counts = np.array([[2.0, 0]] * 118 + [[1, 1]] * 5 + [[0, 2]] * 2)
        p = 241 / 250
        assert gwet_ac1(counts).value == pytest.approx((0.96 - 2 * p * (1 - p)) / (1 - 2 * p * (1 - p)))

    def test_one_case_has_no_spread(self) -> None:
        found = gwet_ac1(np.array([[2.0, 1.0]]))
        assert found.value is not None
        assert found.interval is None
        assert gwet_ac1(np.array([[1.0, 0.0]])).note == NO_PAIRS


class TestBootstrap:
    counts = rating_counts(np.random.default_rng(5).integers(0, 2, (60, 4)).tolist(), (0, 1))

    def test_the_seed_decides(self) -> None:
        first, again = (krippendorff_alpha(self.counts, seeded()).interval for _ in range(2))
        other = krippendorff_alpha(self.counts, np.random.default_rng(21)).interval
        assert first == again != other

    def test_spread_matches_linearisation(self) -> None:
        # two raters and equal margins: the bootstrap of pi and Gwet's linearised standard error agree within noise
        rng = np.random.default_rng(1)
        truth = rng.integers(0, 2, 400)
        flips = rng.random((400, 2)) < 0.15
        counts = rating_counts((truth[:, None] ^ flips).tolist(), (0, 1))
        found, linear = fleiss_kappa(counts, seeded(), n_replicates=4000), gwet_ac1(counts)
        assert found.se == pytest.approx(linear.se, rel=0.08)

    def test_strata_keep_their_sizes(self) -> None:
        # two strata, each of one pattern: the mix of the two decides kappa, and within strata it cannot vary
        counts = np.array([[3.0, 0]] * 10 + [[1, 2.0]] * 10)
        strata = ["a"] * 10 + ["b"] * 10
        assert fleiss_kappa(counts, seeded(), strata=strata).interval is None
        assert fleiss_kappa(counts, seeded()).interval is not None

    def test_too_many_undefined_replicates_give_no_interval(self) -> None:
        # one case of two differs: a quarter of the replicates draws the same case twice
        found = krippendorff_alpha(np.array([[2.0, 0], [0, 2.0]]), seeded())
        assert found.value == 1.0
        assert found.interval is None
        assert "replicates have no value" in found.note


class TestOfAll:
    readings = make_readings(
        make_answers("R01", real="rrrf", dcgan="ffr"),
        make_answers("R02", real="rrff", dcgan="f.r"),
        make_answers("R03", real="rfrf", dcgan="ffr"),
    )

    def test_counts_and_observed_agreement(self) -> None:
        found = agreement_of_readers.of_all(self.readings, seeded(), n_replicates=50)
        # real: 3, 1, 1, 3 equal pairs of 3 each; fakes: 3 of 3, 1 of 1, 3 of 3
        assert found.observed == pytest.approx(15 / 19)
        assert (found.n_readers, found.n_cases, found.fleiss.n, found.alpha.n) == (3, 7, 6, 7)

    def test_within_an_origin(self) -> None:
        found = agreement_of_readers.of_all(self.readings, seeded(), "real", n_replicates=50)
        assert found.observed == pytest.approx(8 / 12)
        assert found.n_cases == 4

    def test_no_confidence_is_said(self) -> None:
        found = agreement_of_readers.of_all(self.readings, seeded(), n_replicates=50)
        assert found.alpha_ordinal.note == "no confidence was asked"

    def test_one_reader_agrees_with_nobody(self) -> None:
        one = make_readings(make_answers("R01", real="rf", dcgan="ff"))
        found = agreement_of_readers.of_all(one, seeded(), n_replicates=50)
        assert found.observed is None
        for estimate in (found.fleiss, found.alpha, found.ac1):
            assert (estimate.value, estimate.note) == (None, NO_PAIRS)
