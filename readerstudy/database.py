"""Database configuration from DATABASE_URL."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Answers must survive a power cut (synchronous=FULL), readers must not wait for writers (WAL),
# and a transaction that will write takes its lock at once instead of failing midway (IMMEDIATE).
# What is deleted is overwritten: the folder of an import may be named after a patient.
_SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
}


def from_url(url: str, *, data: Path) -> dict[str, Any]:
    """Turn `postgresql://user:password@host:port/name` or `sqlite:///file` into Django's dictionary."""
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
        }
    raise ImproperlyConfigured(
        f'DATABASE_URL begins with "{parts.scheme}"; write postgresql:// or sqlite:///.'
    )


def sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": dict(_SQLITE_OPTIONS),
        "CONN_MAX_AGE": 60,
    }
