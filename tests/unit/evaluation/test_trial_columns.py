"""Trials and readings in columns: the same as before they went in, and small."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from evaluation.core import many_raters, readings, sittings
from evaluation.core.accuracy import Counted, from_counts, tabulate
from evaluation.core.mrmc import bootstrap
from evaluation.core.mrmc.merit import AUC
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.trial_columns import TrialColumns
from generation.core.errors import InputError
from readerstudy.core.trial_csv import TEST, WARM_UP, TrialRow
from tests.unit.evaluation.reading_factory import make_trial

N_READERS, N_CASES = 20, 60


def make_rows(n_readers: int = N_READERS, n_cases: int = N_CASES) -> list[TrialRow]:
    """Every reader judges every case once, with confidence; some answers, times and confidences are missing."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(n_readers):
        for order, k in enumerate(rng.permutation(n_cases).tolist(), start=1):
            is_answered = rng.random() < 0.95
            rows.append(
                make_trial(
                    f"R{i}", f"c{k}", ("real", "dcgan", "real", "wgan")[k % 4],
                    ("real", "fake")[int(rng.integers(2))] if is_answered else "",
                    group=("radiologist", "layperson")[i % 2], order=order,
                    confidence=int(rng.integers(1, 4)) if is_answered and rng.random() < 0.9 else None,
                    rt_ms=int(rng.integers(200, 9000)) if rng.random() < 0.9 else None,
                    role="first", is_timeout="0",
                )
            )  # fmt: skip
        rows.append(make_trial(f"R{i}", "w1", phase=WARM_UP, answer="", role="first"))
    return rows


class TestTrialColumns:
    def test_rows_come_back_as_they_were_reader_by_reader(self):
        rows = make_rows(3, 8)
        shuffled = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
        names = list(dict.fromkeys(row.reader for row in shuffled))
        expected = [row for name in names for row in shuffled if row.reader == name]
        assert list(TrialColumns.of(shuffled)) == expected

    def test_extra_columns_that_nobody_analyses_are_dropped(self):
        row = make_trial(role="repeat")
        (kept,) = TrialColumns.of([replace(row, extra={**row.extra, "viewer": "much"})])
        assert kept.extra == {"role": "repeat"}

    def test_numbers_of_any_size_that_fit_come_back(self):
        rows = [make_trial(rt_ms=2**40, order=-5), make_trial(rt_ms=None, order=2**62)]
        assert [(row.rt_ms, row.order) for row in TrialColumns.of(rows)] == [(2**40, -5), (None, 2**62)]

    def test_a_number_beyond_all_bounds_is_named(self):
        with pytest.raises(
            InputError, match=r"rt_ms is 1e\+30; numbers beyond 9\.22e\+18 cannot be analysed"
        ):
            TrialColumns.of([make_trial(rt_ms=10**30)])

    def test_a_trial_takes_some_tens_of_bytes(self):
        table = TrialColumns.of(make_rows(50, 200))
        n_bytes = table.places.nbytes + sum(one.codes.nbytes for one in table.words.values())
        n_bytes += sum(one.values.nbytes for one in table.numbers.values())
        assert n_bytes / len(table) < 40
        assert sys.getsizeof(make_trial()) + sys.getsizeof({}) > 100  # what an object took

    def test_no_rows_are_no_readers(self):
        assert list(TrialColumns.of([])) == []
        assert readings.collect([]).readers == ()


class TestSittings:
    def test_readers_who_are_not_kept_are_made_again_alike(self, monkeypatch):
        rows = make_rows()
        whole = readings.collect(rows)
        before = {reader.name: whole.shown[reader.name] for reader in whole.readers}
        monkeypatch.setattr(sittings, "MAX_KEPT", 100)  # one reader and a half
        given = readings.collect(rows)
        assert {reader.name: given.shown[reader.name] for reader in given.readers} == before
        kept = given.first._sittings._kept  # type: ignore[attr-defined]
        assert len(kept) == 1

    def test_order_shown_does_not_depend_on_the_order_of_the_file(self):
        rows = make_rows(4, 12)
        back = readings.collect(rows[::-1])
        assert [one.order for one in back.shown["R0"]] == list(range(1, 13))


class TestBlocks:
    """Work cut into blocks gives what it gives in one piece."""

    def test_agreement(self, monkeypatch):
        rng = np.random.default_rng(1)
        counts = rng.multinomial(5, [0.4, 0.6], size=40).astype(np.float64)
        whole = many_raters.krippendorff_alpha(counts, np.random.default_rng(7), n_replicates=200)
        monkeypatch.setattr(many_raters, "MAX_CELLS", 40 * 30)
        cut = many_raters.krippendorff_alpha(counts, np.random.default_rng(7), n_replicates=200)
        assert cut.interval.low == pytest.approx(whole.interval.low, rel=1e-12)
        assert cut.se == pytest.approx(whole.se, rel=1e-12)

    def test_readers_and_cases(self, monkeypatch):
        rng = np.random.default_rng(2)
        scores = rng.integers(1, 9, size=(5, 40)).astype(np.float64)
        scores[1, 3] = np.nan
        is_fake = np.arange(40) % 2 == 0
        ratings = Ratings.of_one_arm(scores, is_fake, [f"R{i}" for i in range(5)])
        whole = bootstrap.resample(ratings, AUC, np.random.default_rng(7), 150)
        monkeypatch.setattr(many_raters, "MAX_CELLS", 40 * 32)
        cut = bootstrap.resample(ratings, AUC, np.random.default_rng(7), 150)
        assert np.array_equal(cut.resampled, whole.resampled)

    def test_area_under_weights_is_that_of_all_pairs(self):
        rng = np.random.default_rng(4)
        scores, is_fake = rng.integers(1, 7, size=30).astype(np.float64), rng.random(30) < 0.5
        scores[5] = np.nan
        weights = rng.integers(0, 4, size=(20, 30)).astype(np.float64)
        numerator, denominator = bootstrap._weighted(scores, is_fake, AUC, weights)
        for row in range(20):
            pairs = [
                (weights[row, i] * weights[row, k], (np.sign(scores[i] - scores[k]) + 1) / 2)
                for i in np.flatnonzero(is_fake)
                for k in np.flatnonzero(~is_fake)
                if not np.isnan(scores[i] + scores[k])
            ]
            assert denominator[row] == sum(weight for weight, _ in pairs)
            assert numerator[row] == sum(weight * success for weight, success in pairs)


class TestFromCounts:
    def test_counts_of_a_database_say_what_its_rows_say(self):
        rows = make_rows(4, 20)
        rows += [
            make_trial("R1", "c4", role="repeat", order=99),
            make_trial("R1", "check", role="check", order=100),
        ]
        counted = [
            Counted(
                row.reader, row.group or "layperson", row.phase, row.extra["role"], row.origin, row.tissue,
                1, int(row.answer == "real"), int(row.answer == "fake"),
            )
            for row in rows
        ]  # fmt: skip
        found, expected = from_counts(counted), tabulate(rows)
        assert TEST in {row.phase for row in rows}
        assert replace(found, readers=()) == replace(expected, readers=())
        assert [reader.name for reader in found.readers] == [reader.name for reader in expected.readers]
