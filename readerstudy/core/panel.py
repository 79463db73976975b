"""A patch laid out for a human, as a grayscale PNG whose length says nothing.

Every panel of a layout has the same number of bytes: the PNG is stored without compression, because
a smooth generated patch would compress better than a scanned one, and it carries no other chunk than
the image.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.core.frame_set import PAPER, FrameSet
from generation.core.frames import MAX_INTENSITY, T1_PRE
from readerstudy.core import png
from readerstudy.core.panel_data import shown
from readerstudy.core.panel_layouts import (
    FIGURE_4_TALL,
    FIGURE_4_WIDE,
    LATER_SUBTRACTIONS,
    LAYOUTS,
    STRIP,
    TALL,
    WIDE,
    Layout,
    layout,
    strip,
)
from readerstudy.core.protocol import BICUBIC, NEAREST

__all__ = [
    "FIGURE_4_TALL",
    "FIGURE_4_WIDE",
    "LAYOUTS",
    "STRIP",
    "SURROUND",
    "TALL",
    "WIDE",
    "Layout",
    "WindowGroup",
    "draw",
    "groups",
    "layout",
    "render",
    "strip",
    "title",
    "windowed",
]

SURROUND: Final = 11  # grey level of #0a0b0d, the page around the panel

FRAME_TITLES: Final = {
    "T1_pre": "T1 pre",
    "T1_post1": "T1 post 1",
    "T1_post2": "T1 post 2",
    "T1_post3": "T1 post 3",
    "T1_post4": "T1 post 4",
    "T2": "T2",
    "Sub": "subtraction",
}

BRIGHT_QUANTILE: Final = 0.995  # of a panel's own T1 frames (T2 frame) is shown white
DIMMEST_WHITE: Final = 96.0  # of 1023: a panel of air is not stretched into a picture of noise
SUBTRACTION_SHARE: Final = 0.5  # white of the subtraction, as a share of the white of T1


def title(name: str, frame_set: FrameSet = PAPER) -> str:
    """How a page writes the name of a frame."""
    if frame_set.is_paper:
        return FRAME_TITLES[name]
    return frame_set.titles[frame_set.index(name)] if name in frame_set.names else name.replace("_", " ")


def windowed(
    patch: NDArray[np.integer], *, own_subtraction: bool = False, frame_set: FrameSet = PAPER
) -> NDArray[np.float32]:
    """Scale a patch to grey levels by one rule, whatever its source.

    Black is 0. White is the 99.5 % quantile over all frames of a window together: of the paper's frames over the
    five T1 frames, so that enhancement stays comparable between them, and over the T2 frame for itself. A
    subtraction is white at half of the white of what it was computed from. Another signed frame is black at its
    0.5 % quantile. A fixed window would show many scans too dark, because a few vessels or the heart take up the
    upper part of [0, 1023].

    Parameters
    ----------
    patch : (frames, height, width) integers
    own_subtraction : keep the patch's own subtraction instead of computing it from the frames
    frame_set : what the frames are

    Returns
    -------
    (frames, height, width) float32, 0 black to 255 white, not yet clipped
    """
    shown_frames = shown(patch, own_subtraction=own_subtraction, frame_set=frame_set)
    frames = shown_frames.astype(np.float32)
    for group in groups(frame_set):
        places = list(group.frames)
        low, high = _ends(shown_frames[places], group)
        if group.low < 0:
            frames[places] -= np.float32(low)
        frames[places] *= 255.0 / (high - low)
        for place in group.subtractions:
            frames[place] *= 255.0 / (SUBTRACTION_SHARE * (high - low))
    return frames


@dataclass(frozen=True, slots=True)
class WindowGroup:
    """Frames that are shown with the same black and white.

    Attributes
    ----------
    frames : their positions in the array
    subtractions : positions of the frames computed from them
    low, high : the values that the frames can have
    """

    frames: tuple[int, ...]
    subtractions: tuple[int, ...]
    low: int
    high: int


@lru_cache(maxsize=64)
def groups(frame_set: FrameSet) -> tuple[WindowGroup, ...]:
    """The windows of a frame set; a subtraction follows the window of the frame it is taken from."""
    computed = {one.name: one.minuend for one in frame_set.subtractions}
    window_of = dict(zip(frame_set.names, frame_set.windows, strict=True))
    found = []
    for window in dict.fromkeys(frame_set.windows):
        own = tuple(
            place
            for place, name in enumerate(frame_set.names)
            if window_of[name] == window and name not in computed
        )
        if own:
            followers = [name for name, minuend in computed.items() if window_of[minuend] == window]
            limits = [frame_set.limits[place] for place in own]
            found.append(
                WindowGroup(
                    frames=own,
                    subtractions=tuple(frame_set.index(name) for name in followers),
                    low=min(low for low, _ in limits),
                    high=max(high for _, high in limits),
                )
            )
    return tuple(found)


def draw(
    patch: NDArray[np.integer],
    layout: Layout,
    *,
    interpolation: str = BICUBIC,
    own_subtraction: bool = False,
) -> Image.Image:
    """Draw a patch.

    Parameters
    ----------
    patch : (frames, height, width) integers, of the layout's frame set
    layout : where each frame goes
    interpolation : `bicubic` or `nearest`
    own_subtraction : see `windowed`

    Returns
    -------
    PIL image, mode L, layout.width x layout.height
    """
    frame_set = layout.frame_set
    frames = _named(windowed(patch, own_subtraction=own_subtraction, frame_set=frame_set), frame_set)
    sheet = Image.new("L", (layout.width, layout.height), SURROUND)
    size = (layout.frame_width, layout.frame_height)
    for name, left, top in layout.places():
        sheet.paste(_enlarged(frames[name], size, interpolation), (left, top))
    return sheet


def render(
    patch: NDArray[np.integer],
    layout: Layout = WIDE,
    *,
    interpolation: str = BICUBIC,
    own_subtraction: bool = False,
) -> bytes:
    """Draw a patch and write it as a PNG whose length depends on nothing but the layout.

    Parameters
    ----------
    patch : (frames, height, width) integers, of the layout's frame set
    layout : where each frame goes
    interpolation : `bicubic` or `nearest`
    own_subtraction : see `windowed`
    """
    picture = draw(patch, layout, interpolation=interpolation, own_subtraction=own_subtraction)
    return png.encode(np.asarray(picture))


def _ends(frames: NDArray[np.integer], group: WindowGroup) -> tuple[float, float]:
    """The signals shown black and white in the frames of one window."""
    ranks = _ranks(frames, group.low, group.high)
    darkest = _quantile(ranks, 1.0 - BRIGHT_QUANTILE) + group.low if group.low < 0 else 0.0
    brightest = _quantile(ranks, BRIGHT_QUANTILE) + group.low
    least = DIMMEST_WHITE * (group.high / MAX_INTENSITY)
    return darkest, max(brightest, darkest + least)


def _ranks(frames: NDArray[np.integer], low: int, high: int) -> NDArray[np.intp]:
    """How many values are as small as each possible one."""
    values = np.clip(frames, low, high).astype(np.intp).ravel() - low
    return np.bincount(values, minlength=high - low + 1).cumsum()


def _quantile(ranks: NDArray[np.intp], share: float) -> float:
    """A quantile by counting: np.quantile takes longer for some panels than for others."""
    place = share * (int(ranks[-1]) - 1)
    below, above = np.searchsorted(ranks, [int(place), int(place) + 1], side="right")
    return float(below + (above - below) * (place % 1))


def _named(frames: NDArray[np.float32], frame_set: FrameSet) -> dict[str, NDArray[np.float32]]:
    """The windowed frames by name; of the paper's also the later subtractions under the window of the first."""
    named = dict(zip(frame_set.names, frames, strict=True))
    if frame_set.is_paper:
        for name, post in LATER_SUBTRACTIONS.items():
            named[name] = (named[post] - frames[T1_PRE]) / SUBTRACTION_SHARE
    return named


def _enlarged(frame: NDArray[np.float32], size: tuple[int, int], interpolation: str) -> Image.Image:
    """Enlarge before clipping, so that bright edges do not ring; `size` is width, height."""
    resampling = Image.Resampling.NEAREST if interpolation == NEAREST else Image.Resampling.BICUBIC
    large = Image.fromarray(frame).resize(size, resampling)
    return Image.fromarray(np.clip(np.rint(np.asarray(large)), 0, 255).astype(np.uint8))
