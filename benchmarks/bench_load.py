"""200 readers at once on PostgreSQL: at a human pace, each from the personal link to the last answer, and as fast as they can.

The web server is the one that `make serve` starts; the readers are another process, whose processor time is counted
apart. `python -m benchmarks.bench_load --readers 50 --trials 24 --fast-trials 60` measures something else, `--sqlite`
the database of one PC. PostgreSQL is asked for at TEST_DATABASE_URL, in a database of its own that is dropped afterwards.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.bench_reading_server import minimal_ms
from benchmarks.reading_server import server
from readerstudy.serving import programs
from readerstudy.serving.address import Address

POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
N_READERS = 200
N_TRIALS = 12  # of the test, of each reader at a human pace
N_FAST_TRIALS = 24
THOUGHT = (2.0, 4.0)  # seconds
ARRIVING_SECONDS = 15.0
N_MINIMAL = 750  # requests of each of eight connections to the minimal view, before and after
KINDS = ("answer", "panel", "window", "page", "file")


@dataclass
class Backends:
    """Connections to one database of PostgreSQL: how many at most, and the processor time of each.

    Attributes
    ----------
    ms : processor time by process; empty where PostgreSQL runs on another machine
    """

    url: str
    most: int = 0
    limit: int = 0
    ms: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Count once."""
        with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
            self.limit = int(connection.execute("SHOW max_connections").fetchone()[0])
            name = urlsplit(self.url).path.lstrip("/")
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", [name]
            ).fetchall()
        self.most = max(self.most, len(rows))
        for (pid,) in rows:
            if Path(f"/proc/{pid}/stat").exists():
                self.ms[pid] = server.cpu_ms(pid)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look twice a second, and once more at the end."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(0.5):
                self.look()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            self.look()


@dataclass
class Measured:
    """One crowd of readers."""

    found: dict
    stored: dict
    n_readers: int
    n_trials: int
    server_ms: float
    database_ms: float
    backends: Backends | None

    @property
    def problems(self) -> list[str]:
        """Why the run does not count; empty where every answer is stored once and nothing went wrong."""
        n = self.n_readers * self.n_trials
        expected = {"n_responses": n, "n_trials": n, "n_wrong": 0, "n_finished": self.n_readers}
        told = [] if self.stored == expected else [f"stored {self.stored}, expected {expected}"]
        return [*told, *self.found["errors"][:5]]


