"""Lines of CSV that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Iterable


def number(value: float | None) -> str:
    """Write a number with six significant digits; absent stays empty."""
    return "" if value is None else f"{value:.6g}"


def line(cells: Iterable[object]) -> str:
    """Join cells to one line; text that a spreadsheet would take for a formula gets an apostrophe in front."""
    text = io.StringIO()
    # Written with both signs of a line's end, so that a cell holding either is quoted.
    csv.writer(text, lineterminator="\r\n").writerow([_defused(cell) for cell in cells])
    return text.getvalue().removesuffix("\r\n") + "\n"


def _defused(cell: object) -> object:
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
