"""Serve an instance without workers, as `make serve` does: `python -m tests.service.faults.supervised HOST:PORT`."""

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from readerstudy.serving import serve  # noqa: E402
from readerstudy.serving.address import Address  # noqa: E402


def say(line: str) -> None:
    """Tell the test what the supervisor does."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


serve.serve(
    Address.parse(sys.argv[1]),
    data=settings.READERSTUDY_DATA,
    say=say,
    on_ready=lambda: say("it looks after them"),
    queues=(),
)
