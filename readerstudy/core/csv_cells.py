"""Cells and lines of every CSV of the project: RFC 4180, and nothing that a spreadsheet would run."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NEUTRALISED: Final = re.compile("'[=+\\-@\t\r]")


def neutral(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell


def original(cell: str) -> str:
    """Take back what `neutral` did."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def csv_line(cells: Iterable[str]) -> str:
    """Write one line."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(
        cells
    )  # RFC 4180; so cells holding either sign are quoted
    return buffer.getvalue()
