"""A patch laid out for a human, as a grayscale PNG whose length says nothing.

Every panel of a layout has the same number of bytes: the PNG is stored without compression, because
a smooth generated patch would compress better than a scanned one, and it carries no other chunk than
the image.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.core.frames import DYNAMIC, FRAMES, MAX_INTENSITY, PATCH_SIZE, SUB, T1_PRE, T2
from readerstudy.core import png
from readerstudy.core.panel_data import shown
from readerstudy.core.protocol import BICUBIC, FIGURE_4, NEAREST, SEVEN_FRAMES

GAP: Final = 8  # pixels between columns
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
LATER_SUBTRACTIONS: Final = {  # of the layout of figure 4; the first one is the frame Sub
    "Sub2": "T1_post2",
    "Sub3": "T1_post3",
    "Sub4": "T1_post4",
}

BRIGHT_QUANTILE: Final = 0.995  # of a panel's own T1 frames (T2 frame) is shown white
DIMMEST_WHITE: Final = 96.0  # of 1023: a panel of air is not stretched into a picture of noise
SUBTRACTION_SHARE: Final = 0.5  # white of the subtraction, as a share of the white of T1


@dataclass(frozen=True, slots=True)
class Layout:
    """Frames in rows; an empty name leaves a place free.

    Attributes
    ----------
    rows : names from FRAMES or LATER_SUBTRACTIONS, all rows of one length
    zoom : screen pixels per patch pixel
    caption : pixels left free below each row, where the page writes the names of the frames
    """

    rows: tuple[tuple[str, ...], ...]
    zoom: int
    caption: int

    @property
    def frame(self) -> int:
        """Side of one frame in pixels."""
        return PATCH_SIZE * self.zoom

    @property
    def width(self) -> int:
        """Width of the panel in pixels."""
        n_columns = len(self.rows[0])
        return n_columns * self.frame + (n_columns - 1) * GAP

    @property
    def height(self) -> int:
        """Height of the panel in pixels."""
        return len(self.rows) * (self.frame + self.caption)


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


def windowed(patch: NDArray[np.integer], *, own_subtraction: bool = False) -> NDArray[np.float32]:
    """Scale a patch to grey levels by one rule, whatever its source.

    Black is 0. White is the 99.5 % quantile over the five T1 frames together, so that enhancement
    stays comparable between them, and over the T2 frame for itself; the subtraction is white at half
    of T1's white. A fixed window would show many scans too dark, because a few vessels or the heart
    take up the upper part of [0, 1023].

    Parameters
    ----------
    patch : (7, 64, 64) integers
    own_subtraction : keep the patch's own subtraction instead of computing it from T1_post1 and T1_pre

    Returns
    -------
    (7, 64, 64) float32, 0 black to 255 white, not yet clipped
    """
    frames = shown(patch, own_subtraction=own_subtraction).astype(np.float32)
    white_t1, white_t2 = _white(frames[DYNAMIC]), _white(frames[T2])
    frames[DYNAMIC] *= 255.0 / white_t1
    frames[T2] *= 255.0 / white_t2
    frames[SUB] *= 255.0 / (SUBTRACTION_SHARE * white_t1)
    return frames


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
    patch : (7, 64, 64) integers; T1 and T2 in 0..1023
    layout : where each frame goes
    interpolation : `bicubic` or `nearest`
    own_subtraction : see `windowed`

    Returns
    -------
    PIL image, mode L, layout.width x layout.height
    """
    frames = _named(windowed(patch, own_subtraction=own_subtraction))
    sheet = Image.new("L", (layout.width, layout.height), SURROUND)
    for row, names in enumerate(layout.rows):
        for column, name in enumerate(names):
            if name:
                place = (column * (layout.frame + GAP), row * (layout.frame + layout.caption))
                sheet.paste(_enlarged(frames[name], layout.frame, interpolation), place)
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
    patch : (7, 64, 64) integers; T1 and T2 in 0..1023
    layout : where each frame goes
    interpolation : `bicubic` or `nearest`
    own_subtraction : see `windowed`
    """
    picture = draw(patch, layout, interpolation=interpolation, own_subtraction=own_subtraction)
    return png.encode(np.asarray(picture))


def _white(frames: NDArray[np.float32]) -> float:
    """The bright quantile, by counting: np.quantile takes longer for some panels than for others."""
    ranks = np.bincount(frames.astype(np.intp).ravel(), minlength=MAX_INTENSITY + 1).cumsum()
    place = BRIGHT_QUANTILE * (frames.size - 1)
    below, above = np.searchsorted(ranks, [int(place), int(place) + 1], side="right")
    return max(float(below + (above - below) * (place % 1)), DIMMEST_WHITE)


def _named(frames: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """The seven windowed frames by name, and the later subtractions under the window of the first."""
    named = dict(zip(FRAMES, frames, strict=True))
    for name, post in LATER_SUBTRACTIONS.items():
        named[name] = (named[post] - frames[T1_PRE]) / SUBTRACTION_SHARE
    return named


def _enlarged(frame: NDArray[np.float32], side: int, interpolation: str) -> Image.Image:
    """Enlarge before clipping, so that bright edges do not ring."""
    resampling = Image.Resampling.NEAREST if interpolation == NEAREST else Image.Resampling.BICUBIC
    large = Image.fromarray(frame).resize((side, side), resampling)
    return Image.fromarray(np.clip(np.rint(np.asarray(large)), 0, 255).astype(np.uint8))
