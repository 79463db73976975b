"""A served instance with a data folder of its own, which can be killed and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readerstudy.serving import instance, programs
from readerstudy.serving.address import Address, choose
from tests.conftest import PROJECT

FIRST_PORT = 18000
START_SECONDS = 60
AT_ONCE = {"test only": 6}  # made by one process where many tests want one, each its own


@dataclass
class Server:
    """Gunicorn as `make serve` starts it: its address, and its database seen from outside."""

    data: Path
    address: Address
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    ready: dict[str, list[dict[str, Any]]] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return self.address.url

    def start(self) -> None:
        """Start the server on its address and wait until it answers."""
        program = programs.web_server(self.address, logs=self.data / "log")
        with (self.data / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                program.argv,
                cwd=PROJECT,
                env=environment(self.data),
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group that can be killed as one
            )
        deadline = time.monotonic() + START_SECONDS
        while not instance.answers(f"{self.url}/sign-in/"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.data / "web.log").read_text())
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the server and its workers at once, as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def stop(self) -> None:
        """Let the server finish what it does, and end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def prepare(self, what: str) -> dict[str, Any]:
        """Have a process of the instance make something; see prepare.py."""
        if not self.ready.get(what):
            made = run_python(self.data, "-m", "tests.browser.prepare", what, str(AT_ONCE.get(what, 1)))
            self.ready[what] = [json.loads(line) for line in made.splitlines() if line.startswith("{")]
        return self.ready[what].pop()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database."""
        connection = sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def create(data: Path) -> Server:
    """An instance with its database and static files, not yet started."""
    run_python(data, "manage.py", "migrate", "--verbosity", "0")
    run_python(data, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    worker = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0")))
    return Server(data, choose(Address("127.0.0.1", FIRST_PORT + 200 * int(worker)), any_port=True))


def environment(data: Path) -> dict[str, str]:
    """The settings of an instance."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**inherited, "READERSTUDY_DATA": str(data), "DJANGO_SETTINGS_MODULE": "readerstudy.settings"}


def run_python(data: Path, *argv: str) -> str:
    """Run a program of the project on an instance; what it wrote."""
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
