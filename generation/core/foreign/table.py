"""index.csv of patches made elsewhere: which file is of which class, and of which patient."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.core.errors import InputError

MAX_ROWS: Final = 2_000_000
MAX_PSEUDONYM_LENGTH: Final = 64
_PLACES: Final = ("lesion_id", "slice", "row", "col")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line: the word for the class as it is written there, and what else it says."""

    file: str
    word: str
    patient: str = ""
    places: tuple[int | None, ...] = (None, None, None, None)  # lesion, slice, row, column


def read(path: Path) -> tuple[TableRow, ...]:
    """Read index.csv; only the column lesion_class is required.

    Raises
    ------
    InputError
        If the file has no such column or a line cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as opened:
            lines = csv.DictReader(opened)
            if "lesion_class" not in (lines.fieldnames or ()):
                raise InputError(
                    "index.csv has no column lesion_class; its columns are file, lesion_class, patient, lesion_id, slice, row and col, "
                    "and only lesion_class is required where one array holds all patches."
                )
            rows = []
            for number, cells in enumerate(lines, start=2):
                if number > MAX_ROWS:
                    raise InputError(f"index.csv has more than {MAX_ROWS:,} lines; import in several parts.")
                rows.append(_row(cells, number))
            return tuple(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no CSV in UTF-8"
        raise InputError(f"index.csv cannot be read ({reason}); save it again.") from None


def _row(cells: dict[str, str | None], number: int) -> TableRow:
    word, patient = ((cells.get(name) or "").strip() for name in ("lesion_class", "patient"))
    if not word:
        raise InputError(f"index.csv, line {number}: there is no lesion_class; write one.")
    if len(patient) > MAX_PSEUDONYM_LENGTH:
        raise InputError(
            f"index.csv, line {number}: the pseudonym has {len(patient)} characters; write at most {MAX_PSEUDONYM_LENGTH}."
        )
    try:
        places = tuple(int(text) if (text := (cells.get(name) or "").strip()) else None for name in _PLACES)
    except ValueError:
        raise InputError(
            f"index.csv, line {number}: {', '.join(_PLACES)} are whole numbers or empty; mend the line."
        ) from None
    return TableRow((cells.get("file") or "").strip().replace("\\", "/"), word, patient, places)
