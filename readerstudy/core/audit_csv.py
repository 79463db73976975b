"""The audit log as CSV: who did what when. Desk users stand under their user name, because they answer for what they
did; readers only ever under their pseudonym."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from readerstudy.core.csv_cells import csv_line, neutral

COLUMNS: Final = ("at", "actor", "role", "verb", "sentence", "data")
REMOVED: Final = "[removed]"
_SHORTEST: Final = 3  # a name of two letters would be found in every word


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event.

    Attributes
    ----------
    actor : a desk user's name, or a reader's pseudonym
    role : `reader`, the roles of a desk user in the study, or `account`
    """

    at: datetime
    actor: str
    role: str
    verb: str
    sentence: str
    data: Mapping[str, Any]


def write_rows(rows: Iterable[AuditRow], identities: Iterable[str] = ()) -> Iterator[str]:
    """Write CSV lines one by one, without any of the identities given, wherever one may have been written.

    Cells that a spreadsheet would run as a formula get a leading apostrophe.

    Parameters
    ----------
    identities : names and addresses of readers
    """
    hidden = _pattern(identities)
    yield csv_line(COLUMNS)
    for row in rows:
        data = json.dumps(row.data, ensure_ascii=False, sort_keys=True) if row.data else ""
        cells = (row.at.isoformat(), row.actor, row.role, row.verb, row.sentence, data)
        yield csv_line(neutral(hidden.sub(REMOVED, cell) if hidden else cell) for cell in cells)


def _pattern(identities: Iterable[str]) -> re.Pattern[str] | None:
    known = sorted(
        {one.strip() for one in identities if len(one.strip()) >= _SHORTEST}, key=len, reverse=True
    )
    if not known:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", re.IGNORECASE)
