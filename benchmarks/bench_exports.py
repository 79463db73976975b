"""What an export costs: the ZIP of a study by the number of its trials, in memory and time.

Each size has a process of its own, so that peaks of memory stay apart. `python -m benchmarks.bench_exports 1000000` measures
another size. The database is SQLite in a scratch folder; nothing of the ZIP is kept.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

SIZES = (10_000, 100_000)  # trials
N_PER_SESSION = 1_000
CHUNK = 5_000
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure every size and print the table."""
    print("Export of a study as ZIP, SQLite, each size in a process of its own")
    print(
        f"  {'trials':>10} {'ZIP':>10} {'first byte':>11} {'whole':>9} {'per trial':>11} {'peak memory grew by':>21}"
    )
    for n in sizes:
        with tempfile.TemporaryDirectory(prefix="exports-") as folder:
            environment = {
                **os.environ,
                "READERSTUDY_DATA": folder,
                "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
                "LOG_LEVEL": "WARNING",
            }
            environment.pop("DATABASE_URL", None)
            for step in ("make", "measure"):
                command = [sys.executable, "-m", "benchmarks.bench_exports", step, str(n)]
                done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"  {n:>10,} {found['n_bytes'] / 2**20:>7.1f} MB {found['first']:>9.2f} s {found['whole']:>7.1f} s "
            f"{1e6 * found['whole'] / n:>8.0f} µs {found['grown']:>18.1f} MB"
        )


def make(n_trials: int) -> None:
    """Fill a database with one closed study whose readers have answered everything."""
    from django.core.management import call_command

    from generation.core.labels import LESION_CLASSES
    from generation.models import PatchSet
    from readerstudy.core.protocol import paper
    from readerstudy.models import Case, Study

    call_command("migrate", verbosity=0)
    patch_set = PatchSet.objects.create(
        name="Patches", slug="patches", source="real", status="finished", sha256="0" * 64, created_at=NOW
    )
    study = Study.objects.create(
        name="Large", slug="large", status="closed", protocol=paper(seed=1).to_json(), fingerprint="f" * 64,
        created_at=NOW, frozen_at=NOW, opened_at=NOW, closed_at=NOW,
    )  # fmt: skip
    n_cases = min(n_trials, N_PER_SESSION)
    cases = [
        Case(
            study=study, public_id=f"c{i:015x}", phase="test", source=("real", "dcgan", "real", "wgan")[i % 4],
            lesion_class=LESION_CLASSES[i % 3], patch_set=patch_set, patch_index=i, pixel_index=i,
        )
        for i in range(n_cases)
    ]  # fmt: skip
    Case.objects.bulk_create(cases, batch_size=CHUNK)
    for number in range(-(-n_trials // n_cases)):
        _session(study, number, cases)


def _session(study, number: int, cases) -> None:
    from readerstudy.models import Invitation, Reader, ReadingSession, Response, Trial

    reader = Reader.objects.create(study=study, pseudonym=f"R{number + 1:04d}", name="A", group="radiologist")
    invitation = Invitation.objects.create(reader=reader, public_id=f"{number:032x}", created_at=NOW)
    session = ReadingSession.objects.create(
        invitation=invitation, public_id=f"{number:032x}", seed=number, algorithm="sha256-strata-v2",
        state="finished", started_at=NOW, seen_at=NOW, finished_at=NOW,
    )  # fmt: skip
    trials = Trial.objects.bulk_create(
        [
            Trial(
                session=session, case=case, phase="test", position=position, token=f"{number:016x}{position:016x}",
                served_at=NOW, done_at=NOW + timedelta(seconds=position),
            )
            for position, case in enumerate(cases, start=1)
        ],
        batch_size=CHUNK,
    )  # fmt: skip
    viewer = {"window": 700, "level": 350, "cine_ms": 1200, "n_cursor_pixels": 40, "zoom": 3.0}
    Response.objects.bulk_create(
        [
            Response(
                trial=trial, answer=("real", "fake")[(trial.position * 7 + number) % 2], confidence=1 + trial.position % 4,
                rt_ms=1000 + trial.position, viewer=viewer, key=trial.token, answered_at=trial.done_at,
            )
            for trial in trials
        ],
        batch_size=CHUNK,
    )  # fmt: skip


def measure() -> None:
    """Make the ZIP as the page does, throw it away, and tell what it took."""
    from evaluation.core import archive
    from evaluation.selectors import exports
    from readerstudy.models import Study

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    study = Study.objects.get()
    before, start, first, n_bytes = peak(), time.perf_counter(), 0.0, 0
    members = exports.members(study, now=NOW)
    for piece in archive.zip_pieces(members, exports.manifest_of(study, now=NOW), at=NOW):
        first = first or time.perf_counter() - start
        n_bytes += len(piece)
    whole = time.perf_counter() - start
    print(json.dumps({"n_bytes": n_bytes, "first": first, "whole": whole, "grown": peak() - before}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"] or sys.argv[1:2] == ["measure"]:
        import django

        django.setup()
        make(int(sys.argv[2])) if sys.argv[1] == "make" else measure()
    else:
        main(tuple(int(one) for one in sys.argv[1:]) or SIZES)
