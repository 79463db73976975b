"""`python -m benchmarks.reading_server make 8` makes the paper's study for eight readers, `make 8 24` one of 24 panels; `check` tells what was stored."""

import json
import sys

import django


def main(wanted: str, *numbers: str) -> None:
    """Write what was made, or found, as JSON."""
    django.setup()
    from benchmarks.reading_server import study  # its models can be imported only now

    told = study.make(*map(int, numbers)) if wanted == "make" else study.check()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
