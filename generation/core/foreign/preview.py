"""A patch as a strip of its frames, to see whether a mapping is right."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.core.frame_set import FrameSet

GAP: Final = 4  # pixels between frames
BACKGROUND: Final = 12  # grey level
MAX_WIDTH: Final = 1000  # pixels; a strip of more frames is broken into lines
TARGET: Final = 128  # pixels of a frame's longer side, at a whole zoom
_QUANTILES: Final = (0.5, 99.5)  # per cent of the pixels of a window that become black and white


def draw(patch: NDArray[np.int16], frame_set: FrameSet) -> bytes:
    """Draw a patch; frames of one window share black and white, a subtraction is black at 0.

    Parameters
    ----------
    patch : (frames, height, width) int16

    Returns
    -------
    PNG, 8-bit grey
    """
    zoom = max(1, TARGET // max(frame_set.height, frame_set.width))
    height, width = frame_set.height * zoom, frame_set.width * zoom
    n_columns = max(1, min(frame_set.n_frames, (MAX_WIDTH + GAP) // (width + GAP)))
    n_rows = -(-frame_set.n_frames // n_columns)
    size = (n_rows * (height + GAP) - GAP, n_columns * (width + GAP) - GAP)
    sheet = np.full(size, BACKGROUND, dtype=np.uint8)
    for number, name in enumerate(frame_set.names):
        black, white = _window(patch, frame_set, name)
        grey = np.clip((patch[number].astype(np.float32) - black) * (255.0 / (white - black)), 0, 255)
        top, left = (number // n_columns) * (height + GAP), (number % n_columns) * (width + GAP)
        large = grey.astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)
        sheet[top : top + height, left : left + width] = large
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _window(patch: NDArray[np.int16], frame_set: FrameSet, name: str) -> tuple[float, float]:
    subtraction = frame_set.subtraction_of(name)
    window = frame_set.windows[frame_set.index(subtraction.minuend if subtraction else name)]
    members = [
        patch[place]
        for place, one in enumerate(frame_set.windows)
        if one == window and frame_set.subtraction_of(frame_set.names[place]) is None
    ]
    black, white = (float(value) for value in np.percentile(np.stack(members), _QUANTILES))
    if subtraction:
        return 0.0, max((white - min(black, 0.0)) / 2, 1.0)
    black = black if frame_set.is_signed(name) else 0.0
    return black, max(white, black + 1.0)
