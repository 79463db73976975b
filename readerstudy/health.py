"""Can this instance do its work? Asked by load balancers and by whoever was called at night."""

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from generation import storage

logger = logging.getLogger(__name__)

MIN_FREE_BYTES: Final = 200_000_000  # below it the next checkpoint or import will not fit
_BROKER_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    is_well : False if the part does not work
    is_needed : readers cannot read without it
    words : one sentence; empty while all is well
    """

    is_well: bool
    is_needed: bool
    words: str = ""


def examine() -> dict[str, Finding]:
    """Look at every part that requests and jobs depend on."""
    checks = {**_CHECKS, **({"storage": (_check_storage, True)} if storage.is_shared() else {})}
    return {name: _told(check, is_needed=is_needed) for name, (check, is_needed) in checks.items()}


def is_ready(findings: Mapping[str, Finding]) -> bool:
    """Readers can read: a queue that is down delays jobs, not readers."""
    return all(finding.is_well for finding in findings.values() if finding.is_needed)


def free_bytes(folder: Path) -> int:
    """Bytes that programs may still write where a folder lies."""
    return shutil.disk_usage(folder).free


def _told(check: Callable[[], str], *, is_needed: bool) -> Finding:
    try:
        words = check()
    except Exception as error:  # a check that breaks has found something
        words = f"{type(error).__name__} when it was looked at."
    return Finding(is_well=not words, is_needed=is_needed, words=words)


def _check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return _migrations_missing()


@cache
def _no_migration_is_missing() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError  # not cached: somebody may be migrating now
    return True


def _migrations_missing() -> str:
    try:
        _no_migration_is_missing()
    except LookupError:
        return "The database has not been migrated to this version; run `manage.py migrate`."
    return ""


def _check_files() -> str:
    folder = settings.READERSTUDY_DATA
    if not os.access(folder, os.W_OK):
        return "The data folder cannot be written."
    free = free_bytes(folder)
    if free < MIN_FREE_BYTES:
        return f"Only {free // 1_000_000} MB are free where the data folder lies; make room for {MIN_FREE_BYTES // 1_000_000} MB."
    return ""


def _check_queue() -> str:
    with current_app.connection_for_write(connect_timeout=_BROKER_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_BROKER_SECONDS)
    return ""


def _check_storage() -> str:
    try:
        storage.examine()
    except storage.StorageError as error:  # its words name the bucket, which is nothing for a visitor
        logger.warning("the shared storage was looked at: %s", error)
        return "The shared storage cannot be used; the log says why."
    return ""


_CHECKS: Final[Mapping[str, tuple[Callable[[], str], bool]]] = {
    "database": (_check_database, True),
    "files": (_check_files, True),
    "queue": (_check_queue, False),
}
