"""Response times by reader, source and whether the answer was right."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from evaluation.core import wording
from evaluation.core.figures.drawing import GREY, INK, Picture, draw, panels
from evaluation.core.readings import Readings
from evaluation.core.response_times import ExclusionRule, kept_times

_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300)
_N_COLUMNS = 3


def response_times(readings: Readings) -> Picture | None:
    """Draw median, quartiles and 5th to 95th percentile of the time to the answer; None where no times are known."""
    shown = [reader for reader in readings.readers if kept_times(readings, reader.name)]
    if not shown:
        return None
    n_columns = min(_N_COLUMNS, max(2, len(shown)))
    rows = [(origin, is_right) for origin in readings.origins for is_right in (True, False)]

    def paint(figure: Figure) -> None:
        titles = [f"{reader.name} · {reader.group}" if reader.group else reader.name for reader in shown]
        places = zip(panels(figure, titles, n_columns=n_columns), shown, strict=True)
        for number, (axes, reader) in enumerate(places):
            for y, (origin, is_right) in enumerate(rows):
                _row(
                    axes,
                    y,
                    _seconds(kept_times(readings, reader.name, origin, is_right)),
                    is_right=is_right,
                )
            labels = [
                f"{wording.origin(origin)}, {'right' if is_right else 'wrong'}" for origin, is_right in rows
            ]
            axes.set_yticks(range(len(rows)), labels)
            axes.set_ylim(len(rows) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(_SECONDS))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.grid(visible=True, axis="x")
            axes.set_xlabel("seconds (log scale)" if number + n_columns >= len(shown) else "")

    return draw(
        "times",
        "Response time of each reader by source and whether the answer was right",
        "Time from the panel's first paint to the answer: median (mark), quartiles (thick), 5th to 95th percentile (thin); filled: "
        f"right answers, open: wrong ones; the number at the right is n; {ExclusionRule().words}.",
        paint,
        height_mm=6 + (-(-len(shown) // n_columns)) * (14 + 5.2 * len(rows)),
    )


def _seconds(times: list[int]) -> list[float]:
    return sorted(time / 1000 for time in times)


def _row(axes: Axes, y: int, seconds: list[float], *, is_right: bool) -> None:
    axes.text(
        1.02, y, str(len(seconds)), transform=axes.get_yaxis_transform(), va="center", color=GREY, fontsize=7
    )
    if not seconds:
        return
    low, first, middle, third, high = (_quantile(seconds, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95))
    axes.plot([low, high], [y, y], color=GREY, linewidth=0.8)
    axes.plot([first, third], [y, y], color=INK, linewidth=2.6, solid_capstyle="butt")
    axes.plot([middle], [y], "o", color=INK, markerfacecolor=INK if is_right else "white", markersize=5)


def _quantile(ordered: list[float], q: float) -> float:
    """Interpolate between order statistics (type 7 of Hyndman and Fan 1996)."""
    place = q * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
