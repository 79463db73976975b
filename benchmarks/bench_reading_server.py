"""What one trial costs the server: eight readers read the paper's study to its end over HTTP.

The server is gunicorn as in production, but with one worker, on SQLite; the readers are another process. A trial is one
answer sent and one panel fetched. Counted is the processor time of the worker, user and system, as the kernel accounts it.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.reading_server.minimal import N_REQUESTS

N_READERS = 8
N_THREADS = 4
TARGET_MS = 3.0
PROJECT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure the minimal view, the study, and the minimal view again; print the table."""
    with tempfile.TemporaryDirectory(prefix="reading-server-") as folder:
        environment = {
            **os.environ,
            "READERSTUDY_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
            "LOG_LEVEL": "WARNING",
        }
        environment.pop("DATABASE_URL", None)
        links = json.loads(_python(environment, "benchmarks.reading_server.study", "make", str(N_READERS)))[
            "links"
        ]
        before = _minimal(environment)
        found, ms_cpu = _read(environment, links)
        after = _minimal(environment)
        stored = json.loads(_python(environment, "benchmarks.reading_server.study", "check"))
    _print(found, ms_cpu, [before, after])
    expected = found["n_answers"]
    is_once = stored == {
        "n_responses": expected, "n_trials": expected, "n_wrong": 0, "n_finished": N_READERS
    }  # fmt: skip
    print(f"  every answer stored once, as sent: {'yes' if is_once else f'NO: {stored}'}")
    assert is_once, stored
    assert not found["errors"], found["errors"]


def _print(found: dict, ms_cpu: float, minimal: list[float]) -> None:
    n = found["n_answers"]
    per_trial, per_request = ms_cpu / n, statistics.mean(minimal)
    print(f"Reading room, {N_READERS} readers, {n // N_READERS} trials each, gunicorn with 1 worker, SQLite")
    print(
        f"  worker CPU per trial (POST answers/ + GET .bin)   {per_trial:6.2f} ms   target {TARGET_MS:.1f} ms"
    )
    print(
        f"  worker CPU per request of a minimal Django view   {per_request:6.2f} ms   ({minimal[0]:.2f}, {minimal[1]:.2f})"
    )
    print(f"  ratio of a trial's two requests to two of those   {per_trial / (2 * per_request):6.1f}")
    print(f"  trials per second                                 {n / found['seconds']:6.0f}")
    for name in ("answer", "panel"):
        p50, p95 = (1000 * found[name][int(q * len(found[name]))] for q in (0.5, 0.95))
        print(f"  {name:<8} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms")
    print(f"  errors {len(found['errors'])}")


def _read(environment: dict[str, str], links: list[str]) -> tuple[dict, float]:
    """Let the readers read; return what they measured, and the worker's processor time in ms."""
    with _gunicorn(environment, "readerstudy.wsgi") as (address, worker):
        argv = [sys.executable, "-m", "benchmarks.reading_server.readers", address, *links]
        with subprocess.Popen(
            argv, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as readers:
            assert readers.stdin
            assert readers.stdout
            assert readers.stdout.readline() == "ready\n"
            before = _cpu_ms(worker)
            readers.stdin.write("go\n")
            readers.stdin.flush()
            found = json.loads(readers.stdout.readline())
            return found, _cpu_ms(worker) - before


def _minimal(environment: dict[str, str]) -> float:
    """Processor time in ms of one request to a view that does nothing."""
    with _gunicorn(environment, "benchmarks.reading_server.minimal") as (address, worker):
        before = _cpu_ms(worker)
        _python(environment, "benchmarks.reading_server.minimal", address, str(N_READERS))
        return (_cpu_ms(worker) - before) / (N_READERS * N_REQUESTS)


@contextmanager
def _gunicorn(environment: dict[str, str], application: str) -> Iterator[tuple[str, int]]:
    """One worker with threads, as programs.py starts several; yields its address and the worker's process."""
    address = f"127.0.0.1:{_free_port()}"
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", application, "--bind", address, "--workers", "1"),
            *("--worker-class", "gthread", "--threads", str(N_THREADS), "--log-level", "warning"),
            "--no-control-socket",
        ],
        cwd=PROJECT,
        env=environment,
    )
    try:
        _wait_for(address)
        yield address, _child_of(server.pid)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str) -> None:
    host, port = address.split(":")
    for _ in range(300):
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert connection.recv(1)
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {address}")


def _child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def _cpu_ms(pid: int) -> float:
    """User and system time of a process; fields 14 and 15 of its stat, behind the name in brackets."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _python(environment: dict[str, str], module: str, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *argv],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


if __name__ == "__main__":
    main()
