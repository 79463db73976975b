"""What the page of a trial says about its frames: their names, in the order of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from readerstudy.core import panel as panels
from readerstudy.core.protocol import FIGURE_4, SEVEN_FRAMES

Words = str | Promise  # in the language of whoever looks


@dataclass(frozen=True, slots=True)
class FramePlace:
    """One frame of the page: its name in the code, and the words below it."""

    name: str
    title: Words
    note: Words = ""  # right of the title


@dataclass(frozen=True, slots=True)
class ViewerPage:
    """The frames of a layout, for the viewer and for the picture that stands in for it."""

    layout: str
    frames: tuple[FramePlace, ...]
    wide: panels.Layout
    tall: panels.Layout
    label: Words


_DYNAMIC: Final = (
    FramePlace("T1_pre", gettext_lazy("T1 pre"), "0 s"),
    FramePlace("T1_post1", gettext_lazy("T1 post 1"), "70 s"),
    FramePlace("T1_post2", gettext_lazy("T1 post 2"), "140 s"),
    FramePlace("T1_post3", gettext_lazy("T1 post 3"), "210 s"),
    FramePlace("T1_post4", gettext_lazy("T1 post 4"), "280 s"),
)
_T2: Final = FramePlace("T2", "T2")
_FRAMES: Final[Mapping[str, tuple[FramePlace, ...]]] = {
    SEVEN_FRAMES: (
        *_DYNAMIC,
        _T2,
        FramePlace("Sub", gettext_lazy("Subtraction"), gettext_lazy("post 1 − pre")),
    ),
    FIGURE_4: (
        *_DYNAMIC,
        _T2,
        FramePlace("Sub", gettext_lazy("Subtraction"), gettext_lazy("post 1 − pre")),
        FramePlace("Sub2", gettext_lazy("Subtraction"), gettext_lazy("post 2 − pre")),
        FramePlace("Sub3", gettext_lazy("Subtraction"), gettext_lazy("post 3 − pre")),
        FramePlace("Sub4", gettext_lazy("Subtraction"), gettext_lazy("post 4 − pre")),
    ),
}
_LABELS: Final = {
    SEVEN_FRAMES: gettext_lazy("Panel of seven frames"),
    FIGURE_4: gettext_lazy("Panel of ten frames"),
}


def of_layout(layout: str) -> ViewerPage:
    """The page of one layout of the protocol."""
    shapes = panels.LAYOUTS[layout]
    return ViewerPage(layout, _FRAMES[layout], shapes["wide"], shapes["tall"], _LABELS[layout])
