"""Beside the supervisor: the look for lost jobs, and the lines that tell what happens. Neither may stop it."""

import threading
import time
from collections.abc import Callable

import pytest

from readerstudy.serving import serve
from readerstudy.serving.job_watch import JobWatch


class Watch(JobWatch):
    """A watch whose database is slow to answer, or does so at once."""

    def __init__(self, look: Callable[[], None]) -> None:
        self.look, self.looked = look, threading.Event()

    def send_waiting(self) -> None:
        self.looked.set()
        self.look()

    def __call__(self) -> None:
        self.looked.set()


def test_a_database_that_does_not_answer_is_waited_for_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "WATCH_ENDS_WITHIN_SECONDS", 0.05)
    answers = threading.Event()
    watch = Watch(lambda: assert_set(answers))
    with serve._watching_jobs(watch):
        assert watch.looked.wait(30)  # and the block goes on meanwhile, to its end
    assert not answers.is_set()
    answers.set()


def assert_set(event: threading.Event) -> None:
    assert event.wait(30)


def test_it_looks_again_and_again_until_the_end() -> None:
    watch = Watch(lambda: None)
    with serve._watching_jobs(watch):
        for _ in range(2):
            watch.looked.clear()
            assert watch.looked.wait(30)
    watch.looked.clear()
    time.sleep(1.2)
    assert not watch.looked.is_set()


def test_a_full_disk_costs_a_line() -> None:
    lines: list[str] = []

    def say(line: str) -> None:
        if line == "two":
            raise OSError(28, "No space left on device")
        lines.append(line)

    tell = serve._whatever_happens(say)
    for line in ("one", "two", "three"):
        tell(line)
    assert lines == ["one", "three"]
