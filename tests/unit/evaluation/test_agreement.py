"""Agreement of two raters against published tables and derived values."""

import numpy as np
import pytest

from evaluation.core.agreement import CONSTANT, NO_PAIRS, agreement, kappa, of_readers, weighted_kappa
from tests.unit.evaluation.reading_factory import make_answers, make_readings, make_trial


def pairs_of(n_fake: int, n_fake_real: int, n_real_fake: int, n_real: int) -> list[tuple[str, str]]:
    return [
        *[("fake", "fake")] * n_fake,
        *[("fake", "real")] * n_fake_real,
        *[("real", "fake")] * n_real_fake,
        *[("real", "real")] * n_real,
    ]


def scores_of(table: list[list[int]]) -> list[tuple[int, int]]:
    return [(i + 1, j + 1) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]


# Agresti 2002, table 10.8: two pathologists, carcinoma of the uterine cervix, 118 slides
PATHOLOGISTS = [[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]]
# Hout, Duncan & Sobel 1987 (R: vcd::SexualFun): 91 married couples on an ordinal scale
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]


class TestKappa:
    def test_agresti_pathologists(self) -> None:
        # section 10.5.4: kappa = .493, standard error .057
        found = kappa(np.array(PATHOLOGISTS, float))
        assert (round(found.value, 3), round(found.se, 3)) == (0.493, 0.057)  # type: ignore[arg-type]
        assert found.interval is not None
        assert found.interval.high == pytest.approx(found.value + 1.959964 * found.se)  # type: ignore[operator]

    def test_weighted_couples(self) -> None:
        # R: vcd::Kappa(SexualFun) -> unweighted 0.1293 (ASE 0.0686), weighted 0.2374 (ASE 0.0783)
        plain, weighted = kappa(np.array(COUPLES, float)), weighted_kappa(scores_of(COUPLES), 4)
        assert (round(plain.value, 4), round(plain.se, 4)) == (0.1293, 0.0686)  # type: ignore[arg-type]
        assert (round(weighted.value, 4), round(weighted.se, 4)) == (0.2374, 0.0783)  # type: ignore[arg-type]

    def test_constant_raters_are_absent_with_the_reason(self) -> None:
        found = agreement(pairs_of(12, 0, 0, 0))
        assert (found.kappa.value, found.kappa.note) == (None, CONSTANT)
        assert found.observed.value == 1.0
        assert found.pabak.value == 1.0
        assert found.ac1.value == 1.0  # defined, unlike kappa
        assert found.on_real.value is None

    def test_one_constant_rater_has_kappa_zero(self) -> None:
        # po = pe = share of the other rater's same answers
        assert agreement(pairs_of(6, 0, 4, 0)).kappa.value == pytest.approx(0.0, abs=1e-12)

    def test_perfect_agreement_claims_no_certainty(self) -> None:
        found = agreement(pairs_of(5, 0, 0, 5)).kappa
        assert found.value == pytest.approx(1.0)
        assert found.interval is None
        assert "standard error is zero" in found.note

    def test_perfect_disagreement(self) -> None:
        assert agreement(pairs_of(0, 5, 5, 0)).kappa.value == pytest.approx(-1.0)


class TestIndices:
    def test_the_paradox_of_feinstein_and_cicchetti(self) -> None:
        # Feinstein & Cicchetti 1990, J Clin Epidemiol 43:543-549: 80, 10, 5, 5 -> po .85, kappa .32;
        # specific agreement 160/175 = .91 and 10/25 = .40; PABAK 2 x .85 - 1 = .70 (Byrt 1993)
        found = agreement(pairs_of(80, 10, 5, 5))
        assert found.observed.value == pytest.approx(0.85)
        assert round(found.kappa.value, 2) == 0.32  # type: ignore[arg-type]
        assert found.on_fake.value == pytest.approx(160 / 175)
        assert found.on_real.value == pytest.approx(10 / 25)
        assert found.pabak.value == pytest.approx(0.70)
        # Gwet: share of "fake" (90 + 85) / 200 = .875, pe = 2 x .875 x .125, AC1 = (.85 - pe) / (1 - pe) = .808
        assert found.ac1.value == pytest.approx((0.85 - 0.21875) / (1 - 0.21875))

    def test_specific_agreement_standard_error(self) -> None:
        # Mackinnon 2000: sqrt(4 x 80 x 15 x 95) / 175^2
        assert agreement(pairs_of(80, 10, 5, 5)).on_fake.se == pytest.approx(
            (4 * 80 * 15 * 95) ** 0.5 / 175**2
        )

    def test_pabak_limits_are_wilson_rescaled(self) -> None:
        found = agreement(pairs_of(80, 10, 5, 5))
        assert found.pabak.interval.low == pytest.approx(2 * found.observed.interval.low - 1)  # type: ignore

    def test_nothing_without_pairs(self) -> None:
        found = agreement([])
        for one in (found.kappa, found.pabak, found.on_fake):
            assert (one.value, one.note) == (None, NO_PAIRS)
        assert (found.observed.value, found.ac1.value, found.weighted_kappa.value) == (None, None, None)
        assert found.n == 0

    def test_the_table_has_the_first_rater_in_rows(self) -> None:
        assert agreement(pairs_of(1, 2, 3, 4)).table == ((4, 3), (2, 1))


class TestOfReaders:
    def test_perfect_readers_agree_overall_but_kappa_within_an_origin_is_undefined(self) -> None:
        readings = make_readings(
            make_answers("R01", real="rrrr", dcgan="ffff"), make_answers("R02", real="rrrr", dcgan="ffff")
        )
        assert of_readers(readings, "R01", "R02").kappa.value == pytest.approx(1.0)
        assert of_readers(readings, "R01", "R02", "real").kappa.value is None

    def test_only_cases_that_both_answered(self) -> None:
        readings = make_readings(make_answers("R01", real="rrf."), make_answers("R02", real="rf.f"))
        assert of_readers(readings, "R01", "R02").n == 2

    def test_confidence_scores_are_weighted(self) -> None:
        rows = [
            make_trial(reader, str(i), answer=answer, confidence=confidence)
            for reader, given in (
                ("R01", [("real", 2), ("real", 1), ("fake", 1), ("fake", 2)]),
                ("R02", [("real", 2), ("fake", 1), ("fake", 1), ("fake", 2)]),
            )
            for i, (answer, confidence) in enumerate(given)
        ]
        found = of_readers(make_readings(rows), "R01", "R02").weighted_kappa
        # scores 1 2 3 4 and 1 3 3 4: observed distance 1/4; expected: mean of |x - y| over all 16 pairs = 20/16
        assert found.value == pytest.approx(1 - (1 / 4) / (20 / 16))
