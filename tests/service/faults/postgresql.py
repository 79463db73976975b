"""A PostgreSQL server of the tests' own, which may be killed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

START_SECONDS = 60
_ACCOUNT = "postgres"  # PostgreSQL refuses to run as root


@dataclass
class Cluster:
    """Its programs, its folder, its port."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://{_ACCOUNT}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """Of the process that all others come from."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it, again too: the last processes of one that was killed may take a moment to go."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=16MB"
        )
        until = time.monotonic() + START_SECONDS
        while True:
            done = self._run(
                "pg_ctl", "-D", str(self.folder), "-l", str(self.folder / "log"), "-w", "-o", options, "start"
            )
            if done.returncode == 0:
                return
            assert time.monotonic() < until, done.stdout + (self.folder / "log").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once: nothing is written any more, and every connection breaks."""
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop it, if it runs."""
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "stop")

    def end_connections(self, database: str) -> int:
        """End every connection to a database, as an administrator would; return how many there were."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND pid <> pg_backend_pid()",
                [database],
            )
            return len(found.fetchall())

    def make(self) -> None:
        """Make its folder."""
        done = self._run(
            "initdb",
            "-D",
            str(self.folder),
            "--auth=trust",
            "--username",
            _ACCOUNT,
            "--no-sync",
            "--encoding=UTF8",
        )
        assert done.returncode == 0, done.stdout

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(self.programs / program), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=START_SECONDS,
            cwd=self.folder.parent, user=_ACCOUNT if os.geteuid() == 0 else None,
        )  # fmt: skip


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """Make a server, start it, and stop it; skip where its programs are not on this machine."""
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="readerstudy-postgresql-") as home:
        if os.geteuid() == 0:
            shutil.chown(home, _ACCOUNT)  # not below pytest's folders, which are closed to other accounts
        cluster = Cluster(programs, Path(home) / "cluster", _free_port())
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _programs() -> Path:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *sorted(Path("/usr").glob("pgsql-*/bin"))]
    if initdb := shutil.which("initdb"):
        found.append(Path(initdb).resolve().parent)
    if not found:
        pytest.skip("initdb is not on this machine: install PostgreSQL's server programs")
    return found[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
