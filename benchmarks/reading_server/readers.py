"""Readers who read as fast as the server lets them, each over a connection that stays open.

Run as a process of its own: it says "ready" when every reader is at the first test panel, waits for a line, reads the
study to its end, and writes what it measured as JSON.
"""

import json
import sys
import threading
import time

from benchmarks.reading_server.browser import Browser, answer_to


class Reader(Browser):
    """A reader who fetches only the panels that come into the window after the first one was answered."""

    def __init__(self, address: str, link: str) -> None:
        super().__init__([address])
        self.enter(link)
        while (window := self.window())["state"] == "warm_up":
            self.give(window["trials"][0]["token"], "")
        self.known = {item["position"]: item["token"] for item in window["trials"]}
        self.n_trials = window["n_trials"]
        self.seconds.clear()

    def read_test(self) -> None:
        """Read the test to its end: answer, fetch the panel that came into the window, go on."""
        for position in range(1, self.n_trials + 1):
            token = self.known[position]
            reply = self.give(token, answer_to(token))
            self.known |= {item["position"]: item["token"] for item in reply["next"]}
            for item in reply["next"]:
                self.panel(item["token"])


def main(address: str, links: list[str]) -> None:
    readers = [Reader(address, link) for link in links]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    started = time.perf_counter()
    threads = [threading.Thread(target=reader.read_test) for reader in readers]
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
