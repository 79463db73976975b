"""Readers who read as fast as the server lets them, each over a connection that stays open.

Run as a process of its own: it says "ready" when every reader is at the first test panel, waits for a line, reads the
study to its end, and writes what it measured as JSON.
"""

import http.client
import json
import re
import sys
import threading
import time
import uuid
from http.cookies import SimpleCookie
from typing import Any

N_PANEL_BYTES = 57_344


def answer_to(token: str) -> str:
    """What the readers say of a panel: anything, but always the same."""
    return "real" if int(token[:8], 16) % 2 else "fake"


class Reader:
    """One reader's browser."""

    def __init__(self, address: str, link: str) -> None:
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.errors: list[str] = []
        self.seconds: dict[str, list[float]] = {"answer": [], "panel": []}
        self._enter(link)

    def _enter(self, link: str) -> None:
        """From the link through the warm-up to the first test panel."""
        self._press(link)  # Start
        page = self._press(self._follow(self.place)[0])  # leave the instructions
        found = re.search(r"/read/s/([0-9a-f]{32})/", page + self.place)
        assert found, page
        self.session = f"/read/s/{found.group(1)}/"
        self.seat = self.post("seat/", {})["seat"]
        while (window := self.window())["state"] == "warm_up":
            self.give(window["trials"][0]["token"], "")
        self.known = {item["position"]: item["token"] for item in window["trials"]}
        self.n_trials = window["n_trials"]

    def read(self) -> None:
        """Read the test to its end: answer, fetch the panel that came into the window, go on."""
        self.connection.close()  # the server may have closed it while others came in; a new one is opened by itself
        for position in range(1, self.n_trials + 1):
            token = self.known[position]
            started = time.perf_counter()
            reply = self.give(token, answer_to(token))
            self.seconds["answer"].append(time.perf_counter() - started)
            self.known |= {item["position"]: item["token"] for item in reply["next"]}
            for item in reply["next"]:
                started = time.perf_counter()
                status, body = self.request("GET", f"/read/panel/{item['token']}.bin")
                self.seconds["panel"].append(time.perf_counter() - started)
                if status != 200 or len(body) != N_PANEL_BYTES:
                    self.errors.append(f"panel: {status}, {len(body)} bytes")

    def window(self) -> dict[str, Any]:
        return json.loads(self.request("GET", f"{self.session}trials/?seat={self.seat}")[1])

    def give(self, token: str, answer: str) -> dict[str, Any]:
        viewer = {"window": 812, "level": 406, "n_window_changes": 3, "zoom": 4, "device_pixel_ratio": 2}
        body = {
            "seat": self.seat, "key": str(uuid.uuid4()), "token": token, "answer": answer, "is_timeout": False,
            "confidence": None, "comment": "", "rt_ms": 2345, "hidden_ms": 0, "n_hidden": 0, "waited_ms": 3,
            "viewer": viewer,
        }  # fmt: skip
        return self.post("answers/", body)

    def post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.csrf}
        status, reply = self.request("POST", self.session + name, json.dumps(body), headers)
        if status != 200:
            self.errors.append(f"{name}: {status} {reply[:200]!r}")
        return json.loads(reply)

    def request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body, {"Cookie": cookies, **(headers or {})})
        response = self.connection.getresponse()
        content = response.read()
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
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.request("POST", action.group(1) if action else path, f"csrfmiddlewaretoken={self.csrf}", form)
        return self._follow(self.place)[1]

    def _follow(self, path: str) -> tuple[str, str]:
        """Open a page and follow redirects; return where it lies."""
        status, content = self.request("GET", path)
        while status in (301, 302):
            path = self.place
            status, content = self.request("GET", path)
        return path, content.decode()


def main(address: str, links: list[str]) -> None:
    readers = [Reader(address, link) for link in links]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started = time.perf_counter()
    threads = [threading.Thread(target=reader.read) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    found = {
        "seconds": seconds,
        "n_answers": sum(len(reader.seconds["answer"]) for reader in readers),
        "errors": [error for reader in readers for error in reader.errors][:5],
        "answer": sorted(s for reader in readers for s in reader.seconds["answer"]),
        "panel": sorted(s for reader in readers for s in reader.seconds["panel"]),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
