"""The fakes that fooled most readers, and the reals most often called synthetic."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from evaluation.core import wording
from evaluation.core.case_table import CaseLine
from evaluation.core.figures.drawing import GREY, INK, Picture, draw
from evaluation.core.proportions import LEVEL

MAX_CASES = 20
NAME = "cases"


def hardest(cases: Sequence[CaseLine], *, level: float = LEVEL) -> Picture | None:
    """Draw the share of readers who misjudged each of the hardest cases, most first."""
    present = [one for one in cases if one.fooled.fraction]
    shown = sorted(present, key=lambda one: (-(one.fooled.fraction or 0.0), -one.fooled.n, one.case))[
        :MAX_CASES
    ]
    if not shown:
        return None

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        for y, one in enumerate(shown):
            limits = one.fooled.interval("wilson", level)
            if limits:
                axes.plot([limits.low, limits.high], [y, y], color=INK)
            axes.plot([one.fooled.fraction or 0.0], [y], "s", color=INK, clip_on=False)
            axes.text(
                1.02, y, f"{one.fooled.n_correct} of {one.fooled.n}",
                transform=axes.get_yaxis_transform(), va="center", color=GREY, fontsize=7,
            )  # fmt: skip
        labels = [f"{one.case}  {wording.origin(one.origin)}, {wording.tissue(one.tissue)}" for one in shown]
        axes.set_yticks(range(len(shown)), labels)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
        axes.grid(visible=True, axis="x")
        axes.set_xlabel("readers who misjudged the case, %")

    return draw(
        NAME,
        "The cases that most readers misjudged",
        f"Share of readers who misjudged a case, with {100 * level:g} % Wilson intervals; at most {MAX_CASES} cases are shown. With "
        "few readers this is a description, not a ranking.",
        paint,
        height_mm=14 + 4.4 * len(shown),
        width_mm=150,
    )
