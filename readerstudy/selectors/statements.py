"""What happens between two panels, in SQL: to build these statements anew for every request takes longer than to run them."""

from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

_STUDY_OF_SESSION: Final = """
    JOIN readerstudy_invitation invitation ON invitation.id = session.invitation_id
    JOIN readerstudy_reader reader ON reader.id = invitation.reader_id
    JOIN readerstudy_study study ON study.id = reader.study_id
"""

SESSION: Final = f"""
    SELECT session.id, session.state, session.seat, session.seen_at, invitation.revoked_at IS NOT NULL,
        study.status, study.ends_at, study.fingerprint, study.id
    FROM readerstudy_readingsession session {_STUDY_OF_SESSION}
    WHERE session.public_id = %s
"""  # noqa: S608 - all of it is written here

OPEN_TRIALS: Final = """
    SELECT id, token, position, served_at FROM readerstudy_trial
    WHERE session_id = %s AND phase = %s AND done_at IS NULL ORDER BY position LIMIT %s
"""

PANEL: Final = f"""
    SELECT session.public_id, session.state, trial.phase, trial.served_at IS NOT NULL, trial.done_at IS NOT NULL,
        one_case.pixel_index, invitation.revoked_at IS NOT NULL, study.status, study.ends_at, study.fingerprint,
        study.id, study.slug
    FROM readerstudy_trial trial
    JOIN readerstudy_case one_case ON one_case.id = trial.case_id
    JOIN readerstudy_readingsession session ON session.id = trial.session_id {_STUDY_OF_SESSION}
    WHERE trial.token = %s
"""  # noqa: S608 - all of it is written here

CLAIM_SESSION: Final = """
    UPDATE readerstudy_readingsession SET seen_at = %s WHERE id = %s AND state = %s AND seat = %s
"""

MARK_DONE: Final = "UPDATE readerstudy_trial SET done_at = %s WHERE id = %s AND done_at IS NULL"

LET_OUT: Final = "UPDATE readerstudy_trial SET served_at = %s WHERE id = %s AND served_at IS NULL"


def rows(statement: str, *values: str | int) -> list[tuple[Any, ...]]:
    """Run a look-up."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def change(statement: str, at: datetime, *values: str | int) -> int:
    """Run a change whose first value is a time; return how many rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.ops.adapt_datetimefield_value(at), *values])
        return cursor.rowcount


def moment(value: Any) -> datetime:
    """A time as the database gives it: SQLite keeps text, in UTC."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def moment_or_none(value: Any) -> datetime | None:
    """A time that may not be set."""
    return None if value is None else moment(value)
