"""Run a door's inputs in processes of their own; count what happens, keep what goes wrong."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.judging import TAKEN

MAX_CPU_SECONDS = 20.0  # of one input; then the process is killed
MAX_WAIT_SECONDS = 300.0  # for one input on a busy machine
MAX_GROWTH_KB = 300_000  # of memory, between the first tenth of the inputs and the last
PER_PROCESS = 20_000


@dataclass
class Outcome:
    """What became of the inputs of a door."""

    name: str
    n_taken: int = 0
    n_refused: int = 0
    seconds: float = 0.0
    peak_kb: int = 0
    growth_kb: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)
    sentences: Counter[str] = field(default_factory=Counter)

    def note(self, fault: str, number: int) -> None:
        """Keep a fault with the inputs that show it."""
        self.faults.setdefault(fault, []).append(number)


def run(name: str, *, seed: int, numbers: range) -> Outcome:
    """Run the inputs of one door; a process that dies is replaced."""
    outcome = Outcome(name)
    begin = time.monotonic()
    first = numbers.start
    while first < numbers.stop:
        first = _run_process(outcome, seed, first, min(numbers.stop, first + PER_PROCESS))
    outcome.seconds = time.monotonic() - begin
    if outcome.growth_kb > MAX_GROWTH_KB:
        outcome.note(f"memory grew by {outcome.growth_kb // 1000} MB", numbers.stop - 1)
    return outcome


def _run_process(outcome: Outcome, seed: int, first: int, end: int) -> int:
    """Start a process for some inputs; return the input to go on with."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.child",
            outcome.name,
            str(seed),
            str(first),
            str(end),
            home,
        ]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        watch = _Watch(process)
        number, memory = first - 1, []
        try:
            while line := watch.line():
                word, _, rest = line.partition(" ")
                if word == "begin":
                    number = int(rest)
                elif word == "end":
                    memory.append(_count(outcome, json.loads(rest)))
                elif word == "done":
                    return end
        finally:
            watch.kill()
            tenth = max(len(memory) // 10, 20)
            if len(memory) > 2 * tenth:
                growth = max(memory[-tenth:]) - max(memory[:tenth])
                outcome.growth_kb = max(outcome.growth_kb, growth)
            outcome.peak_kb = max([outcome.peak_kb, *memory])
        if number < first:
            assert process.stderr is not None
            said = (
                (Path(home) / "stderr").read_text(errors="replace")
                if (Path(home) / "stderr").exists()
                else ""
            )
            raise RuntimeError(
                f"The door {outcome.name} does not open: {process.stderr.read().decode()[-1500:]} {said[-1500:]}"
            )
        outcome.n_refused += 1
        outcome.note(watch.end_words(), number)
        return number + 1


def _count(outcome: Outcome, told: dict) -> int:
    if told["kind"] == TAKEN:
        outcome.n_taken += 1
    else:
        outcome.n_refused += 1
        outcome.sentences[told["sentence"][:60]] += 1
    for fault in told["faults"]:
        outcome.note(fault[:240], told["n"])
    return int(told["kb"])


class _Watch:
    """Reads the lines of a process; kills it when one input takes too long."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        self.text = b""
        self.why = ""

    def line(self) -> str:
        """The next line; empty when the process has ended."""
        assert self.process.stdout is not None
        started, used = time.monotonic(), self._cpu()
        while b"\n" not in self.text:
            ready, _, _ = select.select([self.process.stdout], [], [], 1.0)
            if ready:
                more = os.read(self.process.stdout.fileno(), 65_536)
                if not more:
                    return ""
                self.text += more
            elif self._cpu() - used > MAX_CPU_SECONDS or time.monotonic() - started > MAX_WAIT_SECONDS:
                self.why = "never ends"
                self.kill()
                return ""
        line, _, self.text = self.text.partition(b"\n")
        return line.decode()

    def kill(self) -> None:
        """End the process and what it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end_words(self) -> str:
        """Why the process ended."""
        code = self.process.returncode
        return self.why or (
            f"crashed by {signal.Signals(-code).name}" if code < 0 else f"the process left with {code}"
        )

    def _cpu(self) -> float:
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
