"""`manage.py serve` is stopped while readers answer and a job runs, then killed: no answer is lost or doubled, nobody is mailed twice."""

import http.client
import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import PROJECT
from tests.instances import Instance, free_port, make_instance

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.slow,
    pytest.mark.timeout(900),  # three starts of real programs on a machine that may be busy
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]
N_READERS = 4
N_PANELS = 12  # of each reader
N_BEFORE = 4  # answers that were acknowledged when the stop is asked for
PATIENCE = 120  # seconds, for a machine that is busy
CSRF = "c" * 32

# An open study, readers at their first panel, and two e-mails that wait to be sent.
MAKE = f"""
import json
import django; django.setup()
from django.http import HttpResponse
from django.utils import timezone
from readerstudy.models import InvitationMail
from readerstudy.services import invitations, letters, sessions
from readerstudy.views import reader_page
from tests import factories
from django.core.management import call_command
call_command("migrate", verbosity=0)
now = timezone.now()
study = factories.make_study("open", protocol=factories.small_protocol(warm_up={{}}))
made = []
for number in range({N_READERS}):
    session = sessions.begin(session=sessions.start(invitation=factories.make_invitation(study), seed=number, now=now), now=now)
    response = HttpResponse()
    response.set_signed_cookie("reading", session.public_id, salt=reader_page._SALT)
    made.append([session.public_id, response.cookies["reading"].value])
for number in range(2):
    row = invitations.invite(study=study, name=f"Rosa {{number}}", group="radiologist", by="a test", now=now, email=f"rosa{{number}}@example.org")
    letters.queue(wanted=[row], site="https://study.example", by="a test", now=now)
print(json.dumps(made))
"""
ANSWERS = (
    "SELECT trial.token, response.answer, response.key FROM readerstudy_response response "
    "JOIN readerstudy_trial trial ON trial.id = response.trial_id"
)
MAILS = (
    "SELECT reader.email, mail.status, mail.error FROM readerstudy_invitationmail mail "
    "JOIN readerstudy_invitation invitation ON invitation.id = mail.invitation_id "
    "JOIN readerstudy_reader reader ON reader.id = invitation.reader_id"
)


