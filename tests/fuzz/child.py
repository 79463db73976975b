"""The process that meets the inputs: `python -m tests.fuzz.child DOOR SEED FIRST END HOME`.

It writes a line before and after each input, so that whoever started it knows which one killed it.
"""

import json
import os
import resource
import sys
import tempfile
import warnings
from pathlib import Path

MEMORY = 2 << 30  # bytes that an input may take beyond what the process has when it starts
FILE_BYTES = 512 << 20


def main() -> None:
    """Meet the inputs from FIRST to END."""
    name, seed, first, end, home = (
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        Path(sys.argv[5]),
    )
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.environ["READERSTUDY_DATA"] = str(home / "instance")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import django

    django.setup()
    from tests.fuzz import judging
    from tests.fuzz.doors import all_doors

    door = all_doors()[name]
    if door.enter.__module__ == "tests.fuzz.doors.pages":
        _prepare_database()
    door.samples()
    warnings.simplefilter("default")
    with (home / "stderr").open("w+b", buffering=0) as stderr, tempfile.TemporaryDirectory(dir=home) as work:
        os.dup2(stderr.fileno(), 2)
        judging.judge(
            door, judging.input_of(door, seed, 0), Path(work)
        )  # imports what it needs before memory is limited
        _limit()
        for number in range(first, end):
            out.write(f"begin {number}\n")
            verdict = judging.judge(door, judging.input_of(door, seed, number), Path(work), stderr)
            told = {
                "n": number,
                "kind": verdict.kind,
                "sentence": verdict.sentence[:300],
                "faults": verdict.faults,
                "kb": _memory_kb(),
            }
            out.write(f"end {json.dumps(told)}\n")
    out.write("done\n")
    out.flush()
    os._exit(0)  # torch and ITK take their time to leave


def _prepare_database() -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    settings.READERSTUDY_DATA.mkdir(parents=True, exist_ok=True)
    setup_test_environment()
    call_command("migrate", interactive=False, verbosity=0)


def _limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _memory_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


if __name__ == "__main__":
    main()
