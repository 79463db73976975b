"""Where everything lies in the figure of accuracies with intervals; a template draws it as SVG."""

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from evaluation.core import wording
from evaluation.core.accuracy import ALL, Accuracy
from evaluation.core.proportions import CHANCE, LEVEL, IntervalMethod

WIDTH: Final = 860.0
LEFT: Final = 260.0  # room for the labels
RIGHT: Final = 24.0
ROW: Final = 24.0
GAP: Final = 20.0  # between readers
TOP: Final = 12.0
AXIS: Final = 56.0  # room for ticks and the axis label
_STEP: Final = 10  # percent between ticks


@dataclass(frozen=True)
class Mark:
    """One estimate with its interval; x in units of the drawing, absent without trials."""

    label: str
    y: float
    x: float | None
    low: float | None
    high: float | None
    is_total: bool
    text: str  # the same in words


@dataclass(frozen=True)
class Group:
    """The marks of one reader."""

    label: str
    sub: str
    y: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Tick:
    """A grid line and its percentage."""

    x: float
    label: str


@dataclass(frozen=True)
class Forest:
    """Everything the figure shows, in units of its view box."""

    width: float
    height: float
    top: float
    bottom: float
    left: float
    right: float
    middle: float
    chance_x: float
    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]


def layout(accuracy: Accuracy, *, method: IntervalMethod = "wilson", level: float = LEVEL) -> Forest:
    """Place readers as groups, origins as rows, the percentage as x; the axis covers every interval and chance."""
    origins = (*accuracy.origins, ALL)
    cells = {
        (reader.name, one): accuracy.proportion(reader.name, one)
        for reader in accuracy.readers
        for one in origins
    }
    limits = {key: cell.interval(method, level) for key, cell in cells.items()}
    present = [one for one in limits.values() if one]
    first = max(0, _STEP * floor(100 * min([CHANCE - 0.1, *(one.low for one in present)]) / _STEP))
    last = min(100, _STEP * ceil(100 * max([CHANCE + 0.1, *(one.high for one in present)]) / _STEP))

    def x_of(fraction: float) -> float:
        return round(LEFT + (100 * fraction - first) / (last - first) * (WIDTH - LEFT - RIGHT), 1)

    groups, y = [], TOP + ROW / 2
    for reader in accuracy.readers:
        marks = []
        for one in origins:
            cell, limit = cells[reader.name, one], limits[reader.name, one]
            text = f"{wording.percent(cell.fraction)} %, {cell.n_correct} of {cell.n}"
            marks.append(
                Mark(
                    label=wording.origin(one),
                    y=y,
                    x=None if cell.fraction is None else x_of(cell.fraction),
                    low=x_of(limit.low) if limit else None,
                    high=x_of(limit.high) if limit else None,
                    is_total=one == ALL,
                    text=text,
                )
            )
            y += ROW
        middle = (marks[0].y + marks[-1].y) / 2
        groups.append(
            Group(reader.group or reader.name, reader.name if reader.group else "", middle, tuple(marks))
        )
        y += GAP
    bottom = y - GAP - ROW / 2 + 8 if groups else TOP + ROW
    return Forest(
        width=WIDTH,
        height=bottom + AXIS,
        top=TOP - 8,
        bottom=bottom,
        left=LEFT,
        right=WIDTH - RIGHT,
        middle=(LEFT + WIDTH - RIGHT) / 2,
        chance_x=x_of(CHANCE),
        ticks=tuple(Tick(x_of(value / 100), str(value)) for value in range(first, last + 1, _STEP)),
        groups=tuple(groups),
    )
