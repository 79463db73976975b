"""A child process: started with a log file, started again when it dies, stopped gracefully."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from readerstudy.serving import launch

FIRST_WAIT_SECONDS: Final = 1.0  # before a child that died is started again; doubled each time
LONGEST_WAIT_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0  # a child that ran so long starts again without a wait
MAX_LOG_BYTES: Final = 10_000_000  # a log that is larger is put aside when its child starts


@dataclass
class Child:
    """One program that the supervisor keeps running."""

    name: str
    argv: Sequence[str]
    log_path: Path
    niceness: int = 0  # above 0: leaves the processor to others that want it
    orphan_signal: signal.Signals = signal.SIGTERM  # what the kernel sends it should the supervisor be killed
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    next_start_at: float = 0.0
    n_deaths_in_a_row: int = 0

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self, *, now: float) -> None:
        """Start the program; its output is appended to its log.

        Raises
        ------
        OSError
            If the system refuses a process, or the log.
        """
        self.started_at = now
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        _put_aside_if_large(self.log_path)
        how = (str(self.niceness), str(int(self.orphan_signal)), str(os.getpid()))
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, *how, *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl+C reaches the supervisor alone, which then stops its children in order
            )

    def death(self, *, now: float) -> int | None:
        """Return the exit status if the program has ended since the last look, and plan the next start."""
        if self.process is None or (status := self.process.poll()) is None:
            return None
        self.process = None
        self.plan_next_start(now=now)
        return status

    def plan_next_start(self, *, now: float) -> None:
        """After the program died, or could not be started."""
        steady = now - self.started_at >= STEADY_SECONDS
        self.n_deaths_in_a_row = 0 if steady else self.n_deaths_in_a_row + 1
        self.next_start_at = now + self.wait_seconds

    @property
    def wait_seconds(self) -> float:
        """How long to wait before the next start: 0, 1, 2, 4 .. 30 s."""
        if self.n_deaths_in_a_row == 0:
            return 0.0
        return float(min(FIRST_WAIT_SECONDS * 2 ** (self.n_deaths_in_a_row - 1), LONGEST_WAIT_SECONDS))

    def send(self, which: signal.Signals) -> None:
        """Send a signal, if the program is running."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(which)

    def kill_group(self) -> None:
        """End the program and whatever it started, at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def log_tail(self, n_lines: int = 12) -> str:
        """The last lines of the log, for an error message."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-n_lines:])


def _put_aside_if_large(path: Path) -> None:
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
