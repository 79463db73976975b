"""Sheet for checking one patient by eye: slices with the breast region, lesions and all centres drawn."""

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from generation.core.extraction import Extraction
from generation.core.frames import PATCH_SIZE, SCANNED_FRAMES
from generation.core.preparation import PreparedPatient

MAX_SLICES: Final = 16
N_COLUMNS: Final = 4
CELL: Final = 320  # pixels of a slice's side on the sheet
CAPTION: Final = 26
QUALITY: Final = 85  # of the JPEG; a sheet has about 400 kB
_T1_POST1: Final = SCANNED_FRAMES.index("T1_post1")
_WHITE_PERCENTILE: Final = 99.9
# Okabe and Ito's colours, told apart by people who see colours differently; each has a shape of its own too.
_BREAST: Final = (86, 180, 233)
_LESION: Final = (230, 159, 0)
_HEALTHY: Final = (0, 158, 115)
_GREY: Final = 170


def draw(
    prepared: PreparedPatient, breasts: NDArray[np.uint8], extraction: Extraction, *, title: str
) -> bytes:
    """Draw T1_post1 slices with outlines and centres.

    Parameters
    ----------
    prepared : frames (6, S, H, W) and lesions (S, H, W)
    breasts : (S, H, W), 0 outside
    extraction : the patient's patches, whose rows are drawn
    title : pseudonym

    Returns
    -------
    JPEG file: orange squares are lesion patches, green dots healthy centres, blue lines the breast region
    """
    shown = slices_shown(extraction, breasts)
    n_rows = max(1, -(-len(shown) // N_COLUMNS))
    sheet = Image.new("RGB", (N_COLUMNS * CELL, n_rows * CELL + CAPTION), (12, 12, 12))
    pen = ImageDraw.Draw(sheet)
    pen.text(
        (8, 5), _caption(extraction, title, len(shown)), fill=(_GREY,) * 3, font=ImageFont.load_default(14)
    )
    white = max(1.0, float(np.percentile(prepared.frames[_T1_POST1], _WHITE_PERCENTILE)))
    for place, index in enumerate(shown):
        corner = (place % N_COLUMNS * CELL, place // N_COLUMNS * CELL + CAPTION)
        cell = _cell(prepared, breasts, extraction, index, white)
        sheet.paste(cell, corner)
        pen.text(
            (corner[0] + 6, corner[1] + 4),
            f"slice {index}",
            fill=(_GREY,) * 3,
            font=ImageFont.load_default(12),
        )
    file = BytesIO()
    sheet.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def slices_shown(extraction: Extraction, breasts: NDArray[np.uint8]) -> list[int]:
    """Choose slices: those with lesions first, then others with centres or breast, evenly; in order."""
    with_lesion = sorted({row.slice for row in extraction.rows if row.slice is not None and row.lesion_id})
    with_breast = {int(index) for index in np.flatnonzero(breasts.any(axis=(1, 2)))}
    centred = {row.slice for row in extraction.rows if row.slice is not None}
    others = sorted((with_breast | centred) - set(with_lesion)) or (
        [] if with_lesion else [*range(len(breasts))]
    )
    chosen = _evenly(with_lesion, MAX_SLICES)
    return sorted(chosen + _evenly(others, MAX_SLICES - len(chosen)))


def _evenly(items: list[int], n: int) -> list[int]:
    if len(items) <= n:
        return items
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, n)] if n else []


def _cell(
    prepared: PreparedPatient, breasts: NDArray[np.uint8], extraction: Extraction, index: int, white: float
) -> Image.Image:
    grey = np.clip(prepared.frames[_T1_POST1, index] * (255.0 / white), 0, 255).astype(np.uint8)
    scale = CELL / grey.shape[1]
    cell = Image.fromarray(grey).resize((CELL, round(grey.shape[0] * scale)), Image.Resampling.BILINEAR)
    cell = cell.convert("RGB").crop((0, 0, CELL, CELL))
    pen = ImageDraw.Draw(cell)
    for mask, colour in ((breasts[index] > 0, _BREAST), (prepared.lesions[index] > 0, _LESION)):
        rows, cols = np.nonzero(mask & ~ndimage.binary_erosion(mask))
        pen.point([(col * scale, row * scale) for row, col in zip(rows, cols, strict=True)], fill=colour)
    for one in extraction.rows:
        if one.slice != index or one.row is None or one.col is None:
            continue
        x, y = one.col * scale, one.row * scale
        half = PATCH_SIZE / 2 * scale
        if one.lesion_id:
            pen.rectangle((x - half, y - half, x + half, y + half), outline=_LESION)
            # The number and the first letter of the class, above the square, so that squares may overlap.
            label = f"{one.lesion_id}{one.lesion_class.value[0]}"
            pen.text((x - half, y - half - 13), label, fill=_LESION, font=ImageFont.load_default(11))
        else:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=_HEALTHY)
    return cell


def _caption(extraction: Extraction, title: str, n_shown: int) -> str:
    n_lesion = sum(row.lesion_id is not None for row in extraction.rows)
    return (
        f"{title}   T1_post1, {n_shown} slices   orange squares: {n_lesion} lesion patches (b benign, m malignant)   "
        f"green dots: {len(extraction.rows) - n_lesion} healthy centres   blue line: breast region"
    )
