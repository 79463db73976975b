"""Sheet for approving one patient's automatic breast region: slices with its outline."""

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from generation.core.breast_region import LEFT, RIGHT

SHOWN_FRAME: Final = "T1_pre"  # which the region is found in
MAX_SLICES: Final = 12
N_COLUMNS: Final = 6
CELL: Final = 220  # pixels of a slice's side on the sheet
CAPTION: Final = 24
QUALITY: Final = 80  # of the JPEG; a sheet has about 100 kB
_WHITE_PERCENTILE: Final = 99.9
# Okabe and Ito's colours, told apart by people who see colours differently; the sides have letters too.
_COLOURS: Final = {RIGHT: (86, 180, 233), LEFT: (240, 228, 66)}
_GREY: Final = (170, 170, 170)


def draw(frame: NDArray[np.int16], breasts: NDArray[np.uint8], *, title: str) -> bytes:
    """Draw slices over the whole volume with the outline of the region.

    Parameters
    ----------
    frame : (S, H, W)
    breasts : (S, H, W), 0 outside, RIGHT or LEFT
    title : pseudonym

    Returns
    -------
    JPEG file: blue lines are the patient's right breast, yellow ones the left
    """
    shown = [round(place) for place in np.linspace(0, len(frame) - 1, min(MAX_SLICES, len(frame)))]
    n_rows = -(-len(shown) // N_COLUMNS)
    sheet = Image.new("RGB", (N_COLUMNS * CELL, n_rows * CELL + CAPTION), (12, 12, 12))
    pen = ImageDraw.Draw(sheet)
    n_slices = int(np.count_nonzero(breasts.any(axis=(1, 2))))
    text = (
        f"{title}   {SHOWN_FRAME}   breast region in {n_slices} of {len(frame)} slices   "
        "blue: right breast (R)   yellow: left breast (L)"
    )
    pen.text(
        (8, 5),
        text if n_slices else f"{title}   {SHOWN_FRAME}   no breast was found",
        fill=_GREY,
        font=ImageFont.load_default(13),
    )
    white = max(1.0, float(np.percentile(frame, _WHITE_PERCENTILE)))
    for place, index in enumerate(shown):
        corner = (place % N_COLUMNS * CELL, place // N_COLUMNS * CELL + CAPTION)
        sheet.paste(_cell(frame[index], breasts[index], white), corner)
        pen.text(
            (corner[0] + 5, corner[1] + 3), f"slice {index}", fill=_GREY, font=ImageFont.load_default(11)
        )
    file = BytesIO()
    sheet.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _cell(frame: NDArray[np.int16], breasts: NDArray[np.uint8], white: float) -> Image.Image:
    """One slice, with outlines two pixels wide so that they survive the JPEG."""
    grey = np.clip(frame * (255.0 / white), 0, 255).astype(np.uint8)
    cell = Image.fromarray(grey).resize((CELL, CELL), Image.Resampling.BILINEAR).convert("RGB")
    labels = np.asarray(Image.fromarray(breasts).resize((CELL, CELL), Image.Resampling.NEAREST))
    pixels = np.array(cell)
    for number, colour in _COLOURS.items():
        mine = labels == number
        pixels[mine & ~ndimage.binary_erosion(mine, iterations=2)] = colour
    cell = Image.fromarray(pixels)
    pen = ImageDraw.Draw(cell)
    for number, letter in ((RIGHT, "R"), (LEFT, "L")):
        rows, cols = np.nonzero(labels == number)
        if len(rows):
            place = (float(cols.mean()) - 4, float(rows.mean()) - 7)
            pen.text(place, letter, fill=_COLOURS[number], font=ImageFont.load_default(14))
    return cell
