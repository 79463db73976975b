"""The data dictionary: every column of every file that a study gives away.

The names of the columns come from the code that writes them and only the words stand in `column_words`, so that a new
column without words fails a test instead of missing here. `docs/data-dictionary.md` is `to_markdown()`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from evaluation.core import case_table, column_words, table2, table2_words, table3
from evaluation.core.csv_text import line
from evaluation.core.records import Record
from readerstudy.core import audit_csv, reader_csv, trial_csv, viewer_log
from readerstudy.core.unblinding import AFTER_COLUMN

CSV_COLUMNS: Final = ("file", "column", "holds", "if_missing")
TRIAL_EXTRAS: Final = (
    *("role", "is_timeout", "comment", "hidden_ms", "n_hidden", "waited_ms", "version", "n_withdrawn"),
    *("served_at", "done_at", AFTER_COLUMN, "order_seed", "order_algorithm"),
)  # as selectors/trials.py writes them
EXPERTISE: Final = "expertise: …"  # one column for each question of the study


@dataclass(frozen=True)
class Column:
    """One column or field.

    Attributes
    ----------
    is_required : a file made elsewhere needs it too
    if_missing : what then is or is not said; empty where that needs no word
    """

    name: str
    holds: str
    is_required: bool = False
    if_missing: str = ""


@dataclass(frozen=True)
class File:
    """One file of an export.

    Attributes
    ----------
    title : what a row is
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]


def files() -> tuple[File, ...]:
    """Every file with columns, in the order of an export."""
    trial_names = (*trial_csv.COLUMNS, *TRIAL_EXTRAS, *(f"viewer_{name}" for name in viewer_log.FIELDS))
    display = tuple(f"display_{name}" for name in reader_csv.DISPLAY_COLUMNS)
    reader_names = (*reader_csv.COLUMNS, EXPERTISE, "n_display_checks", *display)
    return (
        File("trials.csv", "one row per trial", column_words.TRIALS_ABOUT, _columns("trials", trial_names)),
        File("readers.csv", "one row per reader", column_words.READERS_ABOUT, _columns("readers", reader_names)),
        File("table3.csv", "one row per reader and origin, and one per reader for `all`", "",
             _columns("table3", (*table3.COLUMNS, table3.NOTE))),
        File("table2.csv", "one row per lesion class and source", column_words.TABLE2_ABOUT,
             _described(table2.COLUMNS, table2_words.HOLDS)),
        File("statistics.json", "a list of records", column_words.STATISTICS_ABOUT,
             _columns("statistics", tuple(one.name for one in fields(Record)))),
        File("cases.csv", "one row per case, hardest first", "",
             _columns("cases", (*case_table.COLUMNS, case_table.NOTE))),
        File("audit.csv", "one row per event, oldest first", column_words.AUDIT_ABOUT,
             _columns("audit", audit_csv.COLUMNS)),
    )  # fmt: skip


def csv_lines() -> Iterator[str]:
    """Write one row per column."""
    yield line(CSV_COLUMNS)
    for file in files():
        for column in file.columns:
            yield line((file.name, column.name, column.holds.replace("`", ""), column.if_missing))


def to_markdown() -> str:
    """Write the page docs/data-dictionary.md."""
    parts = [column_words.INTRODUCTION]
    for file in files():
        parts.append(f"## {file.name}: {file.title}\n")
        if file.about:
            parts.append(f"{file.about}\n")
        parts.append(_table(file.columns))
    parts.append(column_words.OTHER_FILES)
    return "\n".join(parts)


def _columns(key: str, names: Sequence[str]) -> tuple[Column, ...]:
    missing = column_words.IF_MISSING if key == "trials" else {}
    required = trial_csv.REQUIRED if key == "trials" else ()
    holds = column_words.HOLDS[key]
    return tuple(Column(name, holds[name], name in required, missing.get(name, "")) for name in names)


def _described(names: Sequence[str], holds: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, holds[name]) for name in names)


def _table(columns: Sequence[Column]) -> str:
    has_missing = any(column.if_missing for column in columns)
    rows = ["| column | holds | if missing |" if has_missing else "| column | holds |"]
    rows.append("|---|---|---|" if has_missing else "|---|---|")
    for column in columns:
        star = "*" if column.is_required else ""
        last = f" {column.if_missing} |" if has_missing else ""
        rows.append(f"| `{column.name}`{star} | {column.holds} |{last}")
    return "\n".join(rows) + "\n"
