"""What one trial costs the server: eight readers read the paper's study to its end over HTTP.

The server is gunicorn as in production, but with one worker, on SQLite; the readers are another process. A trial is one
answer sent and one panel fetched. Counted is the processor time of the worker, user and system, as the kernel accounts it.
"""

import json
import statistics
import subprocess
import sys
import tempfile

from benchmarks.reading_server import server
from benchmarks.reading_server.minimal import N_REQUESTS

N_READERS = 8
N_THREADS = 4
TARGET_MS = 3.0


def main() -> None:
    """Measure the minimal view, the study, and the minimal view again; print the table."""
    with tempfile.TemporaryDirectory(prefix="reading-server-") as folder:
        environment = server.environment_of(folder)
        made = server.python(environment, "benchmarks.reading_server", "make", str(N_READERS))
        links = json.loads(made)["links"]
        before = minimal_ms(environment)
        found, ms_cpu = _read(environment, links)
        after = minimal_ms(environment)
        stored = json.loads(server.python(environment, "benchmarks.reading_server", "check"))
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
    with server.one_worker(environment, "readerstudy.wsgi", n_threads=N_THREADS) as (address, worker):
        argv = [sys.executable, "-m", "benchmarks.reading_server.readers", address, *links]
        with subprocess.Popen(
            argv, cwd=server.PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as readers:
            assert readers.stdin
            assert readers.stdout
            assert readers.stdout.readline() == "ready\n"
            before = server.cpu_ms(worker)
            readers.stdin.write("go\n")
            readers.stdin.flush()
            found = json.loads(readers.stdout.readline())
            return found, server.cpu_ms(worker) - before


def minimal_ms(environment: dict[str, str], n_requests: int = N_REQUESTS) -> float:
    """Processor time in ms of one request to a view that does nothing; `n_requests` of each reader."""
    with server.one_worker(environment, "benchmarks.reading_server.minimal", n_threads=N_THREADS) as (
        address,
        worker,
    ):
        before = server.cpu_ms(worker)
        server.python(
            environment, "benchmarks.reading_server.minimal", address, str(N_READERS), str(n_requests)
        )
        return (server.cpu_ms(worker) - before) / (N_READERS * n_requests)


if __name__ == "__main__":
    main()
