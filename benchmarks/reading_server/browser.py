"""A reader's browser without a screen: from the personal link on, over connections that stay open, every request timed."""

import http.client
import itertools
import json
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from typing import Any

N_PANEL_BYTES = 57_344
_KINDS = ((".bin", "panel"), ("/answers/", "answer"), ("/seat/", "window"), ("/trials/", "window"))
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def answer_to(token: str) -> str:
    """What the readers say of a panel: anything, but always the same."""
    return "real" if int(token[:8], 16) % 2 else "fake"


def nothing() -> None:
    """The thought of a reader who answers at once."""


class Browser:
    """One reader. With several addresses the requests go to them in turn, as a proxy spreads them over web processes.

    Attributes
    ----------
    seconds : by kind of request: page, file, window, panel, answer
    sent : what was answered to the test panels, by token, in the order in which it was given
    n_again : requests sent a second time because their connection had broken
    """

    def __init__(
        self, addresses: Sequence[str], *, is_repeating: bool = False, with_files: bool = True
    ) -> None:
        self._connections = [http.client.HTTPConnection(address, timeout=120) for address in addresses]
        self._turn = itertools.cycle(self._connections)
        self.is_repeating = is_repeating  # sends every tenth answer twice, as after a reply that was lost
        self.with_files = with_files  # fetches the styles and scripts of its pages, each once
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.errors: list[str] = []
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.sent: dict[str, str] = {}
        self.n_again = 0
        self._files: set[str] = set()

    def enter(self, link: str) -> None:
        """From the link to the first panel of the warm-up."""
        self._press(link)  # Start
        page = self._press(self._follow(self.place)[0])  # leave the instructions
        found = re.search(r"/read/s/([0-9a-f]{32})/", page + self.place)
        assert found, page
        self.session = f"/read/s/{found.group(1)}/"
        self.seat = self.post("seat/", {})["seat"]

    def read(
        self, think: Callable[[], object] = nothing, before_test: Callable[[], object] = nothing
    ) -> None:
        """Read to the end: panels ahead are fetched in their order, each one is thought about and answered."""
        state = ""
        while state != "finished":
            window = self.window()
            if window["state"] == "test" and state != "test":
                before_test()
            state, ahead, is_test = window["state"], list(window["trials"]), window["state"] == "test"
            for item in ahead:
                self.panel(item["token"])
            while ahead:
                think()
                token = ahead.pop(0)["token"]
                answer = answer_to(token) if is_test else ""
                reply = self.give(token, answer)
                if is_test:
                    self.sent[token] = answer
                if reply.get("state") != state:
                    break  # through with this part, or refused: the window says how it stands
                for item in reply["next"]:
                    self.panel(item["token"])
                ahead += reply["next"]
            if self.errors:
                return

    def close(self) -> None:
        """End the connections."""
        for connection in self._connections:
            connection.close()

    def window(self) -> dict[str, Any]:
        """The panels that may be fetched."""
        return dict(json.loads(self.request("GET", f"{self.session}trials/?seat={self.seat}")[1]))

    def panel(self, token: str) -> None:
        """Fetch the bytes of a panel."""
        status, body = self.request("GET", f"/read/panel/{token}.bin")
        if status != 200 or len(body) != N_PANEL_BYTES:
            self.errors.append(f"panel: {status}, {len(body)} bytes")

    def give(self, token: str, answer: str) -> dict[str, Any]:
        """Answer a panel; some answers are sent twice under the same key."""
        viewer = {"window": 812, "level": 406, "n_window_changes": 3, "zoom": 4, "device_pixel_ratio": 2}
        body = {
            "seat": self.seat, "key": str(uuid.uuid4()), "token": token, "answer": answer, "is_timeout": False,
            "confidence": None, "comment": "", "rt_ms": 2345, "hidden_ms": 0, "n_hidden": 0, "waited_ms": 3,
            "viewer": viewer,
        }  # fmt: skip
        reply = self.post("answers/", body)
        if self.is_repeating and answer and len(self.sent) % 10 == 9:
            self.post("answers/", body)
        return reply

    def post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send JSON to the session."""
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.csrf}
        status, reply = self.request("POST", self.session + name, json.dumps(body), headers)
        if status != 200:
            self.errors.append(f"{name}: {status} {reply[:200]!r}")
        return dict(json.loads(reply))

    def request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request, once more where the server had closed the connection meanwhile; return status and content."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection, started = next(self._turn), time.perf_counter()
        for is_last in (False, True):
            try:
                connection.request(method, path, body, {"Cookie": cookies, **(headers or {})})
                response = connection.getresponse()
                content = response.read()
                break
            except (http.client.HTTPException, ConnectionError):
                connection.close()
                self.n_again += 1
                if is_last:
                    raise
        self.seconds[_kind_of(path)].append(time.perf_counter() - started)
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        self.place = response.headers.get("Location", path)
        return response.status, content

    def _press(self, path: str) -> str:
        """Send the form of a page by its button; return the page that follows."""
        _, page = self._follow(path)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found, page
        self.csrf = found.group(1)
        action = re.search(r'<form[^>]*action="(/read/s/[^"]+)"', page)
        self.request("POST", action.group(1) if action else path, f"csrfmiddlewaretoken={self.csrf}", _FORM)
        return self._follow(self.place)[1]

    def _follow(self, path: str) -> tuple[str, str]:
        """Open a page, follow redirects, fetch its styles and scripts once; return where it lies."""
        status, content = self.request("GET", path)
        while status in (301, 302):
            path = self.place
            status, content = self.request("GET", path)
        page = content.decode()
        for file in re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page):
            if self.with_files and file not in self._files:
                self._files.add(file)
                if self.request("GET", file)[0] != 200:
                    self.errors.append(f"file {file}")
        self.place = path
        return path, page


def _kind_of(path: str) -> str:
    if path.startswith("/static/"):
        return "file"
    return next((kind for part, kind in _KINDS if part in path), "page")
