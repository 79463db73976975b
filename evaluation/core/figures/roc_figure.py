"""ROC curves from confidence, and the plane of d' against criterion."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.core import roc, wording
from evaluation.core.estimates import Estimate
from evaluation.core.figures.drawing import COLOURS, DASHES, GREY, INK, LIGHT, MARKERS, Picture, draw, panels
from evaluation.core.readings import Readings
from evaluation.core.signal_detection import SignalDetection
from generation.core.labels import REAL

_MAX_COLUMNS = 4


def curves(readings: Readings) -> Picture | None:
    """Draw the empirical ROC curve of each reader for each generator; None where no confidence was given."""
    drawn = {reader.name: _areas(readings, reader.name) for reader in readings.readers}
    shown = [reader for reader in readings.readers if drawn[reader.name]]
    if not shown:
        return None
    n_columns = min(_MAX_COLUMNS, max(2, len(shown)))

    def paint(figure: Figure) -> None:
        titles = [f"{reader.name} · {reader.group}" if reader.group else reader.name for reader in shown]
        for number, (axes, reader) in enumerate(
            zip(panels(figure, titles, n_columns=n_columns), shown, strict=True)
        ):
            axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
            for place, (generator, curve, area) in enumerate(drawn[reader.name]):
                axes.plot(
                    curve.false_positive_rates,
                    curve.true_positive_rates,
                    color=COLOURS[place % len(COLOURS)],
                    linestyle=DASHES[place % len(DASHES)],
                    label=f"{wording.origin(generator)} {wording.decimal(area.estimate)}",
                )
            axes.legend(loc="lower right", handlelength=2.4, title="AUC", title_fontsize=7.5)
            axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
            axes.set_xticks([0, 0.5, 1], ["0", "50", "100"])
            axes.set_yticks([0, 0.5, 1], ["0", "50", "100"])
            axes.grid(visible=True)
            axes.set_xlabel("reals called synthetic, %" if number + n_columns >= len(shown) else "")
            axes.set_ylabel("fakes called synthetic, %" if number % n_columns == 0 else "")

    return draw(
        "roc",
        "Empirical ROC curve of each reader for each generator",
        "Empirical ROC curves from answer and confidence: fakes of one generator against all reals; area under each curve in "
        "the legend, its interval in the table; dashed diagonal: chance.",
        paint,
        height_mm=8 + (180 / n_columns + 4) * (-(-len(shown) // n_columns)),
    )


def _areas(readings: Readings, reader: str) -> list[tuple[str, roc.Curve, roc.Area]]:
    """Curve and area of one reader for each generator that can be drawn."""
    reals = [one.score for one in readings.answered(reader, REAL) if one.score is not None]
    found = []
    for generator in readings.generators:
        fakes = [one.score for one in readings.answered(reader, generator) if one.score is not None]
        if fakes and reals:
            found.append((generator, roc.curve(fakes, reals), roc.area(fakes, reals)))
    return found


@dataclass(frozen=True)
class CriterionPoint:
    """One reader's sensitivity and bias for one generator, or all."""

    reader: str
    generator: str
    detection: SignalDetection


def criterion_plane(points: Sequence[CriterionPoint]) -> Picture | None:
    """Draw d' against criterion with one standard error in each direction, one point per reader and generator."""
    present = [
        one for one in points
        if one.detection.d_prime.value is not None and one.detection.criterion.value is not None
    ]  # fmt: skip
    if not present:
        return None
    readers = list(dict.fromkeys(one.reader for one in present))
    generators = list(dict.fromkeys(one.generator for one in present))
    are_many = len(readers) > len(
        COLOURS
    )  # no palette tells so many apart; their names stand beside the points

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axhline(0, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.axvline(0, color=LIGHT, linewidth=1.2)
        for one in present:
            place = generators.index(one.generator)
            colour = COLOURS[(place if are_many else readers.index(one.reader)) % len(COLOURS)]
            _point(axes, one, colour=colour, marker=MARKERS[place % len(MARKERS)])
            if are_many:
                axes.annotate(
                    one.reader, (_value(one.detection.criterion), _value(one.detection.d_prime)),
                    xytext=(3, 3), textcoords="offset points", fontsize=6, color=colour,
                )  # fmt: skip
        reach = max(
            0.5,
            *(abs(_value(one.detection.criterion)) + (one.detection.criterion.se or 0.0) for one in present),
        )
        axes.set_xlim(-1.08 * reach, 1.08 * reach)  # never so narrow that a small bias looks large
        axes.set_xlabel("criterion c\n(left: leaning to “synthetic”, right: leaning to “real”)")
        axes.set_ylabel("sensitivity d′")
        axes.margins(y=0.12)
        axes.grid(visible=True)
        _legend(axes, [] if are_many else readers, generators)

    return draw(
        "criterion",
        "Sensitivity against criterion of each reader and generator",
        "Sensitivity d′ against criterion c with one standard error; d′ = 0 (dashed): no discrimination; c below 0: leaning to "
        "“synthetic”, above 0: leaning to “real”. All points of one reader share the same reals.",
        paint,
        height_mm=95,
        width_mm=150,
    )


def _point(axes: Axes, one: CriterionPoint, *, colour: str, marker: str) -> None:
    d_prime, criterion = one.detection.d_prime, one.detection.criterion
    axes.errorbar(
        [_value(criterion)], [_value(d_prime)],
        xerr=criterion.se, yerr=d_prime.se,
        fmt=marker, color=colour, elinewidth=0.9, markersize=5,
    )  # fmt: skip


def _value(estimate: Estimate) -> float:
    return 0.0 if estimate.value is None else estimate.value


def _legend(axes: Axes, readers: list[str], generators: list[str]) -> None:
    """Colours tell readers, shapes tell generators; of many readers only shapes and colours of generators are told."""
    for number, reader in enumerate(readers):
        axes.plot([], [], "-", color=COLOURS[number], linewidth=3, label=reader)
    if len(generators) > 1:
        for number, generator in enumerate(generators):
            colour = INK if readers else COLOURS[number % len(COLOURS)]
            axes.plot([], [], MARKERS[number % len(MARKERS)], color=colour, label=wording.origin(generator))
    if not readers and len(generators) < 2:
        return
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
