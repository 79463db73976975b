"""Where the frames of a panel go: the paper's layouts, and those of any other frame set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet
from readerstudy.core.protocol import FIGURE_4, OF_POOL, SEVEN_FRAMES

GAP: Final = 8  # pixels between columns
LATER_SUBTRACTIONS: Final = {  # of the layout of figure 4; the first one is the frame Sub
    "Sub2": "T1_post2",
    "Sub3": "T1_post3",
    "Sub4": "T1_post4",
}
CINE, CURVE = "cine", "curve"  # places of the viewer beside the frames; no frame has such a name
SHAPES: Final = ("wide", "tall")  # of the window

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Frames in rows; an empty name leaves a place free.

    Attributes
    ----------
    rows : names from the frame set or LATER_SUBTRACTIONS, all rows of one length
    zoom : screen pixels per patch pixel; less than 1 only in galleries
    caption : pixels left free below each row, where the page writes the names of the frames
    frame_set : what the frames are
    """

    rows: Rows
    zoom: float
    caption: int
    frame_set: FrameSet = PAPER

    @property
    def frame_width(self) -> int:
        """Width of one frame in pixels."""
        return round(self.frame_set.width * self.zoom)

    @property
    def frame_height(self) -> int:
        """Height of one frame in pixels."""
        return round(self.frame_set.height * self.zoom)

    @property
    def width(self) -> int:
        """Width of the panel in pixels."""
        n_columns = len(self.rows[0])
        return n_columns * self.frame_width + (n_columns - 1) * GAP

    @property
    def height(self) -> int:
        """Height of the panel in pixels."""
        return len(self.rows) * (self.frame_height + self.caption)

    def places(self) -> Iterator[tuple[str, int, int]]:
        """Each frame with the left and upper edge of its place, row by row."""
        for row, names in enumerate(self.rows):
            for column, name in enumerate(names):
                if name:
                    left = column * (self.frame_width + GAP)
                    yield name, left, row * (self.frame_height + self.caption)


