"""What a trial costs the server as a study and its instance grow: readers, trials of each, other studies beside it.

Trials are written straight into the database, half of them done; then one more reader reads through the views. Counted is
the processor time of the views and of the database behind them. `python -m benchmarks.bench_growth --sqlite` measures the
database of one PC. `--pages 1000000` measures instead what the pages, exports and the analysis of a closed study of so
many trials take.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from benchmarks.bench_load import database
from benchmarks.reading_server import server

# readers, trials of each, studies in the instance at least
SIZES = (
    (10, 130, 1), (50, 130, 1), (200, 130, 1),
    (2, 130, 1), (2, 1_000, 1), (2, 10_000, 1),
    (2, 130, 100), (2, 130, 1_000),
)  # fmt: skip


def main(argv: Sequence[str] = ()) -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--pages", type=int, nargs="*", help="trials of closed studies")
    asked = parser.parse_args(argv)
    if asked.pages is not None:
        _pages(asked.pages, is_sqlite=asked.sqlite)
        return
    kind = "SQLite" if asked.sqlite else "PostgreSQL"
    print(f"A trial in a growing instance, {kind}, processor time in ms, the database's in brackets")
    print(
        f"  {'readers':>8} {'trials each':>12} {'studies':>8} {'all trials':>11} {'answer':>16} {'panel':>16}"
    )
    with tempfile.TemporaryDirectory(prefix="growth-") as folder, database(is_sqlite=asked.sqlite) as url:
        _measure(server.environment_of(folder, url))


def _measure(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.growth.open_study"],
        cwd=server.PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(SIZES)}\n")
        process.stdin.flush()
        for n_readers, n_trials, _ in SIZES:
            found = json.loads(process.stdout.readline())
            cells = (f"{found[name]:.2f} ({found[f'{name}_database']:.2f})" for name in ("answer", "panel"))
            print(
                f"  {n_readers:>8,} {n_trials:>12,} {found['n_studies']:>8,} {found['n_trials']:>11,} "
                + " ".join(f"{cell:>16}" for cell in cells),
                flush=True,
            )


def _pages(sizes: Sequence[int], *, is_sqlite: bool) -> None:
    kind = "SQLite" if is_sqlite else "PostgreSQL"
    print(f"A closed study, {kind}, each line in a process of its own")
    print(
        f"  {'trials':>10} {'what':<22} {'seconds':>9} {'of processor':>13} {'peak grew by':>13} {'sent':>10}"
    )
    part = "benchmarks.growth.closed_study"
    for n in sizes:
        with tempfile.TemporaryDirectory(prefix="growth-") as folder, database(is_sqlite=is_sqlite) as url:
            environment = server.environment_of(folder, url)
            server.python(environment, part, "make", str(n))
            for what in json.loads(server.python(environment, part, "list")):
                found = json.loads(server.python(environment, part, what).splitlines()[-1])
                print(
                    f"  {n:>10,} {what:<22} {found['seconds']:>7.2f} s {found['cpu_seconds']:>11.2f} s "
                    f"{found['grown_mb']:>10.0f} MB {found['n_bytes'] / 2**20:>7.2f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
