"""Contact sheets: patches as rows of frames, all under the same window, as one grey picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from generation.core.frames import DYNAMIC, FRAMES, SUB, T1_POST1, T2, Patches

GAP = 2  # pixels between frames
GROUP_GAP = 14  # pixels between groups of rows
CAPTION_HEIGHT = 22  # pixels
BACKGROUND = 12  # grey level of 0..255
CAPTION_GREY = 170
ORDER = (
    *range(*DYNAMIC.indices(len(FRAMES))),
    T2,
    SUB,
)  # as readers see them: dynamic series, T2, subtraction


def window(patches: Patches) -> tuple[float, float]:
    """Return the T1 and T2 grey level shown as white: the 99.5th percentile of the T1_post1 and T2 frames.

    Parameters
    ----------
    patches : (N, 7, H, W) int16, N > 0
    """
    t1 = float(np.percentile(patches[:, T1_POST1], 99.5))
    t2 = float(np.percentile(patches[:, T2], 99.5))
    return max(t1, 1.0), max(t2, 1.0)


def grey_rows(patches: Patches, white: tuple[float, float]) -> NDArray[np.uint8]:
    """Lay each patch out as one row of seven frames.

    Parameters
    ----------
    patches : (N, 7, H, W) int16
    white : T1 and T2 grey level shown as white; Sub is shown with 0 at black under the T1 window

    Returns
    -------
    (N, H, 7 W + 6 GAP) uint8
    """
    t1_white, t2_white = white
    n, n_frames, height, width = patches.shape
    sheet = np.full((n, height, n_frames * width + (n_frames - 1) * GAP), BACKGROUND, np.uint8)
    for column, frame in enumerate(ORDER):
        scale = 255.0 / (t2_white if frame == T2 else t1_white)
        left = column * (width + GAP)
        sheet[:, :, left : left + width] = np.clip(patches[:, frame] * scale, 0, 255).astype(np.uint8)
    return sheet


def draw(
    groups: Sequence[tuple[str, Patches]], *, white: tuple[float, float], n_columns: int = 1, zoom: int = 1
) -> Image.Image:
    """Draw groups of patches under captions, each patch a row of seven frames.

    Parameters
    ----------
    groups : caption and (N, 7, H, W) int16 patches; N may differ
    white : T1 and T2 grey level shown as white, the same for every group
    n_columns : patches side by side
    zoom : integer enlargement, bicubic

    Returns
    -------
    8-bit grey picture
    """
    blocks: list[tuple[str, NDArray[np.uint8]]] = []
    for caption, patches in groups:
        rows = grey_rows(patches, white)
        n_lines = -(-len(rows) // n_columns)
        height, width = rows.shape[1:]
        column_width = width + GROUP_GAP
        block = np.full(
            (n_lines * (height + GAP), n_columns * column_width - GROUP_GAP), BACKGROUND, np.uint8
        )
        for k, row in enumerate(rows):
            top, left = (k // n_columns) * (height + GAP), (k % n_columns) * column_width
            block[top : top + height, left : left + width] = row
        blocks.append((caption, block))
    font = ImageFont.load_default(size=13)
    total_height = sum(block.shape[0] * zoom + CAPTION_HEIGHT + GROUP_GAP for _, block in blocks) + GROUP_GAP
    total_width = max(block.shape[1] for _, block in blocks) * zoom + 2 * GROUP_GAP
    picture = Image.new("L", (total_width, total_height), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    top = GROUP_GAP
    for caption, block in blocks:
        pen.text((GROUP_GAP, top), caption, fill=CAPTION_GREY, font=font)
        top += CAPTION_HEIGHT
        part = Image.fromarray(block)
        if zoom > 1:
            part = part.resize((part.width * zoom, part.height * zoom), Image.Resampling.BICUBIC)
        picture.paste(part, (GROUP_GAP, top))
        top += part.height + GROUP_GAP
    return picture
