"""Readers on the same cases: McNemar, Newcombe for pairs, Cochran's Q."""

import pytest

from evaluation.core.multiplicity import holm
from evaluation.core.paired_readers import NO_DISCORDANCE, NO_PAIRS, PairedCounts, cochran_q, compare, pair
from generation.core.errors import InputError
from tests.unit.evaluation.reading_factory import make_answers, make_readings

# Fagerland, Lydersen & Laake 2013 and 2014: airway hyper-responsiveness before and after transplantation (Bentur
# 2009), complete response before and after consolidation (Cavo 2012)
BENTUR = PairedCounts(1, 1, 7, 12)
CAVO = PairedCounts(59, 6, 16, 80)
# Agresti 2002, table 10.1: approval of the prime minister in two surveys
APPROVAL = PairedCounts(794, 150, 86, 570)


class TestDifference:
    # R: contingencytables::Newcombe_square_and_add_CI_paired_2x2 prints -0.0621 (-0.1186 to -0.0046) for Cavo;
    # Fagerland 2014, Stat Med 33:2850-2875, table for Bentur: -.507 to -.026
    @pytest.mark.parametrize(
        ("counts", "low", "high", "digits"), [(CAVO, -0.1186, -0.0046, 4), (BENTUR, -0.507, -0.026, 3)]
    )
    def test_newcombe_method_10(self, counts: PairedCounts, low: float, high: float, digits: int) -> None:
        limits = counts.difference().interval
        assert limits is not None
        assert (round(limits.low, digits), round(limits.high, digits)) == (low, high)

    def test_without_correlation_it_is_the_unpaired_interval(self) -> None:
        # ad = bc, so phi = 0 and the two Wilson intervals combine as if independent
        counts = PairedCounts(12, 12, 8, 8)
        unpaired = counts.first.interval(), counts.second.interval()
        p, q = counts.first.fraction, counts.second.fraction
        low = p - q - ((p - unpaired[0].low) ** 2 + (unpaired[1].high - q) ** 2) ** 0.5  # type: ignore
        assert counts.difference().interval.low == pytest.approx(low)  # type: ignore[union-attr]

    def test_identical_readers(self) -> None:
        found = PairedCounts(10, 0, 0, 10).difference()
        assert found.value == 0
        assert found.interval is not None
        assert found.interval.low < 0 < found.interval.high

    def test_everyone_always_right(self) -> None:
        found = PairedCounts(20, 0, 0, 0).difference()
        assert found.interval is not None
        assert found.interval.low == pytest.approx(-found.interval.high)

    def test_absent_without_pairs(self) -> None:
        found = PairedCounts(0, 0, 0, 0).difference()
        assert (found.value, found.note) == (None, NO_PAIRS)

    def test_impossible_counts_are_refused(self) -> None:
        with pytest.raises(InputError, match="A count of -2 pairs is impossible"):
            PairedCounts(-2, 0, 0, 0)


class TestMcNemar:
    # Fagerland 2013, BMC Med Res Methodol 13:91, table 5: exact and mid-p
    @pytest.mark.parametrize(("counts", "exact", "mid_p"), [(BENTUR, 0.0703, 0.0391), (CAVO, 0.0525, 0.0347)])
    def test_exact_and_mid_p(self, counts: PairedCounts, exact: float, mid_p: float) -> None:
        test = counts.test()
        assert (test.method, test.statistic) == ("mcnemar-exact", None)
        assert (round(test.p, 4), round(counts.mid_p().p, 4)) == (exact, mid_p)  # type: ignore[arg-type]

    def test_chi_square_from_25_discordant_cases(self) -> None:
        # Agresti 2002, section 10.1.1: z = -4.17 without continuity correction, so chi2 = 17.36 = 64^2 / 236
        test = APPROVAL.test()
        assert test.method == "mcnemar"
        assert test.statistic == pytest.approx(64**2 / 236)
        assert test.statistic == pytest.approx(4.17**2, abs=0.05)
        assert PairedCounts(0, 12, 13, 0).test().method == "mcnemar"
        assert PairedCounts(0, 12, 12, 0).test().method == "mcnemar-exact"

    def test_no_discordance_is_one_without_a_statistic(self) -> None:
        test = PairedCounts(30, 0, 0, 4).test()
        assert (test.p, test.statistic, test.note) == (1.0, None, NO_DISCORDANCE)
        assert PairedCounts(30, 0, 0, 4).mid_p().p == 1.0

    def test_a_tie_is_exactly_one(self) -> None:
        counts = PairedCounts(3, 5, 5, 3)
        assert counts.test().p == 1.0
        assert counts.mid_p().p == pytest.approx(1.0)

    def test_absent_without_pairs(self) -> None:
        assert PairedCounts(0, 0, 0, 0).test().p is None
        assert PairedCounts(0, 0, 0, 0).mid_p().p is None


class TestCochranQ:
    def test_cochran_1950(self) -> None:
        # Cochran 1950, table 1: diphtheria bacilli on four media, 69 specimens; column sums 6, 10, 7, 10,
        # so Q = 3 (4 x 285 - 33^2) / (4 x 33 - 113) = 8.05, df 3, p = .045
        patterns = {"1111": 4, "1101": 2, "0111": 3, "0101": 1, "0000": 59}
        rows = [[sign == "1" for sign in one] for one, n in patterns.items() for _ in range(n)]
        test = cochran_q(rows)
        assert test.statistic == pytest.approx(3 * 51 / 19)
        assert (test.df, test.n) == (3.0, 69)
        assert test.p == pytest.approx(0.045, abs=5e-4)

    def test_constant_rows_are_one(self) -> None:
        test = cochran_q([[True] * 3, [False] * 3])
        assert (test.p, test.statistic) == (1.0, None)

    def test_absent_without_complete_cases(self) -> None:
        assert cochran_q([]).p is None


class TestCompare:
    readings = make_readings(
        make_answers("R01", real="rrrrr", dcgan="fffff"),
        make_answers("R02", real="rrfff", dcgan="ff.rr"),
        make_answers("R03", real="rfrfr", dcgan="frf"),
    )

    def test_complete_pairs_only(self) -> None:
        assert pair(self.readings, "R01", "R02") == PairedCounts(4, 5, 0, 0)
        assert pair(self.readings, "R02", "R03", "dcgan") == PairedCounts(1, 1, 0, 0)

    def test_holm_over_all_pairs(self) -> None:
        found = compare(self.readings)
        assert [(one.first, one.second) for one in found.pairs] == [
            ("R01", "R02"),
            ("R01", "R03"),
            ("R02", "R03"),
        ]
        assert [one.p_holm for one in found.pairs] == holm([one.counts.test().p for one in found.pairs])

    def test_q_uses_cases_that_all_answered(self) -> None:
        found = compare(self.readings)
        assert found.overall is not None
        assert found.overall.n == 5 + 2  # dcgan-2 has no answer of R02; R03 saw three fakes

    def test_two_readers_need_no_q_and_one_reader_has_no_pair(self) -> None:
        two = make_readings(make_answers("R01", real="rf"), make_answers("R02", real="rr"))
        assert compare(two).overall is None
        one = compare(make_readings(make_answers("R01", real="rf")))
        assert (one.overall, one.pairs) == (None, ())
