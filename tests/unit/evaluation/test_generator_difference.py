"""Two generators within lesion classes against published stratified tables."""

import pytest

from evaluation.core.generator_difference import NO_CONTRAST, ONE_SIDED, ONE_STRATUM, by_tissue, stratified
from evaluation.core.proportions import Difference, Proportion
from tests.unit.evaluation.reading_factory import make_readings, make_trial


def strata(*tables: tuple[int, int, int, int]) -> list[Difference]:
    """Tables as (right, wrong) of the first and of the second."""
    return [Difference(Proportion(a, a + b), Proportion(c, c + d)) for a, b, c, d in tables]


# Agresti 2002, Categorical Data Analysis, table 6.9: success with drug and control in eight centres
CENTRES = strata(
    (11, 25, 10, 27),
    (16, 4, 22, 10),
    (14, 5, 7, 12),
    (2, 14, 1, 16),
    (6, 11, 0, 12),
    (1, 10, 0, 10),
    (1, 4, 1, 8),
    (4, 2, 6, 1),
)
# R: datasets::UCBAdmissions, men then women, admitted and rejected, departments A to F
BERKELEY = strata(
    (512, 313, 89, 19),
    (353, 207, 17, 8),
    (120, 205, 202, 391),
    (138, 279, 131, 244),
    (53, 138, 94, 299),
    (22, 351, 24, 317),
)


class TestStratified:
    def test_agresti_eight_centres(self) -> None:
        # section 6.3: CMH = 6.38, df 1, p = .012; Mantel-Haenszel odds ratio 2.13, log 95 % limits 1.18 to 3.87;
        # Breslow-Day 7.99, df 7, p = .33
        found = stratified(range(8), CENTRES)  # type: ignore[arg-type]
        assert found.test.statistic == pytest.approx(6.38, abs=5e-3)
        assert found.test.p == pytest.approx(0.012, abs=5e-4)
        assert found.odds_ratio.value == pytest.approx(2.13, abs=5e-3)
        limits = found.odds_ratio.interval
        assert limits is not None
        assert (round(limits.low, 2), round(limits.high, 2)) == (1.18, 3.87)
        assert found.homogeneity.statistic == pytest.approx(7.99, abs=5e-3)
        assert (found.homogeneity.df, round(found.homogeneity.p or 0, 2)) == (7.0, 0.33)

    def test_berkeley_admissions(self) -> None:
        # R: mantelhaen.test(UCBAdmissions, correct = FALSE) -> X2 = 1.5246, p = 0.2169, common odds ratio 0.9046968,
        # 95 % limits 0.7719074 1.0603298
        found = stratified(range(6), BERKELEY)  # type: ignore[arg-type]
        assert found.test.statistic == pytest.approx(1.5246, abs=5e-5)
        assert found.test.p == pytest.approx(0.2169, abs=5e-5)
        assert found.odds_ratio.value == pytest.approx(0.9046968, abs=5e-8)
        limits = found.odds_ratio.interval
        assert limits is not None
        assert (limits.low, limits.high) == pytest.approx((0.7719074, 1.0603298), abs=5e-8)

    def test_order_of_generators_mirrors(self) -> None:
        there = stratified(range(8), CENTRES)  # type: ignore[arg-type]
        back = stratified(range(8), [Difference(one.second, one.first) for one in CENTRES])  # type: ignore[arg-type]
        assert back.test.p == pytest.approx(there.test.p)
        assert back.odds_ratio.value == pytest.approx(1 / there.odds_ratio.value)  # type: ignore[operator]
        assert back.homogeneity.statistic == pytest.approx(there.homogeneity.statistic)

    def test_an_odds_ratio_of_exactly_one(self) -> None:
        # mirrored tables: pooled odds ratio 1, so each first cell is expected at 5 of 20; a variance is
        # 1 / (4 / 5) and the excess +-2, so Breslow-Day is 2 x 4 x .8 = 6.4 (and Tarone takes nothing off)
        found = stratified(("a", "b"), strata((7, 3, 3, 7), (3, 7, 7, 3)))
        assert found.odds_ratio.value == 1.0
        assert found.test.p == 1.0
        assert found.homogeneity.statistic == pytest.approx(6.4)

    def test_without_contrast_nothing_differs(self) -> None:
        found = stratified(("a", "b"), strata((5, 0, 7, 0), (3, 0, 0, 0)))
        assert (found.test.p, found.test.statistic, found.test.note) == (1.0, None, NO_CONTRAST)
        assert found.odds_ratio.value is None

    def test_a_generator_that_is_always_seen_through(self) -> None:
        found = stratified(("a", "b"), strata((5, 0, 4, 1), (6, 0, 3, 3)))
        assert found.test.p is not None
        assert (found.odds_ratio.value, found.odds_ratio.note) == (None, ONE_SIDED)
        assert found.homogeneity.p is None

    def test_one_class_cannot_be_heterogeneous(self) -> None:
        found = stratified(("a",), strata((5, 2, 3, 4)))
        assert (found.homogeneity.p, found.homogeneity.note) == (None, ONE_STRATUM)


def test_by_tissue_takes_the_detections_of_each_class() -> None:
    rows = [
        make_trial("R01", f"{origin}-{tissue}-{i}", origin, "fake" if i < k else "real", tissue=tissue)
        for origin, tissue, k, n in (
            ("dcgan", "benign", 3, 4),
            ("dcgan", "malignant", 1, 5),
            ("wgan", "benign", 2, 6),
            ("wgan", "malignant", 4, 7),
        )
        for i in range(n)
    ]
    found = by_tissue(make_readings(rows), "R01", "dcgan", "wgan")
    assert found.tissues == ("benign", "malignant")
    assert found.strata == (
        Difference(Proportion(3, 4), Proportion(2, 6)),
        Difference(Proportion(1, 5), Proportion(4, 7)),
    )
