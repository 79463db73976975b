"""What the page of a trial says about its frames: their names, in the order of the page, and what the script needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from generation.core.frame_set import PAPER, FrameSet
from readerstudy.core import panel as panels
from readerstudy.core import panel_layouts
from readerstudy.core.protocol import FIGURE_4, OF_POOL, SEVEN_FRAMES

LETTERS: Final = 13  # pixels of the screen, of captions over the picture
SHOWN_WIDTH: Final = {"wide": 1312, "tall": 420}  # pixels of the screen that the picture has there, about

Words = str | Promise  # in the language of whoever looks


@dataclass(frozen=True, slots=True)
class FramePlace:
    """One frame of the page: its name in the code, and the words below it."""

    name: str
    title: Words
    note: Words = ""  # right of the title


@dataclass(frozen=True, slots=True)
class Caption:
    """The words below a frame of the picture, with the box that they lie in."""

    title: Words
    left: int
    top: int
    width: int


@dataclass(frozen=True, slots=True)
class Captions:
    """The captions of the picture in one shape of the window; `text_size` in pixels of the picture."""

    shape: str
    layout: panels.Layout
    text_size: int
    words: list[Caption]


@dataclass(frozen=True, slots=True)
class ViewerPage:
    """The frames of a layout, for the viewer and for the picture that stands in for it.

    Attributes
    ----------
    layout : its name; with "pool" the page has no styles of its own for it, and the picture brings its captions
    has_series : whether there are a cine and a curve at the cursor
    window_of : which window the numbers W and L are of, where there are several; with a space behind it
    data : what the frames are, for the script; the same for every panel of a study
    """

    layout: str
    frames: tuple[FramePlace, ...]
    wide: panels.Layout
    tall: panels.Layout
    label: Words
    has_series: bool = True
    window_of: str = ""
    data: str = ""

    @property
    def captions(self) -> list[Captions]:
        """The captions of the picture in either shape of the window, where the page has no styles for the layout."""
        titles = {frame.name: frame.title for frame in self.frames}
        shapes = (("wide", self.wide), ("tall", self.tall)) if self.layout == OF_POOL else ()
        return [
            Captions(
                shape,
                layout,
                # The picture is shown as wide as its window at most, and the letters with it.
                text_size=round(LETTERS * max(1.0, layout.width / SHOWN_WIDTH[shape])),
                words=[
                    Caption(titles[name], left, top + layout.frame_height, layout.frame_width)
                    for name, left, top in layout.places()
                ],
            )
            for shape, layout in shapes
        ]


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


def of_layout(layout: str, frame_set: FrameSet = PAPER) -> ViewerPage:
    """The page of one layout of the protocol, for these frames."""
    name = panel_layouts.fitting(layout, frame_set)
    wide, tall = (panels.layout(name, shape, frame_set) for shape in panel_layouts.SHAPES)
    if frame_set.is_paper:
        data = _data(frame_set, later=panel_layouts.LATER_SUBTRACTIONS if name == FIGURE_4 else {})
        return ViewerPage(name, _FRAMES[name], wide, tall, _LABELS[name], data=data)
    has_windows = len(panels.groups(frame_set)) > 1
    return ViewerPage(
        name,
        tuple(_places(frame_set, wide)),
        wide,
        tall,
        gettext_lazy("Panel of one frame")
        if frame_set.n_frames == 1
        else format_lazy(gettext_lazy("Panel of {n} frames"), n=frame_set.n_frames),
        has_series=bool(frame_set.dynamic),
        window_of=f"{_reference(frame_set)} " if has_windows else "",
        data=_data(frame_set, later={}),
    )


def _places(frame_set: FrameSet, layout: panels.Layout) -> list[FramePlace]:
    """The frames in the order in which they are looked at, row by row."""
    times = dict(zip(frame_set.dynamic, frame_set.seconds, strict=False))
    found = []
    for name, _, _ in layout.places():
        one = frame_set.subtraction_of(name)
        note = f"{times[name]:g} s" if name in times else ""
        if one:
            note = f"{panels.title(one.minuend, frame_set)} − {panels.title(one.subtrahend, frame_set)}"
        found.append(FramePlace(name, panels.title(name, frame_set), note))
    return found


def _reference(frame_set: FrameSet) -> str:
    """The window whose numbers the page says: of the series, or else of the first frame."""
    name = (frame_set.dynamic or frame_set.names)[0]
    group = next(group for group in panels.groups(frame_set) if _is_in(frame_set, name, group))
    first = frame_set.names[group.frames[0]]
    window = frame_set.windows[frame_set.index(first)]
    return panels.title(first if len(group.frames) == 1 else window, frame_set)


def _is_in(frame_set: FrameSet, name: str, group: panels.WindowGroup) -> bool:
    return frame_set.index(name) in (*group.frames, *group.subtractions)


def _data(frame_set: FrameSet, *, later: Mapping[str, str]) -> str:
    """What the script of the viewer needs to know of the frames."""
    names = frame_set.names
    subtrahend = frame_set.subtractions[0].subtrahend if later else ""
    windows: list[dict[str, Any]] = [
        {
            "frames": [names[place] for place in group.frames],
            "followers": [names[place] for place in group.subtractions],
            "low": group.low,
            "high": group.high,
        }
        for group in panels.groups(frame_set)
    ]
    for window in windows:
        window["followers"] += [name for name, minuend in later.items() if minuend in window["frames"]]
    data = {
        "names": names,
        "height": frame_set.height,
        "width": frame_set.width,
        "dynamic": frame_set.dynamic,
        "seconds": frame_set.seconds,
        "later": {name: [minuend, subtrahend] for name, minuend in later.items()},
        "windows": windows,
        "arrangements": [] if frame_set.is_paper else panel_layouts.arrangements(frame_set),
    }
    return json.dumps(data, separators=(",", ":"))
