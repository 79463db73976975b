"""Lay out a metric over the checkpoints of a training, beside its floor, in units of a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 36  # margins
N_TICKS: Final = 4


@dataclass(frozen=True)
class Tick:
    """A labelled position along an axis."""

    position: float
    label: str


@dataclass(frozen=True)
class Mark:
    """One value of the curve."""

    x: float
    y: float
    step: int
    value: float
    is_best: bool


@dataclass(frozen=True)
class CurveChart:
    """A curve ready to draw.

    Parameters
    ----------
    line, floor_line : "x,y x,y ..." of polylines; the floor's is empty if there is none
    marks : one per value
    best : the mark of the smallest value
    """

    line: str
    floor_line: str
    marks: tuple[Mark, ...]
    best: Mark
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def layout(
    steps: Sequence[int], values: Sequence[float | None], floors: Sequence[float | None]
) -> CurveChart | None:
    """Lay out one curve; None without any value.

    Parameters
    ----------
    steps : training steps, ascending
    values : metric at each step, where it is known
    floors : its floor at each step, where it is known
    """
    known = [(step, value) for step, value in zip(steps, values, strict=True) if value is not None]
    if not known:
        return None
    base = [(step, value) for step, value in zip(steps, floors, strict=True) if value is not None]
    last = max(steps)
    y_ticks = round_ticks(0.0, max(value for _, value in (*known, *base)))
    high = max(y_ticks[-1], max(value for _, value in (*known, *base)), 1e-12)
    low = min(0.0, *(value for _, value in (*known, *base)))

    def x(step: float) -> float:
        return LEFT + step / max(last, 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def line(points: list[tuple[int, float]]) -> str:
        return " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)

    best_step, _ = min(known, key=lambda point: (point[1], point[0]))
    marks = tuple(Mark(x(step), y(value), step, value, step == best_step) for step, value in known)
    return CurveChart(
        line=line(known),
        floor_line=line(base),
        marks=marks,
        best=next(mark for mark in marks if mark.is_best),
        x_ticks=tuple(Tick(x(step), f"{step:,.0f}") for step in round_ticks(0, last)),
        y_ticks=tuple(Tick(y(value), f"{value:.3g}") for value in y_ticks),
    )


def round_ticks(low: float, high: float, n: int = N_TICKS) -> list[float]:
    """Give about n round numbers from low to high, both ends included where they are round.

    Parameters
    ----------
    low, high : ends of the axis
    n : intervals wanted
    """
    span = high - low
    if span <= 0:
        return [low]
    raw = span / n
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
    first = ceil(low / step - 1e-9)
    return [i * step for i in range(first, floor(high / step + 1e-9) + 1)]
