"""A generated patch above the training patch nearest to it, for frames other than the paper's."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.core.frame_set import FrameSet
from readerstudy.core import panel

GAP = 8  # pixels between the two


def draw(fake: NDArray[np.int16], real: NDArray[np.int16], frame_set: FrameSet) -> Image.Image:
    """Draw two patches as strips of frames under one window.

    Parameters
    ----------
    fake, real : (frames, height, width) int16
    frame_set : what their frames are

    Returns
    -------
    PIL image, mode L
        The strip of the generated patch above the other.
    """
    both = panel.windowed(np.concatenate([fake, real], axis=-2), frame_set=frame_set)
    strip = panel.strip(frame_set)
    sheet = Image.new("L", (strip.width, 2 * strip.height + GAP), panel.SURROUND)
    greys = np.clip(np.rint(both), 0, 255).astype(np.uint8)
    for number, frames in enumerate(np.split(greys, 2, axis=-2)):
        for name, left, top in strip.places():
            frame = Image.fromarray(frames[frame_set.index(name)])
            small = frame.resize((strip.frame_width, strip.frame_height), Image.Resampling.BICUBIC)
            sheet.paste(small, (left, top + number * (strip.height + GAP)))
    return sheet
