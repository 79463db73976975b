"""Tables that say where lesions are and of which class: one row per lesion, columns by their names.

Read are our own `lesions.csv`, the boxes of Duke-Breast-Cancer-MRI (`Annotation_Boxes.csv`) and the labels per
breast of ODELIA (`annotation.csv`).
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import LesionClass, parse_lesion_class

BOX_COLUMNS: Final = ("start_slice", "end_slice", "start_row", "end_row", "start_column", "end_column")
POINT_MM_COLUMNS: Final = ("x_mm", "y_mm", "z_mm")
POINT_COLUMNS: Final = ("slice", "row", "column")
MAX_TABLE_BYTES: Final = 32 << 20
_ALIASES: Final = {"patient_id": "patient", "id": "patient", "uid": "patient", "class": "lesion_class", "col": "column",
                   "start_col": "start_column", "end_col": "end_column", "side": "breast", "laterality": "breast"}  # fmt: skip
_SIDES: Final = {"left": "left", "l": "left", "right": "right", "r": "right"}
_ODELIA: Final = {"no": LesionClass.NO_FINDINGS, "0": LesionClass.NO_FINDINGS, "benign": LesionClass.BENIGN, "1": LesionClass.BENIGN,
                  "malignant": LesionClass.MALIGNANT, "2": LesionClass.MALIGNANT}  # fmt: skip


@dataclass(frozen=True)
class LesionRow:
    """What one row says about one lesion, or that a patient or breast has none.

    Attributes
    ----------
    patient : as written in the table; empty in a table of one patient
    number : value of the lesion in an instance mask
    label : value of a class in a label mask, whose connected parts are lesions
    box : first and last slice, row and column, counted from 1
    point_mm : x, y, z in patient coordinates (LPS)
    point : slice, row, column, counted from 1
    breast : left or right
    """

    patient: str
    lesion_class: LesionClass
    number: int | None = None
    label: int | None = None
    box: tuple[int, ...] | None = None
    point_mm: tuple[float, ...] | None = None
    point: tuple[int, ...] | None = None
    breast: str = ""

    @property
    def is_lesion(self) -> bool:
        return self.lesion_class is not LesionClass.NO_FINDINGS

    @property
    def has_place(self) -> bool:
        return bool(self.box or self.point or self.point_mm or self.breast)


def read(path: Path) -> tuple[LesionRow, ...]:
    """Read a table of lesions.

    Raises
    ------
    InputError
        If it cannot be read, or a row is incomplete; the sentence names the line, never a patient.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise InputError(f"{path.name} has {path.stat().st_size} bytes; the limit is {MAX_TABLE_BYTES}.")
        with path.open(newline="", encoding="utf-8-sig") as file:
            sample = file.readline()
            file.seek(0)
            lines = csv.DictReader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",")
            names = [_column(name) for name in lines.fieldnames or ()]
            lines.fieldnames = names
            rows = [
                row
                for number, cells in enumerate(lines, start=2)
                for row in _rows(path.name, number, cells, names)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} cannot be read as CSV in UTF-8 ({type(error).__name__}).") from None
    return tuple(rows)


def _column(name: str | None) -> str:
    plain = "_".join((name or "").strip().lower().split())
    return _ALIASES.get(plain, plain)


def _rows(file: str, line: int, cells: Mapping[str, str | None], names: Sequence[str]) -> list[LesionRow]:
    if {"lesion_left", "lesion_right"} <= set(names):
        return [_odelia(file, line, cells, side) for side in ("left", "right")]
    is_duke = "lesion_class" not in names and set(BOX_COLUMNS) <= set(names) and "patient" in names
    text = (cells.get("lesion_class") or "").strip()
    if not text and not is_duke:
        raise InputError(
            f"{file}, line {line}: lesion_class is empty; write benign, malignant or no_findings."
        )
    try:
        # Every patient of Duke-Breast-Cancer-MRI has invasive cancer, and its boxes are around the largest tumour.
        lesion_class = LesionClass.MALIGNANT if is_duke else parse_lesion_class(text)
    except InputError:
        raise InputError(
            f"{file}, line {line}: lesion_class is none of benign, malignant and no_findings."
        ) from None
    side = (cells.get("breast") or "").strip().lower()
    if side and side not in _SIDES:
        raise InputError(f"{file}, line {line}: breast is neither left nor right.")
    number, label = (_wholes(file, line, cells, [name]) for name in ("lesion", "label"))
    box = _wholes(file, line, cells, BOX_COLUMNS)
    if box and any(first < 1 or last < first for first, last in zip(box[::2], box[1::2], strict=True)):
        raise InputError(f"{file}, line {line}: a box ends before it starts or starts below 1; count from 1.")
    return [
        LesionRow(
            patient=(cells.get("patient") or "").strip(),
            lesion_class=lesion_class,
            number=number[0] if number else None,
            label=label[0] if label else None,
            box=box,
            point_mm=_millimetres(file, line, cells),
            point=_wholes(file, line, cells, POINT_COLUMNS),
            breast=_SIDES.get(side, ""),
        )
    ]


def _odelia(file: str, line: int, cells: Mapping[str, str | None], side: str) -> LesionRow:
    text = (cells.get(f"lesion_{side}") or "").strip().lower()
    if text not in _ODELIA:
        raise InputError(f"{file}, line {line}: lesion_{side} is none of No, Benign and Malignant.")
    return LesionRow(patient=(cells.get("patient") or "").strip(), lesion_class=_ODELIA[text], breast=side)


def _decimals(
    file: str, line: int, cells: Mapping[str, str | None], names: Sequence[str]
) -> tuple[float, ...] | None:
    texts = [(cells.get(name) or "").strip() for name in names]
    if not any(texts):
        return None
    try:
        return tuple(float(text) for text in texts)
    except ValueError:
        raise InputError(
            f"{file}, line {line}: {', '.join(names)} have to be numbers, all or none of them."
        ) from None


def _millimetres(file: str, line: int, cells: Mapping[str, str | None]) -> tuple[float, ...] | None:
    found = _decimals(file, line, cells, POINT_MM_COLUMNS)
    if found is not None and not all(map(math.isfinite, found)):
        raise InputError(f"{file}, line {line}: {', '.join(POINT_MM_COLUMNS)} have to be finite numbers.")
    return found


def _wholes(
    file: str, line: int, cells: Mapping[str, str | None], names: Sequence[str]
) -> tuple[int, ...] | None:
    found = _decimals(file, line, cells, names)
    if found is None:
        return None
    if any(not value.is_integer() for value in found):
        raise InputError(f"{file}, line {line}: {', '.join(names)} have to be whole numbers.")
    return tuple(int(value) for value in found)
