"""Database configuration from DATABASE_URL."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from readerstudy import env

# Answers must survive a power cut (synchronous=FULL), readers must not wait for writers (WAL),
# and a transaction that will write takes its lock at once instead of failing midway (IMMEDIATE).
# What is deleted is overwritten: the folder of an import may be named after a patient.
_SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
}
# A server that is not there is noticed in seconds and not after the hours that TCP would wait.
_POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 30,  # seconds of silence before the other side is asked whether it is there
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # ms for what was sent to be acknowledged
}


def from_url(url: str, *, data: Path) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:port/name` or `sqlite:///file` into Django's dictionary."""
    _wait_seconds()  # known as a setting whichever database is used
    if not url:
        return sqlite(data / "db.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(Path(parts.path.removeprefix("/")) if parts.path != "/:memory:" else Path(":memory:"))
    if parts.scheme in {"postgres", "postgresql"}:
        name = parts.path.lstrip("/")
        if not name:
            raise ImproperlyConfigured(
                f"DATABASE_URL names no database; end it with one, as in {parts.scheme}://host/readerstudy."
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(_POSTGRESQL_OPTIONS),
        }
    raise ImproperlyConfigured(
        f'DATABASE_URL begins with "{parts.scheme}"; write postgresql:// or sqlite:///.'
    )


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            **_SQLITE_OPTIONS,
            "timeout": _wait_seconds(),
        },
        "CONN_MAX_AGE": 60,
    }


def _wait_seconds() -> int:
    """How long a request waits in SQLite for who writes just now."""
    return env.integer("SQLITE_WAIT_SECONDS", default=20, minimum=1)
