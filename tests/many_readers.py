"""Many readers of one study against several web processes: the study made, the processes started, everybody reading."""

import json
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from benchmarks.reading_server.browser import Browser
from benchmarks.reading_server.server import free_port
from tests.instances import Instance
from tests.nursery import Process

N_AT_ONCE = 25  # readers who send requests at the same moment; all have begun before anybody ends
START_SECONDS = 120

MAKE = """
import json, sys
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
from django.urls import reverse
from readerstudy.selectors.links import link_token
from tests.factories import make_invitation, make_study, small_protocol
from generation.core.labels import LESION_CLASSES
study = make_study("open", protocol=small_protocol(
    test={"real": {LESION_CLASSES[0]: 2}, "dcgan": {LESION_CLASSES[0]: 2}},
    warm_up={},
))
print(json.dumps([
    reverse("reading:arrival", args=[link_token(make_invitation(study, f"Reader {i}"))])
    for i in range(int(sys.argv[1]))
]))
"""

STORED = """
import io, json
import django; django.setup()
from django.core.management import call_command
from django.db.models import Count
from readerstudy.models import ReadingSession, Response, Study, Trial
verified = io.StringIO()
call_command("verify_study", Study.objects.get().slug, stdout=verified)  # each order is the one of its seed
rows = Trial.objects.filter(phase="test").order_by("session__public_id", "response__answered_at", "position")
print(json.dumps({
    "answers": list(rows.values_list("session__public_id", "token", "position", "response__answer")),
    "n_responses": Response.objects.count(),
    "verified": verified.getvalue(),
    "states": dict(ReadingSession.objects.order_by().values_list("state").annotate(n=Count("pk"))),
}))
"""


def make_links(instance: Instance, n_readers: int) -> list[str]:
    """Personal links to a new study of four test panels, in an instance that is prepared first."""
    return list(json.loads(instance.python("-c", MAKE, str(n_readers)).splitlines()[-1]))


def stored(instance: Instance) -> dict:
    """What the database holds of all sessions."""
    return dict(json.loads(instance.python("-c", STORED).splitlines()[-1]))


@contextmanager
def web_processes(instances: Sequence[Instance], logs: Path) -> Iterator[list[str]]:
    """A web process for every instance, each with its own environment; yields their addresses."""
    addresses = [f"127.0.0.1:{free_port()}" for _ in instances]
    stopped: list[Process] = []  # all of them before any is waited for
    with ExitStack() as stack:
        for number, (instance, address) in enumerate(zip(instances, addresses, strict=True)):
            log = stack.enter_context((logs / f"web-{number}.log").open("wb"))
            argv = [
                *("-m", "gunicorn", "readerstudy.wsgi", "--bind", address, "--workers", "1"),
                *(
                    "--worker-class",
                    "gthread",
                    "--threads",
                    "4",
                    "--keep-alive",
                    "75",
                    "--graceful-timeout",
                    "5",
                    "--no-control-socket",
                ),
            ]
            process = Process(argv, env=instance.environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stopped.append(process)
        stack.callback(lambda: [process.terminate() for process in stopped])
        for number, address in enumerate(addresses):
            _wait_until_live(address, logs / f"web-{number}.log")
        yield addresses


def read_all(addresses: Sequence[str], links: Sequence[str]) -> list[Browser]:
    """Everybody comes, then everybody reads to the end; each request goes to the next process in turn."""
    readers = [Browser(_turned(addresses, i), is_repeating=True, with_files=False) for i in range(len(links))]
    with ExitStack() as stack, ThreadPoolExecutor(N_AT_ONCE) as pool:
        for reader in readers:
            stack.callback(reader.close)
        list(pool.map(lambda reader, link: reader.enter(link), readers, links))
        in_any_order = Random(1).sample(readers, len(readers))
        list(pool.map(lambda reader: reader.read(), in_any_order))
    return readers


def _turned(addresses: Sequence[str], n: int) -> list[str]:
    first = n % len(addresses)
    return [*addresses[first:], *addresses[:first]]


def _wait_until_live(address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/health/live", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise AssertionError(log.read_text()) from None
            time.sleep(0.1)
