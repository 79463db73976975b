"""Instances in processes of their own, each with its own database, queue and data folder."""

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests import nursery

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True)
class Instance:
    """A data folder with the environment that its processes run in."""

    environment: dict[str, str]

    @property
    def data(self) -> Path:
        return Path(self.environment["READERSTUDY_DATA"])

    def python(self, *argv: str) -> str:
        """What a program writes that ends well."""
        done = self._run(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def refusal(self, command: str, *arguments: str) -> str:
        """The sentence with which a management command refuses."""
        done = self._run("manage.py", command, *arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr.strip()

    def _run(self, *argv: str) -> "subprocess.CompletedProcess[str]":
        return nursery.run(argv, env=self.environment)


def make_instance(data: Path, **environment: str) -> Instance:
    data.mkdir(exist_ok=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "READERSTUDY_DATA"}
    }
    return Instance(
        {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
            "READERSTUDY_DATA": str(data),
            **environment,
        }
    )


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def skip_unless_listening(url: str, name: str) -> None:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2):
            pass
    except OSError as error:
        pytest.skip(f"no {name} at {parts.hostname}:{parts.port} ({error})")


@contextmanager
def new_postgresql_database() -> Iterator[str]:
    """The URL of a new, empty database; dropped afterwards."""
    skip_unless_listening(POSTGRESQL, "PostgreSQL")
    name = f"readerstudy_test_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