WIDE: Final = Layout(
    (("T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4"), ("T2", "Sub", "", "", "")),
    zoom=4,
    caption=36,
)
TALL: Final = Layout(
    (("T1_pre", "T1_post1", "T1_post2"), ("T1_post3", "T1_post4", "Sub"), ("T2", "", "")), zoom=4, caption=48
)
FIGURE_4_WIDE: Final = Layout(
    (
        ("T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "T2"),
        ("", "Sub", "Sub2", "Sub3", "Sub4", ""),
    ),
    zoom=4,
    caption=36,
)
FIGURE_4_TALL: Final = Layout(
    (
        ("T1_pre", "T1_post1", "T1_post2"),
        ("T1_post3", "T1_post4", "T2"),
        ("Sub", "Sub2", "Sub3"),
        ("Sub4", "", ""),
    ),
    zoom=4,
    caption=48,
)
LAYOUTS: Final[Mapping[str, Mapping[str, Layout]]] = {  # layout of the protocol -> shape of the window
    SEVEN_FRAMES: {"wide": WIDE, "tall": TALL},
    FIGURE_4: {"wide": FIGURE_4_WIDE, "tall": FIGURE_4_TALL},
}
STRIP: Final = Layout(
    (("T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "T2", "Sub"),), zoom=2, caption=0
)

# What a picture of another frame set shall fit into, as long as each pixel is at least one of the screen.
_ROOM: Final = {"wide": (1312, 900), "tall": (784, 1200)}
_CAPTION: Final = {"wide": 36, "tall": 48}
_MAX_ZOOM: Final = 8
_MAX_TALL_COLUMNS: Final = 3
_STRIP_WIDTH: Final = 952  # pixels, as wide as the strip of the paper's seven frames
_STRIP_SIDE: Final = 128  # a frame of a strip is about so large; half of it where there are more than
_MANY: Final = 14
_WINDOWS: Final = (
    (1312, 640),
    (1100, 800),
    (784, 900),
    (390, 640),
)  # that the viewer prepares arrangements for


def check_layout(name: str, frame_set: FrameSet) -> None:
    """Refuse a layout of the paper's frames for others.

    Raises
    ------
    InputError
        Naming the layout and the frames.
    """
    if not frame_set.is_paper and name == FIGURE_4:
        raise InputError(
            f"The layout of ten frames shows subtractions of the paper's seven, but the pools have {frame_set.words}; "
            "choose the plain layout.",
            field="layout",
        )


def fitting(name: str, frame_set: FrameSet) -> str:
    """The layout of a protocol for these frames: the plain one is the paper's for its frames, else the pool's."""
    check_layout(name, frame_set)
    if frame_set.is_paper:
        return SEVEN_FRAMES if name == OF_POOL else name
    return OF_POOL


def layout(name: str, shape: str, frame_set: FrameSet = PAPER) -> Layout:
    """The layout of a picture.

    Parameters
    ----------
    name : of the layout, from the protocol
    shape : `wide` or `tall`, of the window
    frame_set : of the study
    """
    if frame_set.is_paper:
        return LAYOUTS[fitting(name, PAPER)][shape]
    return _of_frames(frame_set, shape)


@lru_cache(maxsize=64)
def strip(frame_set: FrameSet) -> Layout:
    """A strip of all frames without captions, for galleries; of many frames it has several rows."""
    if frame_set.is_paper:
        return STRIP
    side = _STRIP_SIDE if frame_set.n_frames <= _MANY else _STRIP_SIDE // 2
    zoom = side / max(frame_set.height, frame_set.width)
    zoom = float(round(zoom)) if zoom > 1 else zoom
    n_columns = (_STRIP_WIDTH + GAP) // (round(frame_set.width * zoom) + GAP)
    return Layout(_wrapped(frame_set.names, n_columns), zoom=zoom, caption=0, frame_set=frame_set)


@lru_cache(maxsize=64)
def arrangements(frame_set: FrameSet) -> tuple[Rows, ...]:
    """Rows of places for the viewer, which takes those that give the largest frames in its window.

    Where there is a dynamic series, the cine and the curve at the cursor have places too.
    """
    chosen = (_plain(frame_set),) if frame_set.rows else ()
    extra = (CINE, CURVE) if frame_set.dynamic else ()
    by_window = tuple(
        _wrapped(frame_set.names, _best_columns(frame_set, window, len(extra))) for window in _WINDOWS
    )
    return tuple(dict.fromkeys(_with_places(rows, extra) for rows in (*chosen, *by_window)))


@lru_cache(maxsize=64)
def _of_frames(frame_set: FrameSet, shape: str) -> Layout:
    """The layout that the frame set brings along, or a grid; a narrow window gets few columns."""
    rows, room = _plain(frame_set), _ROOM[shape]
    if shape == "tall":
        n_columns = min(len(rows[0]), _MAX_TALL_COLUMNS, _best_columns(frame_set, room))
        rows = rows if len(rows[0]) <= n_columns else _wrapped(_shown(rows), n_columns)
    caption = _CAPTION[shape]
    across = (room[0] - (len(rows[0]) - 1) * GAP) // (len(rows[0]) * frame_set.width)
    down = (room[1] // len(rows) - caption) // frame_set.height
    return Layout(rows, max(1, min(across, down, _MAX_ZOOM)), caption, frame_set)


def _plain(frame_set: FrameSet) -> Rows:
    return frame_set.rows or _wrapped(frame_set.names, _best_columns(frame_set, _ROOM["wide"]))


def _best_columns(frame_set: FrameSet, room: tuple[int, int], n_extra: int = 0) -> int:
    """The number of columns that gives the largest frames in a room; of several the one with the fewest places free."""

    def rank(n_columns: int) -> tuple[float, int]:
        n_rows = -(-n // n_columns)
        across = (room[0] - (n_columns - 1) * GAP) / n_columns / frame_set.width
        down = (room[1] / n_rows - _CAPTION["wide"]) / frame_set.height
        return min(across, down), -(n_rows * n_columns - n)

    n = frame_set.n_frames + n_extra
    return max(range(1, n + 1), key=rank)


def _wrapped(names: tuple[str, ...], n_columns: int) -> Rows:
    rows = [names[start : start + n_columns] for start in range(0, len(names), n_columns)]
    return tuple((*row, *[""] * (len(rows[0]) - len(row))) for row in rows)


def _shown(rows: Rows) -> tuple[str, ...]:
    return tuple(name for row in rows for name in row if name)


def _with_places(rows: Rows, extra: tuple[str, ...]) -> Rows:
    """Put more places behind the last frame: into what is free of its row, else into rows of their own."""
    if not extra:
        return rows
    n_columns = len(rows[0])
    last = [name for name in rows[-1] if name]
    if rows[-1][: len(last)] == tuple(last) and len(last) + len(extra) <= n_columns:
        return (
            (*rows[:-1], *_wrapped((*last, *extra), n_columns))
            if len(rows) == 1
            else (
                *rows[:-1],
                (*last, *extra, *[""] * (n_columns - len(last) - len(extra))),
            )
        )
    more = [extra[start : start + n_columns] for start in range(0, len(extra), n_columns)]
    return (*rows, *((*row, *[""] * (n_columns - len(row))) for row in more))
