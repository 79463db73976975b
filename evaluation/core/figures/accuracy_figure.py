"""Accuracy of each reader on each source, as a forest plot; and over the quarters of a session."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.core import wording
from evaluation.core.accuracy import ALL, Accuracy
from evaluation.core.figures.drawing import GREY, INK, Picture, draw, panels, percent_axis
from evaluation.core.proportions import CHANCE, IntervalMethod, Proportion

_MM_PER_ROW = 4.6


def forest(accuracy: Accuracy, *, method: IntervalMethod, level: float) -> Picture:
    """Draw fraction correct with its interval, readers as groups, sources as rows, chance dashed."""
    origins = (*accuracy.origins, ALL)
    n_rows = len(accuracy.readers) * (len(origins) + 1)

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        low, high = CHANCE - 0.1, CHANCE + 0.1
        ticks, y = [], 0.0
        for reader in accuracy.readers:
            name = f"{reader.name} · {reader.group}" if reader.group else reader.name
            axes.text(
                -0.12,
                y + 0.0,
                name,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                weight="bold",
            )
            for origin in origins:
                cell = accuracy.proportion(reader.name, origin)
                limits = cell.interval(method, level)
                ticks.append((y, wording.origin(origin)))
                if limits and cell.fraction is not None:
                    low, high = min(low, limits.low), max(high, limits.high)
                    axes.plot([limits.low, limits.high], [y, y], color=INK, solid_capstyle="butt")
                    mark = "D" if origin == ALL else "s"
                    axes.plot([cell.fraction], [y], mark, color=INK, markersize=5 if origin == ALL else 4)
                else:
                    axes.text(CHANCE, y, "no answered trials", color=GREY, va="center", ha="center")
                y += 1
            y += 1
        axes.axvline(CHANCE, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.set_ylim(y - 1.3, -0.7)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        percent_axis(axes, low, high, label="correctly classified, %")

    return draw(
        "accuracy",
        "Accuracy of each reader on each source, with intervals",
        f"Fraction of panels classified correctly with {100 * level:g} % {_name(method)} intervals; squares: one source, "
        "diamonds: all sources together; dashed: chance (50 %).",
        paint,
        height_mm=16 + _MM_PER_ROW * n_rows,
    )


@dataclass(frozen=True)
class LearningLine:
    """Accuracy of one reader in each part of the session, first to last."""

    reader: str
    parts: tuple[Proportion, ...]


def learning(lines: Sequence[LearningLine], *, method: IntervalMethod, level: float) -> Picture:
    """Draw accuracy by quarter of the session, one small panel per reader."""
    n_columns = min(4, max(2, len(lines)))
    limits = [part.interval(method, level) for line in lines for part in line.parts]
    present = [one for one in limits if one]
    low = min([CHANCE - 0.1, *(one.low for one in present)])
    high = max([CHANCE + 0.1, *(one.high for one in present)])

    def paint(figure: Figure) -> None:
        for number, (axes, line) in enumerate(
            zip(panels(figure, [one.reader for one in lines], n_columns=n_columns), lines, strict=True)
        ):
            axes.axhline(CHANCE, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
            for place, part in enumerate(line.parts, start=1):
                found = part.interval(method, level)
                if found and part.fraction is not None:
                    axes.plot([place, place], [found.low, found.high], color=INK)
                    axes.plot([place], [part.fraction], "o", color=INK)
            axes.set_xticks(range(1, len(line.parts) + 1))
            axes.set_xlim(0.5, len(line.parts) + 0.5)
            axes.set_xlabel("quarter of the session" if number + n_columns >= len(lines) else "")
            percent_axis(axes, low, high, label="correct, %" if number % n_columns == 0 else "", axis="y")

    return draw(
        "learning",
        "Accuracy of each reader in the quarters of the session",
        f"Fraction correct by quarter of the test with {100 * level:g} % {_name(method)} intervals; dashed: chance. Every quarter "
        "holds the same mix of sources and lesion classes.",
        paint,
        height_mm=10 + 42 * (-(-len(lines) // n_columns)),
    )


def confusion(accuracy: Accuracy) -> Picture:
    """Draw, per reader, what was answered to each source: shares called synthetic and real as one bar per source."""
    n_columns = min(3, max(2, len(accuracy.readers)))

    def paint(figure: Figure) -> None:
        titles = [
            f"{reader.name} · {reader.group}" if reader.group else reader.name for reader in accuracy.readers
        ]
        places = zip(panels(figure, titles, n_columns=n_columns), accuracy.readers, strict=True)
        for number, (axes, reader) in enumerate(places):
            for y, origin in enumerate(accuracy.origins):
                cell = accuracy.proportion(reader.name, origin)
                if not cell.n or cell.fraction is None:
                    axes.text(0.5, y, "no answered trials", color=GREY, va="center", ha="center")
                    continue
                fake = 1 - cell.fraction if origin == "real" else cell.fraction
                n_fake = cell.n - cell.n_correct if origin == "real" else cell.n_correct
                axes.barh(y, fake, color="#4b5563", height=0.7)
                axes.barh(y, 1 - fake, left=fake, color="#d1d5db", height=0.7)
                _count(axes, fake / 2, y, n_fake, fake, "white")
                _count(axes, (1 + fake) / 2, y, cell.n - n_fake, 1 - fake, INK)
            axes.set_yticks(range(len(accuracy.origins)), [wording.origin(one) for one in accuracy.origins])
            axes.set_ylim(len(accuracy.origins) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            is_lowest = number + n_columns >= len(accuracy.readers)
            percent_axis(axes, 0, 1, label="share of answers, %" if is_lowest else "")

    n_rows = -(-len(accuracy.readers) // n_columns)
    return draw(
        "confusion",
        "What each reader answered to the panels of each source",
        "Share of panels called synthetic (dark) and real (light), with counts.",
        paint,
        height_mm=8 + n_rows * (12 + 6.5 * len(accuracy.origins)),
    )


def _count(axes: Axes, x: float, y: float, n: int, share: float, colour: str) -> None:
    if share > 0.08:
        axes.text(x, y, str(n), color=colour, ha="center", va="center", fontsize=7.5)


def _name(method: IntervalMethod) -> str:
    return {"wilson": "Wilson", "clopper-pearson": "Clopper-Pearson"}[method]
