"""The one clock that every worker and watcher can ask: the database's."""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """Time by the database, which is what heartbeats are stamped with; clocks of machines differ."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')")
            return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        told: datetime = cursor.fetchone()[0]
        return told
