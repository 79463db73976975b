"""Which reading of a case a trial is: the first, which counts, a repeat, or an attention check."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from generation.core.errors import InputError
from readerstudy.core.trial_csv import TrialRow

FIRST: Final = "first"
REPEAT: Final = "repeat"
CHECK: Final = "check"  # an obvious case, shown only to see whether the reader looks
COLUMN: Final = "role"  # of the trial CSV, after the known ones; it may be missing
TIMEOUT_COLUMN: Final = "is_timeout"


def roles(rows: Sequence[TrialRow]) -> list[str]:
    """Give the role of each trial of the test phase, in the order of the rows.

    Where the column `role` is missing or says something else, a reader's reading of a case with the lowest
    `order` is the first and the others are repeats.

    Raises
    ------
    InputError
        If a reader judged a case twice and the order of the two is unknown.
    """
    told = [row.extra.get(COLUMN, "") for row in rows]
    found = [role if role in (CHECK, REPEAT) else FIRST for role in told]
    same_case: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if found[i] == FIRST:
            same_case[row.reader, row.case].append(i)
    for (reader, case), same in same_case.items():
        orders = [rows[i].order for i in same]
        if len(same) > 1 and (None in orders or len(set(orders)) < len(orders)):
            raise InputError(
                f'Reader "{reader}" judged case "{case}" more than once and column order does not say '
                "which came first; number the trials of a reader in the order in which they were shown."
            )
        for i in sorted(same, key=lambda i: rows[i].order or 0)[1:]:
            found[i] = REPEAT
    return found
