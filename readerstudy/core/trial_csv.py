"""The trial CSV: one row per trial, for export and for import."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from generation.core.errors import InputError
from generation.core.labels import parse_lesion_class, parse_new_source
from readerstudy.core.csv_cells import csv_line, neutral, original

COLUMNS: Final = (
    "reader",
    "group",
    "case",
    "origin",
    "tissue",
    "phase",
    "order",
    "answer",
    "confidence",
    "rt_ms",
)
REQUIRED: Final = ("reader", "case", "origin", "tissue", "answer")
ANSWERS: Final = ("real", "fake")
WARM_UP: Final = "warmup"
TEST: Final = "test"
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SYNONYMS: Final = {"synthetic": "fake", "warm_up": WARM_UP, "warm-up": WARM_UP, "": TEST}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial of one reader.

    Attributes
    ----------
    origin : source of the panel, `real` or a generator
    tissue : lesion class
    phase : `warmup` or `test`
    order : position within the phase, from 1
    answer : `real`, `fake`, or "" where there is none
    rt_ms : from the panel's first paint to the answer
    extra : further columns, written after the known ones
    """

    reader: str
    group: str
    case: str
    origin: str
    tissue: str
    phase: str
    order: int | None
    answer: str
    confidence: int | None
    rt_ms: int | None
    extra: dict[str, str] = field(default_factory=dict)


def write_rows(rows: Iterable[TrialRow]) -> Iterator[str]:
    """Write CSV lines one by one, so that a download of any length needs little memory.

    Every row must carry the same extra columns as the first. Cells that a spreadsheet would run as a
    formula get a leading apostrophe.
    """
    extra: tuple[str, ...] | None = None
    for row in rows:
        if extra is None:
            extra = tuple(row.extra)
            yield csv_line((*COLUMNS, *extra))
        known = tuple("" if (value := getattr(row, name)) is None else str(value) for name in COLUMNS)
        yield csv_line(neutral(cell) for cell in (*known, *(row.extra[name] for name in extra)))
    if extra is None:
        yield csv_line(COLUMNS)


def write_json_lines(rows: Iterable[TrialRow]) -> Iterator[str]:
    """Write one JSON object per line, with the columns of the CSV; what is absent is null, an extra column stays text.

    Nothing runs a cell of JSON, so that every text stands as it is.
    """
    for row in rows:
        known = {name: value if (value := getattr(row, name)) != "" else None for name in COLUMNS}
        extra = {name: value or None for name, value in row.extra.items()}
        yield json.dumps(known | extra, ensure_ascii=False) + "\n"


def read_rows(lines: Iterable[str]) -> list[TrialRow]:
    """Read a trial CSV; only reader, case, origin, tissue and answer are required.

    Raises
    ------
    InputError
        Naming the line and the value that cannot be used.
    """
    table = csv.DictReader(_without_bom(lines))
    try:
        names = [name.strip() for name in table.fieldnames or ()]
    except csv.Error as error:
        raise InputError(f"The heading of the trial CSV cannot be read ({error}).") from None
    missing = [name for name in REQUIRED if name not in names]
    if missing and (separator := _separator(names)):
        raise InputError(
            f"The cells of the trial CSV are separated by {separator}; save it with commas between them, "
            f"as in {','.join(REQUIRED)}."
        )
    if missing:
        raise InputError(
            f"The trial CSV has no column {' or '.join(missing)}; it needs {', '.join(REQUIRED)}."
        )
    twice = next((name for name in names if name and names.count(name) > 1), "")
    if twice:
        raise InputError(
            f'The trial CSV has {names.count(twice)} columns called "{twice}"; keep one and rename or delete the others.'
        )
    table.fieldnames = names
    rows = []
    try:
        for cells in table:
            rows.append(_row(cells, line=table.line_num))
    except csv.Error as error:
        raise InputError(f"The trial CSV cannot be read at line {table.line_num} ({error}).") from error
    return rows


def _row(raw: dict[str, str | None], *, line: int) -> TrialRow:
    if None in raw or None in raw.values():
        raise InputError(f"Line {line} of the trial CSV does not have as many cells as the header.")
    cells = {name: original((value or "").strip()) for name, value in raw.items()}
    try:
        row = TrialRow(
            reader=_filled(cells, "reader"),
            group=cells.get("group", ""),
            case=_filled(cells, "case"),
            origin=parse_new_source(_filled(cells, "origin")),
            tissue=parse_lesion_class(_filled(cells, "tissue")).value,
            phase=_one_of("phase", cells.get("phase", ""), (WARM_UP, TEST)),
            order=_whole(cells, "order"),
            answer=_one_of("answer", cells["answer"], ANSWERS) if cells["answer"] else "",
            confidence=_whole(cells, "confidence"),
            rt_ms=_rounded(cells, "rt_ms"),
            extra={name: value for name, value in cells.items() if name not in COLUMNS},
        )
    except InputError as error:
        raise InputError(f"Line {line} of the trial CSV: {error}") from None
    return row


def _filled(cells: dict[str, str], name: str) -> str:
    if not cells[name]:
        raise InputError(f"{name} is empty; every trial needs one.")
    return cells[name]


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    word = _SYNONYMS.get(text.lower(), text.lower())
    if word not in known:
        raise InputError(f'{name} is "{text}"; write {" or ".join(known)}.')
    return word


def _rounded(cells: dict[str, str], name: str) -> int | None:
    """A measure, to its unit."""
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return round(float(text))
    except (ValueError, OverflowError):
        raise InputError(f'{name} is "{text}"; write a number or leave it empty.') from None


def _whole(cells: dict[str, str], name: str) -> int | None:
    """A level or a place: rounded it would be another one. Spreadsheets and R may write 4 as 4.0."""
    text = cells.get(name, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number.is_integer():
        raise InputError(f'{name} is "{text}"; write a whole number such as 3, or leave it empty.')
    return int(number)


def _separator(names: Sequence[str]) -> str:
    """What stands between the names of a heading in place of commas; "" if nothing known does."""
    heading = ",".join(names)
    for sign, words in _SEPARATORS.items():
        cells = {cell.strip(' "') for cell in heading.split(sign)}
        if len(cells.intersection(REQUIRED)) > len(set(names).intersection(REQUIRED)):
            return words
    return ""


def _without_bom(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line
