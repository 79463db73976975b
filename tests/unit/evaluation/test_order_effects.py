"""Logistic regression and what the order of trials does to a reader."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from evaluation.core.logit import COLLINEAR, SAME_OUTCOME, SEPARATED, fit
from evaluation.core.order_effects import (
    FEW_SLOPES,
    NO_ORDER,
    TIED_ORDER,
    OrderEffects,
    mean_slope,
    of_reader,
    quarter_of,
)
from evaluation.core.proportions import Proportion
from evaluation.core.readings import collect
from tests.unit.evaluation.reading_factory import make_trial

# R: datasets::mtcars, weight in 1000 lb and whether the gearbox is manual
WEIGHT = (
    "2.620 2.875 2.320 3.215 3.440 3.460 3.570 3.190 3.150 3.440 3.440 4.070 3.730 3.780 5.250 5.424 5.345 2.200 "
    "1.615 1.835 2.465 3.520 3.435 3.840 3.845 1.935 2.140 1.513 3.170 2.770 3.570 2.780"
)
MANUAL = "11100000000000000111000001111111"


class TestFit:
    def test_manual_gearbox_by_weight(self) -> None:
        # R: coef(summary(glm(am ~ wt, binomial, mtcars)))["wt", ] -> -4.024 1.436 -2.801 0.00509
        found = fit([c == "1" for c in MANUAL], {"wt": [float(w) for w in WEIGHT.split()]})["wt"]
        assert round(found.estimate.value, 3) == -4.024  # type: ignore[arg-type]
        # R's standard error is that of its last step but one
        assert found.estimate.se == pytest.approx(1.436, abs=1e-3)
        assert round(found.test.statistic, 3) == -2.801  # type: ignore[arg-type]
        assert round(found.test.p, 5) == 0.00509  # type: ignore[arg-type]

    def test_one_binary_predictor_is_the_log_odds_ratio(self) -> None:
        # 30 of 40 against 10 of 40: log(3 x 3), variance 1/30 + 1/10 + 1/10 + 1/30 (Woolf 1955)
        outcome = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30
        found = fit(outcome, {"x": [1.0] * 40 + [0.0] * 40})["x"].estimate
        assert found.value == pytest.approx(log(9))
        assert found.se == pytest.approx((1 / 30 + 1 / 10 + 1 / 10 + 1 / 30) ** 0.5)

    @pytest.mark.parametrize(
        ("outcome", "x", "reason"),
        [
            ([False, False, True, True], [1.0, 2.0, 3.0, 4.0], SEPARATED),
            ([False, False, True, True, True], [1.0, 2.0, 2.0, 3.0, 4.0], SEPARATED),  # a tie at the border
            ([True, True, True], [1.0, 2.0, 3.0], SAME_OUTCOME),
            ([True, False, True], [2.0, 2.0, 2.0], COLLINEAR),
            ([], [], SAME_OUTCOME),
        ],
    )
    def test_no_finite_maximum_is_absent_with_the_reason(
        self, outcome: list[bool], x: list[float], reason: str
    ) -> None:
        found = fit(outcome, {"x": x})["x"]
        assert (found.estimate.value, found.test.p, found.estimate.note) == (None, None, reason)


def sequence(letters: str, origins: str = "", reader: str = "R01", start: int = 1) -> list:
    """One trial per letter in this order: r or f the answer; origins R or D, real where not given."""
    words = {"r": "real", "f": "fake", ".": ""}
    kinds = {"R": "real", "D": "dcgan"}
    return [
        make_trial(reader, f"{kind}{i}", kinds[kind], words[letter], order=start + i, rt_ms=1000 + 10 * i)
        for i, (letter, kind) in enumerate(zip(letters, origins or "R" * len(letters), strict=True))
    ]


def effects(rows: list) -> OrderEffects:
    return of_reader(collect(rows), "R01")


class TestQuarters:
    def test_quarters_by_position(self) -> None:
        found = effects(sequence("rrrffffr"))
        assert [one.accuracy for one in found.quarters] == [
            Proportion(2, 2),
            Proportion(1, 2),
            Proportion(0, 2),
            Proportion(1, 2),
        ]
        assert [one.answered_fake.n_correct for one in found.quarters] == [0, 1, 2, 1]
        assert found.quarters[0].times.median == 1005

    def test_eleven_trials(self) -> None:
        assert [quarter_of(i, 11) for i in range(11)] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4]

    def test_repeats_and_checks_hold_their_place_but_do_not_count(self) -> None:
        rows = sequence("rrrr")
        rows += [make_trial(case="R0", answer="fake", order=5, role="repeat")]
        rows += [make_trial(case="x", origin="dcgan", answer="real", order=6, role="check")]
        found = effects(rows)
        assert [one.accuracy.n for one in found.quarters] == [2, 1, 1, 0]

    def test_without_order_all_is_absent(self) -> None:
        found = effects([make_trial(case="a"), make_trial(case="b", answer="fake")])
        assert (found.quarters, found.note) == ((), NO_ORDER)
        assert found.learning.estimate.note == NO_ORDER

    def test_trials_of_the_same_order_have_no_sequence(self) -> None:
        rows = [replace(one, order=1 + i // 2) for i, one in enumerate(sequence("rrrffffr"))]
        found = effects(rows)
        assert (found.quarters, found.note, found.learning.estimate.note) == ((), TIED_ORDER, TIED_ORDER)


class TestSlopes:
    def test_a_learning_reader_rises(self) -> None:
        rng = np.random.default_rng(4)
        right = rng.random(400) < np.linspace(0.4, 0.9, 400)
        found = effects(sequence("".join("r" if one else "f" for one in right)))
        assert found.learning.estimate.value is not None
        assert found.learning.estimate.value > 1
        assert found.learning.test.p < 0.001  # type: ignore[operator]

    def test_separation_is_said(self) -> None:
        found = effects(sequence("ffffrrrr"))
        assert (found.learning.estimate.value, found.learning.estimate.note) == (None, SEPARATED)

    def test_drift_is_towards_fake_whatever_the_truth(self) -> None:
        rng = np.random.default_rng(6)
        kinds = "".join(rng.choice(["R", "D"], 400))
        fake = rng.random(400) < np.linspace(0.2, 0.8, 400)
        found = effects(sequence("".join("f" if one else "r" for one in fake), kinds))
        assert found.drift.estimate.value > 1  # type: ignore[operator]
        assert found.learning.test.p > 0.01  # type: ignore[operator]

    def test_the_predictors_are_position_among_all_trials_and_truth(self) -> None:
        letters, kinds = "rfrrffrfrr", "RRDDRDRDDR"
        orders = [1, 2, 3, 4, 5, 11, 12, 13, 14, 15]  # five attention checks between
        rows = [
            replace(row, order=order) for row, order in zip(sequence(letters, kinds), orders, strict=True)
        ]
        rows += [
            make_trial(case=f"x{i}", origin="dcgan", answer="fake", order=6 + i, role="check")
            for i in range(5)
        ]
        right = [(letter == "r") == (kind == "R") for letter, kind in zip(letters, kinds, strict=True)]
        predictors = {
            "position": [(order - 1) / 14 for order in orders],
            "fake": [float(kind == "D") for kind in kinds],
        }
        found = effects(rows)
        assert found.learning.estimate == fit(right, predictors)["position"].estimate
        fake = [letter == "f" for letter in letters]
        assert found.drift.estimate == fit(fake, predictors)["position"].estimate
        assert found.drift.estimate.value is not None

    def test_mean_of_readers(self) -> None:
        rows = [
            row
            for reader, letters in (("R01", "rfrrfrrr"), ("R02", "frrfrfrr"), ("R03", "rrfrrffr"))
            for row in sequence(letters, reader=reader)
        ]
        readings = collect(rows)
        slopes = [of_reader(readings, reader.name).learning for reader in readings.readers]
        estimate, test = mean_slope(slopes)
        values = [one.estimate.value for one in slopes]
        assert estimate.value == pytest.approx(np.mean(values))  # type: ignore[arg-type]
        assert (estimate.n, test.df) == (3, 2.0)
        assert mean_slope(slopes[:1])[1].note == FEW_SLOPES


class TestPreviousAnswer:
    def test_pairs_in_a_row(self) -> None:
        # r r f f f r: after r come r, f; after f come f, f, r
        found = effects(sequence("rrfffr"))
        assert (found.after_fake, found.after_real) == (Proportion(2, 3), Proportion(1, 2))
        assert found.repetition.estimate == pytest.approx(2 / 3 - 1 / 2)

    def test_an_unanswered_trial_breaks_the_chain(self) -> None:
        found = effects(sequence("rf.fr"))
        assert (found.after_fake.n, found.after_real.n) == (1, 1)

    def test_a_missing_trial_breaks_the_chain(self) -> None:
        rows = sequence("rfr")
        del rows[1]
        found = effects(rows)
        assert found.after_fake.n + found.after_real.n == 0

    def test_a_check_before_counts_as_the_previous_answer(self) -> None:
        rows = [
            make_trial(case="x", origin="dcgan", answer="fake", order=1, role="check"),
            *sequence("r", start=2),
        ]
        assert effects(rows).after_fake == Proportion(0, 1)

    def test_a_reader_who_repeats_himself(self) -> None:
        rng = np.random.default_rng(8)
        letters = ["r"]
        for _ in range(399):
            letters.append(letters[-1] if rng.random() < 0.75 else "rf"[letters[-1] == "r"])
        found = effects(sequence("".join(letters)))
        # odds 3 against 1/3
        assert found.dependence.estimate.interval is not None
        assert found.dependence.estimate.interval.low < log(9) < found.dependence.estimate.interval.high
