"""A consistent copy of the database while readers read, made by the database's own means; and the way back."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from generation.core.errors import InputError

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
FILES: Final[Mapping[str, str]] = {SQLITE: "database.sqlite3", POSTGRESQL: "database.pgdump"}
_PAGES_AT_ONCE: Final = 2_000  # writers get their turn in between


def dump(folder: Path) -> str:
    """Write the database into a folder; return its kind."""
    kind = connection.vendor
    if kind == SQLITE:
        _dump_sqlite(folder / FILES[SQLITE])
    elif kind == POSTGRESQL:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={folder / FILES[POSTGRESQL]}")
    else:
        raise InputError(f"A {kind} database cannot be backed up; use SQLite or PostgreSQL.")
    return kind


def load(folder: Path, *, kind: str) -> None:
    """Fill the empty database of this instance from what `dump` wrote."""
    if kind != connection.vendor:
        raise InputError(
            f"The backup holds a {kind} database and this instance uses {connection.vendor}; "
            "set DATABASE_URL to a database of the same kind."
        )
    if kind == SQLITE:
        _load_sqlite(folder / FILES[SQLITE])
    else:
        connection.close()
        _run(
            "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--dbname", _name(),
            str(folder / FILES[POSTGRESQL]),
        )  # fmt: skip


def is_empty() -> bool:
    """Nothing was ever migrated into this database."""
    return not connection.introspection.table_names()


def migrations_applied() -> list[str]:
    """What this database has been brought to, such as `readerstudy.0004_desk`."""
    return sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())


def migrations_unknown(names: Iterable[str]) -> list[str]:
    """Those of another database that this software does not have, and therefore could not work with."""
    known = {".".join(one) for one in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    return sorted(set(names) - known)


def _dump_sqlite(target: Path) -> None:
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy, pages=_PAGES_AT_ONCE)
            faults = copy.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.OperationalError as error:
        n_bytes = Path(connection.settings_dict["NAME"]).stat().st_size
        raise InputError(
            f"The copy of the database could not be written: {error}; it needs {n_bytes / 1e6:.0f} MB beside the "
            "backup, so make room or choose another place."
        ) from error
    if faults != [("ok",)]:
        raise InputError(
            f"The database is damaged ({faults[0][0]}); keep the last good backup and restore from it."
        )


def _load_sqlite(source: Path) -> None:
    connection.close()
    target = Path(connection.settings_dict["NAME"])
    draft = target.with_name(f".{target.name}.restored")
    shutil.copyfile(source, draft)
    with closing(sqlite3.connect(draft)) as copy:
        faults = copy.execute("PRAGMA integrity_check").fetchall()
    if faults != [("ok",)]:
        draft.unlink()
        raise InputError("The database inside the backup is damaged; take another backup.")
    for remains in (target.with_name(f"{target.name}-wal"), target.with_name(f"{target.name}-shm")):
        remains.unlink(missing_ok=True)
    draft.replace(target)


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; where to connect is told by its environment, not on its command line."""
    if shutil.which(program) is None:
        raise InputError(f"{program} is not on this machine; install PostgreSQL's client programs.")
    told: dict[str, Any] = connection.settings_dict
    wanted = {
        "PGHOST": told["HOST"],
        "PGPORT": told["PORT"],
        "PGUSER": told["USER"],
        "PGPASSWORD": told["PASSWORD"],
        "PGDATABASE": told["NAME"],
    }
    environment = os.environ | {name: str(value) for name, value in wanted.items() if value}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(f"{program} could not do its work: {words[-1]}")