class SlowServer:
    """A mail server that takes an e-mail and does not say so until it is told to."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.says_nothing = True

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import asyncio

        self.received.extend(envelope.rcpt_tos)
        while self.says_nothing:
            await asyncio.sleep(0.05)
        return "250 taken"


@dataclass
class Reader:
    """A browser that keeps each answer until the server has acknowledged it."""

    public_id: str
    cookie: str
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)
    seat: str = ""
    waiting: "tuple[str, str, str] | None" = None  # token, answer and key that were sent and not acknowledged
    is_done: bool = False

    def ask(self, url: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        headers = {
            "Cookie": f"reading={self.cookie}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
            "Content-Type": "application/json",
        }
        try:
            connection.request(
                method,
                f"/read/s/{self.public_id}/{path}",
                json.dumps(body) if body is not None else None,
                headers,
            )
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        assert response.status in {200, 503}, (response.status, content[:300])
        if response.status == 503:
            raise OSError("asked to come back later")
        return dict(json.loads(content))

    def step(self, url: str, number: int) -> None:
        """Answer one panel, or send again what is not known to have arrived."""
        if not self.seat:
            self.seat = self.ask(url, "POST", "seat/", {})["seat"]
        if self.waiting is None:
            window = self.ask(url, "GET", f"trials/?seat={self.seat}")
            if not window["trials"]:
                self.is_done = True
                return
            token = window["trials"][0]["token"]
            self.waiting = (token, ("real", "fake")[number % 2], f"{self.public_id[:8]}-{number}")
        token, answer, key = self.waiting
        self.ask(
            url,
            "POST",
            "answers/",
            {"seat": self.seat, "key": key, "token": token, "rt_ms": 900, "answer": answer},
        )
        self.acknowledged[token] = (answer, key)
        self.waiting = None


@dataclass
class Served:
    process: "subprocess.Popen[bytes]"
    output: Path
    url: str = ""

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)


class House:
    """One instance, its mail server, and what is started of it."""

    def __init__(self, tmp_path: Path) -> None:
        self.server = SlowServer()
        self.mail = Controller(self.server, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
        self.mail.start()
        told = {
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mail.port),
            "EMAIL_USE_TLS": "0",
            "WEB_WORKERS": "2",
        }
        self.instance: Instance = make_instance(tmp_path / "data", **told)
        self.port = free_port()
        self.folder = tmp_path
        self.started: list[Served] = []

    def serve(self) -> Served:
        output = self.folder / f"output-{len(self.started)}"
        argv = [sys.executable, "-u", "manage.py", "serve", "--bind", f"127.0.0.1:{self.port}"]
        with output.open("wb") as file:
            process = subprocess.Popen(
                argv, cwd=PROJECT, env=self.instance.environment, stdout=file, stderr=file
            )
        served = Served(process, output, f"http://127.0.0.1:{self.port}")
        self.started.append(served)
        served.wait_for(lambda: process.poll() is not None or "Serving at" in output.read_text())
        assert process.poll() is None, output.read_text()
        return served

    def look(self) -> dict[str, Any]:
        """Read the file of the database as it is, which starts no program."""
        with closing(sqlite3.connect(self.instance.data / "db.sqlite3", timeout=60)) as database:
            answers = database.execute(ANSWERS).fetchall()
            mails = database.execute(MAILS).fetchall()
        return {
            "n_answers": len(answers),
            "answers": {token: (answer, key) for token, answer, key in answers},
            "mails": {address: (status, error) for address, status, error in mails},
        }

    def pids(self) -> set[int]:
        """Every process that runs in this instance, whoever its parent is."""
        mark = f"READERSTUDY_DATA={self.instance.data}".encode()
        found = set()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.add(int(path.parent.name))
        return found

    def close(self) -> None:
        self.server.says_nothing = False
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for served in self.started:
            served.process.wait(timeout=30)
        self.mail.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def answer_until(
    readers: list[Reader], url: str, is_over: Callable[[], bool], n_most: int = N_PANELS + 1
) -> list[threading.Thread]:
    """Each reader answers `n_most` panels at most, in a thread; what the network swallows stays waiting."""

    def read(reader: Reader) -> None:
        for number in itertools.count(len(reader.acknowledged)):
            if is_over() or reader.is_done or len(reader.acknowledged) >= n_most:
                return
            try:
                reader.step(url, number)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)

    threads = [threading.Thread(target=read, args=(one,)) for one in readers]
    for thread in threads:
        thread.start()
    return threads


def n_acknowledged(readers: list[Reader]) -> int:
    return sum(len(one.acknowledged) for one in readers)


def test_a_stop_in_the_middle_loses_nothing_and_a_kill_leaves_no_orphan(house: House) -> None:
    readers = [Reader(*one) for one in json.loads(house.instance.python("-c", MAKE).splitlines()[-1])]
    served = house.serve()

    # While four readers answer and the worker waits for the mail server, the machine is to be rebooted. However long
    # that takes, each of them has a panel left for the time after it.
    served.wait_for(lambda: house.server.received)
    is_down = threading.Event()
    threads = answer_until(readers, served.url, is_down.is_set, n_most=N_PANELS - 1)
    served.wait_for(lambda: n_acknowledged(readers) >= N_BEFORE)
    served.process.terminate()
    assert served.process.wait(timeout=PATIENCE) == 0, served.output.read_text()
    is_down.set()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert house.pids() == set()
    stored = house.look()
    for reader in readers:
        for token, sent in reader.acknowledged.items():
            assert stored["answers"][token] == sent
    in_doubt = set(
        house.server.received
    )  # one of the two, unless the machine was so slow that the worker gave it up
    assert not any(reader.is_done for reader in readers)

    # It comes back: what was not acknowledged is sent again and stands once, and the job that was put back is done.
    house.server.says_nothing = False
    served = house.serve()
    for thread in answer_until(readers, served.url, lambda: all(one.is_done for one in readers)):
        thread.join(timeout=PATIENCE)
    assert all(reader.is_done for reader in readers)
    served.wait_for(
        lambda: {status for status, _ in house.look()["mails"].values()} <= {"finished", "failed"}
    )
    stored = house.look()
    sent = {token: one for reader in readers for token, one in reader.acknowledged.items()}
    assert stored["answers"] == sent
    assert stored["n_answers"] == len(sent) == N_PANELS * N_READERS
    for address, (status, error) in stored["mails"].items():
        assert status == ("failed" if address in in_doubt else "finished")
        assert ("may have arrived or not" in error) == (address in in_doubt)
    assert sorted(house.server.received) == ["rosa0@example.org", "rosa1@example.org"]  # nobody twice

    # Nobody can stop it in order: the supervisor is killed, and what it started ends by itself.
    assert len(house.pids()) > 4
    served.process.kill()
    served.process.wait(timeout=PATIENCE)
    served.wait_for(lambda: house.pids() == set())
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", house.port))
