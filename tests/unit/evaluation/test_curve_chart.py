"""Curves over checkpoints as positions in a drawing."""

import pytest

from evaluation.core import curve_chart
from evaluation.core.curve_chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH


class TestLayout:
    def test_positions_by_hand(self) -> None:
        chart = curve_chart.layout([0, 50, 100], [8.0, 2.0, 4.0], [1.0, 1.0, 1.0])
        assert chart is not None
        # x from 56 to 628; y: 0 at 184, 8 at 10
        assert [mark.x for mark in chart.marks] == [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
        assert [mark.y for mark in chart.marks] == pytest.approx([TOP, 140.5, 97.0])
        assert (chart.best.step, chart.best.value) == (50, 2.0)
        assert chart.y_ticks[0].position == HEIGHT - BOTTOM
        assert [tick.label for tick in chart.y_ticks] == ["0", "2", "4", "6", "8"]
        assert len(chart.floor_line.split()) == 3

    def test_gaps_are_left_out(self) -> None:
        chart = curve_chart.layout([1, 2, 3], [None, 5.0, 6.0], [None, None, None])
        assert chart is not None
        assert [mark.step for mark in chart.marks] == [2, 3]
        assert chart.floor_line == ""

    def test_nothing_to_draw(self) -> None:
        assert curve_chart.layout([1], [None], [1.0]) is None

    def test_zero_everywhere(self) -> None:
        chart = curve_chart.layout([10], [0.0], [0.0])
        assert chart is not None
        assert chart.marks[0].y == HEIGHT - BOTTOM


class TestRoundTicks:
    @pytest.mark.parametrize(
        ("high", "expected"),
        [
            (100.0, [0, 50, 100]),
            (8.0, [0, 2, 4, 6, 8]),
            (0.03, [0, 0.01, 0.02, 0.03]),
            (1000.0, [0, 500, 1000]),
        ],
    )
    def test_numbers_are_round(self, high: float, expected: list[float]) -> None:
        assert curve_chart.round_ticks(0.0, high) == pytest.approx(expected)

    def test_an_axis_without_length(self) -> None:
        assert curve_chart.round_ticks(0.0, 0.0) == [0.0]
