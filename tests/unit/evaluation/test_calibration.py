"""Confidence against correctness."""

import pytest

from evaluation.core import calibration
from evaluation.core.calibration import NO_CONFIDENCE, ONE_OUTCOME
from evaluation.core.proportions import Proportion
from evaluation.core.readings import Readings, collect
from tests.unit.evaluation.reading_factory import make_trial


def given(*answers: tuple[str, int | None], reader: str = "R01") -> list:
    return [
        make_trial(reader, f"c{i}", "real", answer, confidence=confidence)
        for i, (answer, confidence) in enumerate(answers)
    ]


def readings_of(*answers: tuple[str, int | None]) -> Readings:
    return collect(given(*answers))


class TestOfReader:
    def test_each_level(self) -> None:
        found = calibration.of_reader(
            readings_of(("real", 1), ("fake", 1), ("real", 3), ("real", 3), ("fake", None)), "R01"
        )
        assert [(one.confidence, one.accuracy) for one in found.levels] == [
            (1, Proportion(1, 2)),
            (3, Proportion(2, 2)),
        ]

    def test_a_level_only_others_used_is_empty(self) -> None:
        rows = [*given(("real", 1)), *given(("real", 2), reader="R02")]
        found = calibration.of_reader(collect(rows), "R01")
        assert found.levels[1].accuracy.fraction is None

    def test_type_2_area_by_hand(self) -> None:
        # right 3 3 2, wrong 1 2 3: of nine pairs 5 above, 3 equal -> (5 + 1.5) / 9
        found = calibration.of_reader(
            readings_of(("real", 3), ("real", 3), ("real", 2), ("fake", 1), ("fake", 2), ("fake", 3)), "R01"
        )
        assert found.type_2_auc.value == pytest.approx(6.5 / 9)
        assert found.type_2_auc.interval is not None
        assert found.type_2_auc.interval.low < 6.5 / 9 < found.type_2_auc.interval.high

    def test_confidence_that_says_nothing_is_at_half(self) -> None:
        found = calibration.of_reader(readings_of(("real", 2), ("real", 2), ("fake", 2), ("fake", 2)), "R01")
        assert found.type_2_auc.value == 0.5
        assert found.type_2_auc.interval is None
        assert found.type_2_auc.note

    def test_absent_with_the_reason(self) -> None:
        always = calibration.of_reader(readings_of(("real", 2), ("real", 1)), "R01")
        assert (always.type_2_auc.value, always.type_2_auc.note) == (None, ONE_OUTCOME)
        without = calibration.of_reader(readings_of(("real", None), ("fake", None)), "R01")
        assert (without.levels, without.type_2_auc.note) == ((), NO_CONFIDENCE)
