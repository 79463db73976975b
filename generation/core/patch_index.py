"""The index of a patch set: one row per patch, saying what it shows and where it came from."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import LesionClass, parse_lesion_class

INDEX_COLUMNS: Final = ("patient", "lesion_class", "lesion_id", "slice", "row", "col")


@dataclass(frozen=True, slots=True)
class PatchRow:
    """Where one patch came from; a generated patch has no patient and no place."""

    patient: str
    lesion_class: LesionClass
    lesion_id: int | None = None
    slice: int | None = None  # axial slice of the prepared volume
    row: int | None = None  # centre, pixels of the prepared volume
    col: int | None = None


def read_index(path: Path) -> tuple[PatchRow, ...]:
    """Read index.csv; only the column lesion_class is required.

    Raises
    ------
    InputError
        If the file is missing, has no lesion_class column or a cell cannot be read (with its line).
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file)
            if "lesion_class" not in (lines.fieldnames or ()):
                raise InputError(
                    f"{path} has no column lesion_class; its columns are {', '.join(INDEX_COLUMNS)} and only lesion_class is required."
                )
            return tuple(_row(cells, path=path, line=number) for number, cells in enumerate(lines, start=2))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; it has one row per patch with a column lesion_class.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8 ({error}).") from error


def cells(row: PatchRow) -> list[str]:
    """Cells of one row, in the order of INDEX_COLUMNS."""
    places = (row.lesion_id, row.slice, row.row, row.col)
    return [row.patient, row.lesion_class.value, *("" if place is None else str(place) for place in places)]


def _row(cells: Mapping[str, str | None], *, path: Path, line: int) -> PatchRow:
    try:
        places = {name: int(cells[name] or 0) if cells.get(name) else None for name in INDEX_COLUMNS[2:]}
        return PatchRow(
            patient=cells.get("patient") or "",
            lesion_class=parse_lesion_class(cells["lesion_class"] or ""),
            **places,
        )
    except InputError as error:
        raise InputError(f"{path}, line {line}: {error}") from None
    except ValueError:
        raise InputError(
            f"{path}, line {line}: {', '.join(INDEX_COLUMNS[2:])} are whole numbers or empty; mend the line."
        ) from None
