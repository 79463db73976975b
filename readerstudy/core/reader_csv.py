"""The reader CSV: one row per reader, what was asked before reading; no answer to a panel."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readerstudy.core.csv_cells import csv_line, neutral
from readerstudy.core.display_check import DisplayCheck
from readerstudy.core.expertise import Answer

COLUMNS: Final = ("reader", "group", "consented_at", "instructions_left_at", "withdrawn_at")
DISPLAY_COLUMNS: Final = (
    "checked_at",
    "is_passed",
    "reasons",
    "is_dark_patch_seen",
    "is_bright_patch_seen",
    "n_steps",
    "n_steps_counted",
    "ambient_light",
    "window_width",
    "window_height",
    "screen_width",
    "screen_height",
    "device_pixel_ratio",
    "colour_depth",
)


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One reader.

    Attributes
    ----------
    reader : pseudonym
    consented_at, instructions_left_at, withdrawn_at : None where it did not happen
    expertise : answers by the label of their question
    checks : of the display, latest first
    """

    reader: str
    group: str
    consented_at: datetime | None
    instructions_left_at: datetime | None
    expertise: Mapping[str, Answer]
    checks: Sequence[DisplayCheck]
    withdrawn_at: datetime | None = None


def write_rows(rows: Iterable[ReaderRow], labels: Sequence[str]) -> Iterator[str]:
    """Write CSV lines one by one, the latest display check of each reader with how many there were.

    Cells that a spreadsheet would run as a formula get a leading apostrophe.

    Parameters
    ----------
    labels : of the questions, in the order asked
    """
    display = (f"display_{name}" for name in DISPLAY_COLUMNS)
    expertise = (f"expertise: {label}" for label in labels)
    yield _cells(*COLUMNS, *expertise, "n_display_checks", *display)
    for row in rows:
        known = (getattr(row, name) for name in COLUMNS)
        answers = (row.expertise.get(label) for label in labels)
        yield _cells(*known, *answers, len(row.checks), *_display(row.checks[0] if row.checks else None))


def _display(check: DisplayCheck | None) -> list[object]:
    if check is None:
        return [None] * len(DISPLAY_COLUMNS)
    return [
        " ".join(check.reasons) if name == "reasons" else getattr(check, name) for name in DISPLAY_COLUMNS
    ]


def _cells(*values: object) -> str:
    return csv_line(neutral(_text(value)) for value in values)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)
