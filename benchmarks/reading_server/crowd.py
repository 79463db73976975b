"""Many readers at once, each in a thread: from the personal link to the last answer.

Run as a process of its own, with what to do as JSON on a line of its input: address, links, seconds of thought (lowest
and highest) and over how many seconds the readers come. Readers who do not think all begin the test at once: the process
says "ready" and waits for a line first. It writes what it measured as JSON, its own processor time too.
"""

import contextlib
import json
import random
import sys
import threading
import time
from collections import defaultdict
from typing import Any

from benchmarks.reading_server.browser import Browser


def main() -> None:
    """Read the order, let everybody read, write the report."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    browsers = [Browser([order["address"]], is_repeating=True) for _ in order["links"]]
    chance = random.Random(1)
    comes = [chance.uniform(0, order["arriving_seconds"]) for _ in browsers]
    gate = threading.Barrier(len(browsers) + 1)
    is_fast = not order["thinking_seconds"][1]
    threading.stack_size(512 * 1024)
    threads = [
        threading.Thread(
            target=_whole_reading,
            args=[browser, link, after, order["thinking_seconds"], gate if is_fast else None],
        )
        for browser, link, after in zip(browsers, order["links"], comes, strict=True)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    if is_fast:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait()  # everybody has come
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        started, before = time.perf_counter(), [_n_requests(browser) for browser in browsers]
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait()
    for thread in threads:
        thread.join()
    seconds: dict[str, list[float]] = defaultdict(list)
    for browser in browsers:
        for kind, taken in browser.seconds.items():
            seconds[kind] += taken
    found = {
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time(),
        "n_before_test": sum(before) if is_fast else 0,
        "seconds": seconds,
        "errors": [error for browser in browsers for error in browser.errors],
        "n_again": sum(browser.n_again for browser in browsers),
        "n_sent": sum(len(browser.sent) for browser in browsers),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _n_requests(browser: Browser) -> int:
    return sum(map(len, browser.seconds.values()))


def _whole_reading(
    browser: Browser, link: str, after: float, thought: tuple[float, float], gate: threading.Barrier | None
) -> None:
    low, high = thought
    chance = random.Random(link)
    time.sleep(after)
    try:
        browser.enter(link)
        if gate is None:
            browser.read(lambda: time.sleep(chance.uniform(low, high)))
        else:
            browser.read(before_test=lambda: (gate.wait(), gate.wait()))
    except Exception as error:  # the others read on, and the report names it
        browser.errors.append(f"{type(error).__name__}: {error}")
        if gate is not None:
            gate.abort()


if __name__ == "__main__":
    main()
