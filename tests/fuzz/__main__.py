"""Command of the fuzzer: `python -m tests.fuzz --inputs 100000`, or `make fuzz ARGS="--door volume --only 17"`."""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> int:
    """Run and print a table; the exit code is 0 where nothing went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Spoil valid samples and let every importer take them."
    )
    parser.add_argument(
        "--inputs",
        type=int,
        default=2_000,
        help="inputs in all, dealt to the doors by their share (%(default)s)",
    )
    parser.add_argument("--door", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="of the inputs (%(default)s)")
    parser.add_argument(
        "--only", type=int, action="append", default=[], help="one input of one door, judged in this process"
    )
    parser.add_argument("--keep", type=Path, help="folder to write the inputs of --only into")
    options = parser.parse_args()
    import django

    django.setup()
    from tests.fuzz import judging, running, tree
    from tests.fuzz.doors import all_doors

    doors = all_doors()
    chosen = [doors[name] for name in options.door] or sorted(doors.values(), key=lambda door: -door.share)
    if options.only:
        return _only(chosen, options, judging, tree)
    total = sum(door.share for door in chosen)
    n_faults, sums, begin = 0, [0, 0], time.monotonic()
    print(
        f"{'door':26}{'inputs':>8}{'taken':>8}{'refused':>9}{'seconds':>9}{'peak MB':>9}{'grown MB':>10}  faults",
        flush=True,
    )
    for door in chosen:
        n = max(1, round(options.inputs * door.share / total))
        found = running.run(door.name, seed=options.seed, numbers=range(n))
        n_faulty = sum(len(numbers) for numbers in found.faults.values())
        n_faults += n_faulty
        sums = [sums[0] + found.n_taken, sums[1] + found.n_refused]
        print(
            f"{door.name:26}{n:8,}{found.n_taken:8,}{found.n_refused:9,}{found.seconds:9.0f}{found.peak_kb / 1000:9.0f}"
            f"{found.growth_kb / 1000:10.0f}  {n_faulty}",
            flush=True,
        )
        for fault, numbers in sorted(found.faults.items(), key=lambda pair: -len(pair[1])):
            print(f"    {len(numbers):5} x {fault} (inputs {', '.join(map(str, numbers[:4]))})", flush=True)
    seconds = time.monotonic() - begin
    print(f"{'all':26}{sum(sums):8,}{sums[0]:8,}{sums[1]:9,}{seconds:9.0f}{'':19}  {n_faults}")
    return 1 if n_faults else 0


def _only(chosen: list, options: argparse.Namespace, judging: object, tree: object) -> int:
    n_faults = 0
    for number in options.only:
        content = judging.input_of(chosen[0], options.seed, number)
        if options.keep:
            tree.write(content, options.keep / str(number))
        with tempfile.TemporaryDirectory() as home:
            verdict = judging.judge(chosen[0], content, Path(home))
        n_faults += len(verdict.faults)
        print(number, verdict.kind, repr(verdict.sentence), *verdict.faults, sep="\n    ")
    return 1 if n_faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
