"""A reader's script as the server meets it, without a browser: answers with keys, sent again until they are stored."""

import http.client
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from readerstudy.serving.address import Address

PATIENCE_SECONDS = 90.0  # on a busy machine; nothing here waits for it to pass
ANSWERS = ("real", "fake")


@dataclass(frozen=True)
class Given:
    """An answer as it was given."""

    token: str
    answer: str
    key: str
    rt_ms: int


@dataclass(frozen=True)
class Refusal:
    """What the server said while it could not work."""

    status: int
    retry_after: str | None
    content_type: str
    text: str


@dataclass
class Reader:
    """One reader in one window; keeps what was given, and what the server said when it could not work."""

    address: Address
    facts: dict[str, str]
    language: str = "en"
    seat: str = ""
    given: list[Given] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    n_cut: int = 0  # requests whose connection broke

    @property
    def public_id(self) -> str:
        return self.facts["public_id"]

    def sit_down(self) -> "Reader":
        """Read in this window."""
        self.seat = self.until_answered("seat", {})["seat"]
        return self

    def token(self) -> str:
        """The current panel."""
        return str(self.until_answered(f"trials/?seat={self.seat}")["trials"][0]["token"])

    def read(self, n: int, *, before: Callable[[int], None] = lambda i: None) -> "Reader":
        """Answer the next n panels; `before` is called with the number of each, from 0."""
        for i in range(n):
            before(i)
            self.answer()
        return self

    def answer(self) -> dict[str, Any]:
        """Answer the current panel, again and again until the server says that it is stored."""
        body = self.next_body()
        if len(self.given) % 3 == 2:  # a reply that is lost on the way
            self.send_and_hang_up("answers/", body)
        return self.until_answered("answers/", body)

    def next_body(self) -> dict[str, Any]:
        """The request that answers the current panel; from now on this answer is given."""
        number = len(self.given)
        one = Given(self.token(), ANSWERS[number % 3 % 2], secrets.token_hex(8), 1200 + number)
        self.given.append(one)
        return {
            "seat": self.seat,
            "token": one.token,
            "answer": one.answer,
            "key": one.key,
            "rt_ms": one.rt_ms,
        }

    def until_answered(self, name: str, body: object = None) -> dict[str, Any]:
        """Ask until the server answers, as static/js/reading/api.js and retry.js do; any refusal is a failure."""
        path = f"/read/s/{self.public_id}/{name}"
        path = path if "?" in path or path.endswith("/") else f"{path}/"
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, headers, content = self.ask(path, body)
            except (OSError, http.client.HTTPException):
                self.n_cut += 1
            else:
                if status == 200:
                    return dict(json.loads(content))
                self.refusals.append(_refusal(status, headers, content))
                assert status >= 500 or status in (408, 429), (status, content)
            assert time.monotonic() < until, f"no answer within {PATIENCE_SECONDS} s: {self.refusals[-1:]}"
            time.sleep(0.1)

    def ask(
        self, path: str, body: object = None, *, form: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request over a new connection: JSON, a form, or neither."""
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=30)
        try:
            self._send(connection, path, body, form, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def send_and_hang_up(self, name: str, body: object) -> None:
        """Send a request and go before the reply comes."""
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=30)
        with suppress(OSError):
            self._send(connection, f"/read/s/{self.public_id}/{name}", body, None, {})
            connection.sock.shutdown(socket.SHUT_WR)
        connection.close()

    def _send(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: object,
        form: str | None,
        headers: dict[str, str],
    ) -> None:
        cookies = ("reading", "csrftoken", "sessionid")
        headers = headers | {
            "Cookie": "; ".join(f"{name}={self.facts[name]}" for name in cookies if name in self.facts),
            "X-CSRFToken": self.facts["csrftoken"],
            "Accept": "text/html" if form is not None or "/s/" not in path else "application/json",
            "Accept-Language": self.language,
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            headers["Content-Type"] = "application/json"
        sent = form if form is not None else None if body is None else json.dumps(body)
        connection.request("GET" if sent is None else "POST", path, sent, headers)


def _refusal(status: int, headers: dict[str, str], content: bytes) -> Refusal:
    return Refusal(
        status, headers.get("Retry-After"), headers.get("Content-Type", ""), content.decode(errors="replace")
    )


class Crowd:
    """Readers who read side by side while a fault strikes: some answers before it, the others held back until after."""

    def __init__(self, readers: list[Reader], n_panels: int, *, n_held: int = 2) -> None:
        self.readers, self.n_panels, self.n_held = readers, n_panels, n_held
        self.struck = threading.Event()
        self._pool = ThreadPoolExecutor(len(readers))
        self._runs = [self._pool.submit(self._read, reader) for reader in readers]

    def wait_until(self, condition: Callable[[], object], said: Callable[[], str] = lambda: "") -> None:
        """Wait for something to be so; what went wrong in a reader's thread is raised here, with what the server `said`."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            for run in self._runs:
                if run.done():
                    run.result()
            assert time.monotonic() < until, f"{[len(one.given) for one in self.readers]}\n{said()}"
            time.sleep(0.01)

    def are_reading(self, n: int) -> bool:
        """Whether each has given n answers."""
        return all(len(reader.given) >= n for reader in self.readers)

    def finish(self) -> None:
        """The fault has struck: let everybody read to the end."""
        self.struck.set()
        for run in self._runs:
            run.result(timeout=2 * PATIENCE_SECONDS)
        self._pool.shutdown()

    def _read(self, reader: Reader) -> None:
        reader.sit_down().read(self.n_panels, before=self._hold_the_last)

    def _hold_the_last(self, i: int) -> None:
        if i >= self.n_panels - self.n_held:
            assert self.struck.wait(2 * PATIENCE_SECONDS)
