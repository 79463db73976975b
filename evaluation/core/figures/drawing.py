"""The common look of the figures, and their way into a page as inline SVG."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

MM: Final = 1 / 25.4  # inches
WIDTH_MM: Final = 180.0  # two columns of a journal
INK: Final = "#1c1e26"
GREY: Final = "#6b7280"
LIGHT: Final = "#e3e5e9"
# Okabe and Ito's palette, told apart by readers with any colour vision; the darkest first. Markers differ too, so
# that a figure survives a grey printer. Source: Okabe and Ito 2008, Color Universal Design.
COLOURS: Final = ("#1c1e26", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS: Final = ("s", "o", "^", "D", "v", "P", "X")
DASHES: Final[tuple[Any, ...]] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (8, 3)),
    "-",
    "--",
)

_NOT_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, section 2.2

_STYLE: Final[Any] = {  # matplotlib types every key
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and edited
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": LIGHT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
}


@dataclass(frozen=True)
class Picture:
    """A finished figure.

    Attributes
    ----------
    name : file name without ending, also the prefix of the ids inside
    title : what it shows, in words, for whoever cannot see it
    svg : inline SVG, without XML declaration
    caption : how to read it: units, intervals, n
    """

    name: str
    title: str
    svg: str
    caption: str


def draw(
    name: str,
    title: str,
    caption: str,
    paint: Callable[[Figure], None],
    *,
    height_mm: float,
    width_mm: float = WIDTH_MM,
) -> Picture:
    """Paint a figure and write it as SVG; the same numbers give the same bytes.

    Parameters
    ----------
    paint : puts axes and marks into an empty figure
    height_mm, width_mm : printed size
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width_mm * MM, height_mm * MM), layout="constrained")
        FigureCanvasSVG(figure)
        paint(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Picture(name, title, _inline(buffer.getvalue(), name, title), caption)


def percent_axis(axes: Axes, low: float, high: float, *, label: str, axis: str = "x") -> None:
    """Scale an axis of fractions in per cent, with quiet grid lines every 10 or 20."""
    step = 0.1 if high - low <= 0.65 else 0.2
    n_first, n_last = int(low / step + 1e-9), int(high / step + 1 - 1e-9)
    ticks = [step * number for number in range(n_first, n_last + 1)]
    labels = [f"{100 * tick:.0f}" for tick in ticks]
    if axis == "x":
        axes.set_xlim(ticks[0], ticks[-1])
        axes.set_xticks(ticks, labels)
        axes.set_xlabel(label)
    else:
        axes.set_ylim(ticks[0], ticks[-1])
        axes.set_yticks(ticks, labels)
        axes.set_ylabel(label)
    axes.grid(visible=True, axis="x" if axis == "x" else "y")


def panels(figure: Figure, titles: Sequence[str], *, n_columns: int, share: bool = True) -> list[Axes]:
    """Divide a figure into small multiples that share their axes; empty places stay empty."""
    n_rows = -(-len(titles) // n_columns)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=share, sharey=share)
    every: list[Axes] = [axes for row in grid for axes in row]
    for axes in every[len(titles) :]:
        axes.set_visible(False)
    for number, (axes, title) in enumerate(zip(every, titles, strict=False)):
        axes.set_title(title)
        # With shared axes only the lowest axes of a column carry labels; below an empty place there are none.
        axes.tick_params(labelbottom=number + n_columns >= len(titles))
    return every[: len(titles)]


def _inline(text: str, name: str, title: str) -> str:
    """Make SVG fit for a page: no XML declaration, ids of its own, a name for screen readers."""
    svg = _NOT_XML.sub("", text[text.index("<svg") :])
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace('xlink:href="#', f'xlink:href="#{name}-')
    told = f'<svg role="img" aria-labelledby="{name}-title" class="picture"'
    svg = svg.replace("<svg", told, 1)
    end = svg.index(">") + 1
    return f'{svg[:end]}\n <title id="{name}-title">{escape(title)}</title>{svg[end:]}'