def main(argv: Sequence[str] = ()) -> None:
    """Measure the baseline and both crowds, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=N_READERS)
    parser.add_argument("--trials", type=int, default=N_TRIALS, help="12 or a multiple")
    parser.add_argument("--fast-trials", type=int, default=N_FAST_TRIALS, help="12 or a multiple")
    parser.add_argument("--sqlite", action="store_true")
    asked = parser.parse_args(argv)
    if not asked.sqlite:
        try:
            psycopg.connect(POSTGRESQL).close()
        except psycopg.OperationalError as error:
            print(f"Load: no PostgreSQL at hand ({error}); name one in TEST_DATABASE_URL, or give --sqlite.")
            return
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        minimal = [minimal_ms(server.environment_of(folder), N_MINIMAL)]
    print(
        f"{asked.readers} readers, {'SQLite' if asked.sqlite else 'PostgreSQL'}, "
        f"{programs.n_web_workers()} workers with {programs.N_WEB_THREADS} threads, load average {os.getloadavg()[0]:.1f}"
    )
    crowds = [
        ("human pace, 2 to 4 s of thought", asked.trials, THOUGHT, ARRIVING_SECONDS),
        ("full speed, all at once", asked.fast_trials, (0.0, 0.0), 0.0),
    ]
    measured = [
        (title, crowd(asked.readers, n_trials, thought, arriving, is_sqlite=asked.sqlite))
        for title, n_trials, thought, arriving in crowds
    ]
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        minimal.append(minimal_ms(server.environment_of(folder), N_MINIMAL))
    print(
        f"  a request of a minimal Django view costs {statistics.mean(minimal):.2f} ms ({minimal[0]:.2f}, {minimal[1]:.2f})"
    )
    for title, one in measured:
        _print(title, one, statistics.mean(minimal))
    assert not any(one.problems for _, one in measured), [one.problems for _, one in measured]


def crowd(
    n_readers: int, n_trials: int, thought: tuple[float, float], arriving: float, *, is_sqlite: bool
) -> Measured:
    """Make a study in an instance of its own, and let everybody read it."""
    with tempfile.TemporaryDirectory(prefix="load-") as folder, database(is_sqlite=is_sqlite) as url:
        environment = server.environment_of(folder, url)
        made = server.python(environment, "benchmarks.reading_server", "make", str(n_readers), str(n_trials))
        address = Address("127.0.0.1", server.free_port())
        web = programs.web_server(address, logs=Path(folder) / "log")
        order = {
            "address": address.bind,
            "links": json.loads(made)["links"],
            "thinking_seconds": thought,
            "arriving_seconds": arriving,
        }
        backends = Backends(url) if url else None
        with server.serving(environment, [*web.argv, "--log-level", "warning"], address.bind) as pid:
            with backends.watched() if backends else nullcontext():
                found, before = _let_read(order, lambda: (server.tree_cpu_ms(pid), _total_ms(backends)))
            server_ms, database_ms = server.tree_cpu_ms(pid), _total_ms(backends)
        stored = json.loads(server.python(environment, "benchmarks.reading_server", "check"))
    return Measured(
        found, stored, n_readers, n_trials, server_ms - before[0], database_ms - before[1], backends
    )


def _total_ms(backends: Backends | None) -> float:
    """Processor time of PostgreSQL for this database so far; 0 where it cannot be seen."""
    if backends is None:
        return 0.0
    backends.look()
    return sum(backends.ms.values())


def _let_read(order: dict, used: Callable[[], tuple[float, float]]) -> tuple[dict, tuple[float, float]]:
    """Let the crowd read; return what it measured, and the processor time used before, or before the test at full speed."""
    before = used()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.reading_server.crowd"],
        cwd=server.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as readers:
        assert readers.stdin
        assert readers.stdout
        readers.stdin.write(f"{json.dumps(order)}\n")
        readers.stdin.flush()
        said = readers.stdout.readline()
        if said == "ready\n":
            before = used()
            readers.stdin.write("go\n")
            readers.stdin.flush()
            said = readers.stdout.readline()
    return dict(json.loads(said)), before


@contextmanager
def database(*, is_sqlite: bool) -> Iterator[str]:
    """The URL of a new database of PostgreSQL, dropped afterwards; empty for SQLite."""
    if is_sqlite:
        yield ""
        return
    name = f"readerstudy_bench_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _print(title: str, one: Measured, minimal: float) -> None:
    found, n = one.found, one.found["n_sent"]
    n_requests = sum(len(found["seconds"].get(kind, [])) for kind in KINDS) - found["n_before_test"]
    wall = found["wall_seconds"]
    print(f"\n{title}: {n} test panels in {wall:.0f} s, {n / wall:.0f} a second")
    print(f"  {'request':<8} {'how many':>9} {'p50':>9} {'p95':>9} {'p99':>9} {'largest':>9}")
    for kind in KINDS:
        times = sorted(found["seconds"].get(kind, []))
        if times:
            at = [1000 * times[min(int(q * len(times)), len(times) - 1)] for q in (0.5, 0.95, 0.99, 1)]
            print(f"  {kind:<8} {len(times):>9} " + " ".join(f"{ms:>6.1f} ms" for ms in at))
    counted = "those before the test left out" if found["n_before_test"] else "from the link on"
    print(f"  {n_requests} requests, {counted}")
    print(f"  requests a second                           {n_requests / wall:8.0f}")
    print(f"  web server, CPU per request                 {one.server_ms / n_requests:8.2f} ms")
    print(f"  the same, of a minimal view = 1             {one.server_ms / n_requests / minimal:8.1f}")
    print(f"  web server, CPU per test panel             {one.server_ms / n:8.2f} ms")
    if one.database_ms:
        print(f"  PostgreSQL, CPU per test panel             {one.database_ms / n:8.2f} ms")
    print(f"  readers' process, CPU per test panel        {1000 * found['cpu_seconds'] / n:8.2f} ms")
    print(f"  web server, share of one processor          {one.server_ms / 10 / wall:8.0f} %")
    if one.backends:
        print(f"  connections to PostgreSQL, most at once     {one.backends.most:8} of {one.backends.limit}")
    print(f"  connections of readers that broke           {found['n_again']:8}")
    print(
        f"  errors {len(found['errors'])}; every answer stored once, as sent: {'NO ' + str(one.problems) if one.problems else 'yes'}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
