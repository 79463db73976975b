"""A served instance with a data folder of its own, which can be killed and started again."""

import json
import os
import shutil
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
START_SECONDS = 240
FILL = """
import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
"""


@dataclass
class Server:
    """Gunicorn as `make serve` starts it: its address, and its database seen from outside."""

    data: Path
    address: Address
    n_workers: int = 1  # 0: as many as `make serve` starts
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    maker: subprocess.Popen[str] | None = field(default=None, repr=False)  # see prepare.py

    @property
    def url(self) -> str:
        return self.address.url

    def start(self) -> None:
        """Start the server on its address and wait until it answers."""
        self.call_maker()
        program = programs.web_server(self.address, logs=self.data / "log", n_workers=self.n_workers)
        with (self.data / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                program.argv,
                cwd=PROJECT,
                env=environment(self.data),
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group that can be killed as one
            )
        wait_for(f"{self.url}/sign-in/", self.process, self.data / "web.log")

    def kill(self) -> None:
        """Kill the server and its workers at once, as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)

    def stop(self) -> None:
        """Let the server finish what it does, and end."""
        for process in (self.process, self.maker):
            if process is not None and process.poll() is None:
                process.terminate()
                process.communicate(timeout=60)

    def call_maker(self) -> None:
        """Have a process of the instance ready to make what is wanted; it lives as long as the instance."""
        if self.maker is None:
            with (self.data / "maker.log").open("ab") as log:
                self.maker = subprocess.Popen(
                    [sys.executable, "-m", "tests.browser.prepare"],
                    cwd=PROJECT,
                    env=environment(self.data),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )

    def prepare(self, what: str) -> dict[str, Any]:
        """Have something made in the instance; see prepare.py."""
        self.call_maker()
        assert self.maker is not None
        assert self.maker.stdin is not None
        assert self.maker.stdout is not None
        self.maker.stdin.write(f"{what}\n")
        self.maker.stdin.flush()
        made = self.maker.stdout.readline()
        assert made, (self.data / "maker.log").read_text()
        return dict(json.loads(made))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database."""
        connection = sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def create(data: Path, blank: Path | None = None) -> Server:
    """An instance with its database and static files, not yet started: a copy of a blank one, if there is one."""
    if blank is None:
        fill(data)
    else:
        shutil.copytree(blank, data, dirs_exist_ok=True)
    worker = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0")))
    return Server(data, choose(Address("127.0.0.1", FIRST_PORT + 200 * int(worker)), any_port=True))


def fill(data: Path) -> None:
    """Make the database and the static files of an instance that has nothing else."""
    run_python(data, "-c", FILL)


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path, seconds: float = START_SECONDS) -> None:
    """Wait until a program that was started answers; what it wrote, if it does not."""
    deadline = time.monotonic() + seconds
    while not instance.answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        time.sleep(0.1)


def environment(data: Path) -> dict[str, str]:
    """The settings of an instance."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
    }
    return {**inherited, "READERSTUDY_DATA": str(data), "DJANGO_SETTINGS_MODULE": "readerstudy.settings"}


def run_python(data: Path, *argv: str, timeout: float = 240) -> str:
    """Run a program of the project on an instance; what it wrote."""
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=environment(data),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
