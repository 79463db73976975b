"""A web server under its supervisor, and the database behind it, for tests that kill either."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from readerstudy.serving import instance as instances
from readerstudy.serving.address import Address, choose
from tests.instances import Instance
from tests.nursery import Process
from tests.service.faults.reader import Given, Reader
from tests.service.faults.small_disk import SmallDisk

FIRST_PORT = 18400
START_SECONDS = 90
_STORED = """
    SELECT trial.position, trial.token, response.answer, response.key, response.rt_ms
    FROM readerstudy_response response
    JOIN readerstudy_trial trial ON trial.id = response.trial_id
    JOIN readerstudy_readingsession session ON session.id = trial.session_id
    WHERE session.public_id = {} ORDER BY trial.position
"""
DONE_AT = """
    SELECT trial.done_at FROM readerstudy_trial trial
    JOIN readerstudy_readingsession session ON session.id = trial.session_id
    WHERE session.public_id = {} ORDER BY trial.position
"""


@dataclass
class Web:
    """An instance that is served."""

    instance: Instance
    address: Address
    made: dict[str, Any]
    argv: Sequence[str] = ()
    disk: SmallDisk | None = None
    process: Process | None = field(default=None, repr=False)
    _n_given_away: int = 0

    @property
    def log(self) -> Path:
        return self.instance.data / "supervisor.log"

    def start(self) -> "Web":
        """Start the supervisor, or the program that was named, and wait until it answers and is looked after."""
        argv = self.argv or ("-m", "tests.service.faults.supervised", self.address.bind)
        n_before = self._n_times_looked_after()
        with self.log.open("ab") as log:
            self.process = Process(
                argv, env=self.instance.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()
        self._wait_for(lambda: self.argv or self._n_times_looked_after() > n_before)
        return self

    def restored(self) -> "Web":
        """This server for the next test: started anew if an earlier test left nobody who answers."""
        if not instances.answers(f"{self.address.url}/health/live"):
            self.stop()
            self.start()
        return self

    def wait(self) -> None:
        """Wait until the server answers."""
        self._wait_for(lambda: instances.answers(f"{self.address.url}/health/live"))

    def _wait_for(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def _n_times_looked_after(self) -> int:
        return self.log.read_text().count("it looks after them") if self.log.exists() else 0

    def stop(self) -> None:
        """End everything that was started, without waiting for anybody."""
        if self.process is not None:
            for pid in family(self.process.pid):
                with suppress(ProcessLookupError):
                    kill(pid)
            self.process.wait(timeout=60)

    def said(self) -> str:
        """What the supervisor and the server wrote."""
        logs = sorted((self.instance.data / "log").glob("web.log"))
        return "\n".join(path.read_text(errors="replace") for path in (self.log, *logs))

    @property
    def master(self) -> int:
        """The process of the web server."""
        return int(re.findall(r"started web server.*\(process (\d+)", self.log.read_text())[-1])

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        return family(self.master)[1:]

    def new_reader(self, language: str = "en") -> Reader:
        """A reader whom no test has had before."""
        facts = self.made["readers"][self._n_given_away]
        self._n_given_away += 1
        return Reader(self.address, facts, language)

    @contextmanager
    def open_line(self) -> Iterator[socket.socket]:
        """A connection over which a process has answered, and which it keeps for the next request."""
        with socket.create_connection((self.address.host, self.address.port), timeout=30) as line:
            line.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            response = http.client.HTTPResponse(line)
            response.begin()
            response.read()
            assert response.status == 200
            assert not response.will_close
            yield line

    def admin(self) -> Reader:
        """Somebody who asks for pages of the desk."""
        return Reader(self.address, {"public_id": "", "csrftoken": "a" * 32, "sessionid": self.made["admin"]})

    def stored(self, reader: Reader) -> list[Given]:
        """What the database holds of a reader; positions follow each other without a gap."""
        rows = self.rows(_STORED, reader.public_id)
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        return [Given(*row[1:]) for row in rows]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the database, past the web server; `{}` stands for a value."""
        url = self.instance.environment.get("DATABASE_URL", "")
        if url:
            with psycopg.connect(url) as connection:
                return connection.execute(query.replace("{}", "%s"), values).fetchall()  # type: ignore[arg-type]
        with closing(sqlite3.connect(f"file:{self.instance.data / 'db.sqlite3'}?mode=ro", uri=True)) as file:
            return file.execute(query.replace("{}", "?"), values).fetchall()


def serve(instance: Instance, *, n_readers: int) -> Iterator[Web]:
    """Make an instance, serve it, and end it."""
    made = json.loads(
        instance.python("-m", "tests.service.faults.make_reading", str(n_readers)).splitlines()[-1]
    )
    web = Web(instance, free_address(), made).start()
    try:
        yield web
    finally:
        web.stop()


def free_address() -> Address:
    """A port that nobody else takes, whichever process of a parallel run this is."""
    worker = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "0")))
    return choose(Address("127.0.0.1", FIRST_PORT + 20 * int(worker)), any_port=True)


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in family(int(child)))]


def kill(pid: int) -> None:
    """End a process at once, without a chance to tidy up."""
    os.kill(pid, signal.SIGKILL)


def is_open(line: socket.socket) -> bool:
    """Whether the process at the other end of a connection over which nothing is sent lives."""
    line.settimeout(5)
    try:
        return line.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def is_there(pid: int) -> bool:
    """Whether a process lives."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
