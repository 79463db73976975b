"""What the page of a trial says about its frames: their names, in the order of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from readerstudy.core import panel as panels
from readerstudy.core.protocol import FIGURE_4, SEVEN_FRAMES


@dataclass(frozen=True, slots=True)
class FramePlace:
    """One frame of the page: its name in the code, and the words below it."""

    name: str
    title: str
    note: str = ""  # right of the title


@dataclass(frozen=True, slots=True)
class ViewerPage:
    """The frames of a layout, for the viewer and for the picture that stands in for it."""

    layout: str
    frames: tuple[FramePlace, ...]
    wide: panels.Layout
    tall: panels.Layout
    label: str


_DYNAMIC: Final = (
    FramePlace("T1_pre", "T1 pre", "0 s"),
    FramePlace("T1_post1", "T1 post 1", "70 s"),
    FramePlace("T1_post2", "T1 post 2", "140 s"),
    FramePlace("T1_post3", "T1 post 3", "210 s"),
    FramePlace("T1_post4", "T1 post 4", "280 s"),
)
_T2: Final = FramePlace("T2", "T2")
_FRAMES: Final[Mapping[str, tuple[FramePlace, ...]]] = {
    SEVEN_FRAMES: (*_DYNAMIC, _T2, FramePlace("Sub", "Subtraction", "post 1 − pre")),
    FIGURE_4: (
        *_DYNAMIC,
        _T2,
        FramePlace("Sub", "Subtraction", "post 1 − pre"),
        FramePlace("Sub2", "Subtraction", "post 2 − pre"),
        FramePlace("Sub3", "Subtraction", "post 3 − pre"),
        FramePlace("Sub4", "Subtraction", "post 4 − pre"),
    ),
}
_LABELS: Final = {SEVEN_FRAMES: "Panel of seven frames", FIGURE_4: "Panel of ten frames"}


def of_layout(layout: str) -> ViewerPage:
    """The page of one layout of the protocol."""
    shapes = panels.LAYOUTS[layout]
    return ViewerPage(layout, _FRAMES[layout], shapes["wide"], shapes["tall"], _LABELS[layout])
