"""Python programs in processes of their own that need not load the libraries first.

A new process of the project spends some four seconds of a processor on loading Django, SciPy and torch, and the tests start
hundreds. These are forked from a process that has done so once and has read nothing of the project or its settings: each
loads the project for the environment it is given, as a new one does. They are killed, waited for and signalled like any other.
"""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.conftest import PROJECT

Stream = IO[Any] | int | None


class Process:
    """A program that was started: the part of subprocess.Popen that tests need.

    Parameters
    ----------
    argv : what would follow the name of the interpreter
    stdin, stdout, stderr : open files, or subprocess.PIPE for one of text; nothing is read and nothing kept where there is none
    start_new_session : whether it leads a group that can be killed as one
    """

    returncode: int | None
    stdin: IO[str] | None = None
    stdout: IO[str] | None = None

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path = PROJECT,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: IO[Any] | None = None,
        start_new_session: bool = False,
    ) -> None:
        self.args = list(argv)
        self.returncode = None
        wish = {"argv": self.args, "environment": dict(env), "folder": str(cwd), "leads": start_new_session}
        self._keeper = socket.socket(socket.AF_UNIX)
        self._keeper.connect(_house()[0])
        with Path(os.devnull).open("r+b") as nothing, ExitStack() as given:
            if stdin == subprocess.PIPE:
                stdin, self.stdin = _pipe(given, is_input=True)
            if stdout == subprocess.PIPE:
                stdout, self.stdout = _pipe(given, is_input=False)
            streams = [(stream or nothing).fileno() for stream in (stdin, stdout, stderr)]
            socket.send_fds(self._keeper, [f"{json.dumps(wish)}\n".encode()], streams)
        self._told = self._keeper.makefile("r")
        self.pid = int(self._told.readline())

    def wait(self, timeout: float | None = None) -> int:
        """How it ended: its exit status, or minus the signal that killed it."""
        if self.returncode is None:
            self._keeper.settimeout(timeout)
            try:
                told = self._told.readline()
            except TimeoutError:
                self._told = self._keeper.makefile("r")  # one that ran out of time is not read again
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._close()
            self.returncode = int(told)
        return self.returncode

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=1e-6)
        return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for pipe in (self.stdin, self.stdout):
            if pipe:
                pipe.close()
        self.wait()

    def _close(self) -> None:
        self._told.close()
        self._keeper.close()


def _pipe(given: ExitStack, *, is_input: bool) -> tuple[IO[bytes], IO[str]]:
    """The program's end of a pipe, which is closed here once it is given away, and ours."""
    out, into = os.pipe()
    theirs, ours = (out, into) if is_input else (into, out)
    end = given.enter_context(os.fdopen(theirs, "rb" if is_input else "wb"))
    return end, os.fdopen(ours, "w" if is_input else "r")


def run(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path = PROJECT, timeout: float = 240
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end and keep what it wrote, as subprocess.run does."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Process(argv, env=env, cwd=cwd, stdout=out, stderr=err)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        written = []
        for file in (out, err):
            file.seek(0)
            written.append(file.read().decode())
    return subprocess.CompletedProcess(list(argv), status, *written)


@functools.cache
def _house() -> "tuple[str, subprocess.Popen[bytes]]":
    """The address of this process's own, which ends with it, and what keeps it."""
    folder = Path(tempfile.mkdtemp(prefix="nursery-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = str(folder / "door")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.nursery.house", address],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # threads do not outlive a fork
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    atexit.register(process.wait, timeout=60)
    atexit.register(process.stdin.close)  # which ends it, and is called first
    with process.stdout as said:
        if said.readline() != b"open\n":
            raise RuntimeError(
                "The process from which others are forked did not start; what it wrote is above."
            )
    return address, process
