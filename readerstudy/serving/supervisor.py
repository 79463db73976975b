"""Starts the children, starts again what dies, stops all in order."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from readerstudy.serving.children import Child

LOOK_EVERY_SECONDS: Final = 0.5
WARM_SECONDS: Final = (
    8.0  # a worker may finish its task; a training goes on from its last checkpoint at the next start
)
COLD_SECONDS: Final = 5.0


class Supervisor:
    """Keeps programs running until SIGTERM or SIGINT.

    `say` prints one line per event. Nothing but the children is looked after here: whatever else could wait for
    somebody, or fail, is done elsewhere.
    """

    def __init__(self, children: Sequence[Child], *, say: Callable[[str], None]) -> None:
        self.children = children
        self.say = say
        self.stop_asked = threading.Event()
        self.hurry_asked = threading.Event()

    def start(self) -> None:
        """Start every child; raises the OSError of one that the system refuses."""
        for child in self.children:
            child.start(now=time.monotonic())
            self.say(f"started {child.name} (process {child.pid}, log {child.log_path})")

    def watch(self) -> None:
        """Look after the children until a stop is asked for."""
        while not self.stop_asked.wait(LOOK_EVERY_SECONDS):
            for child in self.children:
                self._look_after(child, now=time.monotonic())

    def stop(self) -> None:
        """Stop every child: ask, ask again more firmly, then end it; who asked twice waits for nothing."""
        running = [child for child in self.children if child.process is not None]
        for child in running:
            child.send(signal.SIGTERM)
        left = self._wait_for(running, seconds=WARM_SECONDS)
        for child in left:
            self.say(f"{child.name} is still busy; its task will be taken up again at the next start")
            child.send(signal.SIGQUIT)
        for child in self._wait_for(left, seconds=COLD_SECONDS):
            child.kill_group()
        for child in running:
            self.say(f"stopped {child.name}")

    def _look_after(self, child: Child, *, now: float) -> None:
        status = child.death(now=now)
        if status is not None:
            self.say(
                f"{child.name} ended with status {status}; starting it again in {child.wait_seconds:.0f} s (log {child.log_path})"
            )
        if child.process is None and now >= child.next_start_at:
            try:
                child.start(now=now)
            except (
                OSError
            ) as error:  # no memory, no process number or no file left: others may give some back
                child.plan_next_start(now=now)
                self.say(
                    f"{child.name} could not be started ({error.strerror}); trying again in {child.wait_seconds:.0f} s"
                )
            else:
                self.say(f"started {child.name} again (process {child.pid})")

    def _wait_for(self, children: Sequence[Child], *, seconds: float) -> list[Child]:
        """Wait until all have ended, at most so long; return those that have not."""
        deadline = time.monotonic() + seconds
        while True:
            left = [child for child in children if child.process is not None and child.process.poll() is None]
            if not left or time.monotonic() >= deadline or self.hurry_asked.is_set():
                return left
            time.sleep(0.05)

    @contextmanager
    def stopping_on_signals(self) -> Iterator[None]:
        """Turn SIGTERM and SIGINT into a request to stop, for as long as the block runs."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            if self.stop_asked.is_set():
                self.hurry_asked.set()
            self.stop_asked.set()

        before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
