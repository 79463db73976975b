"""A child becomes the program it was asked for, with what the kernel was told before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from readerstudy.serving import launch
from readerstudy.serving.children import Child


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, *arguments], capture_output=True, text=True, check=False
    )


def test_the_program_has_its_niceness_and_its_environment(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("A_SETTING", "kept")
    code = "import os, sys; print(os.nice(0), os.environ['A_SETTING'], sys.argv[1:], sys.flags.isolated)"
    done = run("3", "15", str(os.getpid()), sys.executable, "-c", code, "an argument", "")
    assert done.stdout == f"{min(os.nice(0) + 3, 19)} kept ['an argument', ''] 0\n"


def test_one_whose_supervisor_is_gone_does_not_begin() -> None:
    done = run("0", "15", str(os.getppid()), sys.executable, "-c", "print('began')")
    assert (done.returncode, done.stdout) == (1, "")


def test_the_process_stays_the_same(tmp_path: Path) -> None:
    child = Child(
        "one", [sys.executable, "-c", "import os; print(os.getpid(), os.getsid(0))"], tmp_path / "log"
    )
    child.start(now=0)
    assert child.process is not None
    assert child.process.wait(timeout=60) == 0
    assert child.log_tail() == f"{child.pid} {child.pid}"


def test_how_the_program_ended_is_told(tmp_path: Path) -> None:
    child = Child("one", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path / "log")
    child.start(now=0)
    assert child.process is not None
    child.process.wait(timeout=60)
    assert child.death(now=1) == -signal.SIGKILL
