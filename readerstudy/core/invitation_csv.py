"""The list of readers to invite, as a spreadsheet writes it: name, email, group and perhaps language."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from generation.core.errors import InputError
from readerstudy.core.names import parse_group, parse_reader_name

COLUMNS: Final = ("name", "email", "group", "language")
REQUIRED: Final = ("name", "group")
LANGUAGES: Final = ("en", "de")
MAX_LINES: Final = 500
MAX_BYTES: Final = 200_000
_DELIMITERS: Final = ",;\t"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list.

    Attributes
    ----------
    number : in the file, from 1, the heading included
    name, email, group, language : cleaned; as they were written where something is wrong
    faults : what is wrong, a sentence each
    """

    number: int
    name: str
    email: str
    group: str
    language: str
    faults: tuple[str, ...] = ()


def decode(content: bytes) -> str:
    """Read the bytes of a file: UTF-8, UTF-16 with its mark, or what older spreadsheets write (Windows-1252).

    Raises
    ------
    InputError
        If it is too large, or no text in any of them.
    """
    if len(content) > MAX_BYTES:
        raise InputError(
            f"The file has {len(content)} bytes; a list of readers has at most {MAX_BYTES}. Is it the right file?"
        )
    named = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "")
    for encoding in [named] if named else ["utf-8", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError("The file is no text; save the list as CSV (UTF-8) and choose that file.")


def read(text: str) -> list[Line]:
    """Read a list with a heading, its cells separated by commas, semicolons or tabs.

    Raises
    ------
    InputError
        If the list as a whole cannot be read: no heading, an unknown column, no line, too many lines.
    """
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise InputError(
            "The list is empty; write a heading such as name,email,group and a line for each reader."
        )
    lines = _rows(text)
    if not lines:
        raise InputError("The list holds separators and no words; write a heading such as name,email,group.")
    heading, *rows = lines
    places = _places([cell.strip().lower() for cell in heading[1]])
    if not rows:
        raise InputError("The list has a heading and no reader; write a line for each reader below it.")
    if len(rows) > MAX_LINES:
        raise InputError(f"The list has {len(rows)} readers; invite at most {MAX_LINES} at once.")
    return [_line(number, cells, places, n=len(heading[1])) for number, cells in rows]


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, each with its number in the file."""
    first = text.splitlines()[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} cannot be read as CSV ({error}); write it again.") from None
    return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


def _places(heading: Sequence[str]) -> dict[str, int]:
    unknown = [name for name in heading if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in heading]
    if missing or unknown or len(set(heading)) != len(heading):
        raise InputError(
            f'The first line is "{", ".join(heading)[:200]}"; it has to name the columns: name, email, group, '
            "and language where you want it."
        )
    return {name: place for place, name in enumerate(heading)}


def _line(number: int, cells: Sequence[str], places: dict[str, int], *, n: int) -> Line:
    def cell(name: str) -> str:
        place = places.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    faults = []
    name, group, language = cell("name"), cell("group"), cell("language").lower()
    if len(cells) > n and any(one.strip() for one in cells[n:]):
        faults.append(f"It has {len(cells)} cells and the heading {n}; put a cell with a comma in quotes.")
    try:
        name = parse_reader_name(name)
    except InputError as error:
        faults.append(str(error))
    try:
        group = parse_group(group)
    except InputError as error:
        faults.append(str(error))
    if language and language not in LANGUAGES:
        faults.append(
            f'The language "{language}" is unknown; write {" or ".join(LANGUAGES)}, or leave it empty.'
        )
    return Line(number, name, cell("email"), group, language, tuple(faults))
