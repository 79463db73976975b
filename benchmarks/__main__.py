"""Run every benchmark: `python -m benchmarks`, or those named: `python -m benchmarks frechet`."""

import importlib
import pkgutil
import sys

import benchmarks


def main(wanted: list[str]) -> None:
    """Run the benchmarks whose module is bench_<name>."""
    found = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith("bench_"))
    unknown = [name for name in wanted if f"bench_{name}" not in found]
    if unknown:
        known = ", ".join(name.removeprefix("bench_") for name in found)
        sys.exit(f'There is no benchmark "{unknown[0]}"; there are {known}.')
    for name in found:
        if not wanted or name.removeprefix("bench_") in wanted:
            importlib.import_module(f"benchmarks.{name}").main()
            print(flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
