"""Processes of an instance that a test starts, kills and asks, each forked from one that has everything loaded."""

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT
from tests.instances import Instance, make_instance

PATIENCE_SECONDS = 240  # on a machine with other work


def wait_until(is_so: Callable[[], object], *, why: Callable[[], object] = lambda: "") -> None:
    """Poll a condition."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until, why()
        time.sleep(0.02)


@dataclass(frozen=True)
class Fork:
    """One process."""

    place: Path

    @property
    def log(self) -> str:
        path = self.place.with_suffix(".log")
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def has_ended(self) -> bool:
        return self.place.with_suffix(".end").exists()

    def kill(self) -> None:
        """SIGKILL, which gives no chance to tidy up."""
        wait_until(self.place.with_suffix(".pid").exists)
        with suppress(ProcessLookupError):
            os.kill(int(self.place.with_suffix(".pid").read_text()), signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """How it ended: 0, or minus the signal that killed it."""
        wait_until(lambda: self.has_ended, why=lambda: self.log)
        return int(self.place.with_suffix(".end").read_text())

    def answer(self) -> Any:
        """What its function returned."""
        assert self.wait() == 0, self.log
        return json.loads(self.place.with_suffix(".answer").read_text())


class Forks:
    """Starts them."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self._folder, self.instance = folder, instance
        self._started: list[Fork] = []

    def start(
        self,
        call: str,
        *,
        die: dict[str, Any] | None = None,
        hold: dict[str, Any] | None = None,
        port: int = 0,
        shift: float = 0,
        **arguments: Any,
    ) -> Fork:
        """Have a function of work.py called in a process of its own.

        `die` says at which call of what it is killed, `hold` where it waits, `port` by which way it reaches the database,
        `shift` by how many seconds its clock is wrong.
        """
        place = self._folder / str(len(self._started) + 1)
        variables = self.instance.environment
        instance = {
            "data": str(self.instance.data),
            "database_url": variables.get("DATABASE_URL", ""),
            "broker_url": variables.get("CELERY_BROKER_URL", ""),
        }
        wish = {"place": str(place), "instance": instance, "call": call, "arguments": arguments}
        _send(wish | {"die": die, "hold": hold, "port": port, "shift": shift})
        self._started.append(Fork(place))
        return self._started[-1]

    def ask(self, call: str, **arguments: Any) -> Any:
        """What a function of work.py returns in a process of its own."""
        return self.start(call, **arguments).answer()

    def close(self) -> None:
        for fork in self._started:
            if not fork.has_ended:
                fork.kill()


@contextmanager
def forks_of(instance: Instance, folder: Path) -> Iterator[Forks]:
    """Processes of an instance; what is left of them is killed at the end."""
    folder.mkdir(parents=True)
    started = Forks(instance, folder)
    try:
        yield started
    finally:
        started.close()


def _send(wish: dict[str, Any]) -> None:
    process, log = _forker()
    assert process.stdin
    assert process.poll() is None, log.read_text()
    process.stdin.write(json.dumps(wish) + "\n")
    process.stdin.flush()


@functools.cache
def _forker() -> "tuple[subprocess.Popen[str], Path]":
    """The process from which all others are forked: started once, because it takes a while."""
    folder = Path(tempfile.mkdtemp(prefix="readerstudy-forker-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    instance = make_instance(
        folder / "data",
        AFTER_CHECKPOINT="",
        TORCH_THREADS="1",
        OMP_NUM_THREADS="1",
        DJANGO_DEBUG="1",
        DJANGO_ALLOWED_HOSTS="localhost,testserver",
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.faults.forker"],
            cwd=PROJECT, env=instance.environment, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdin
    atexit.register(process.stdin.close)  # which ends it
    return process, folder / "log"
