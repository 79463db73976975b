"""Serve an instance: prepare it, then look after its programs until a stop is asked for."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from generation.core.errors import InputError
from readerstudy.observation import MULTIPROCESS_FOLDER
from readerstudy.serving import instance, programs
from readerstudy.serving.address import Address
from readerstudy.serving.children import Child
from readerstudy.serving.job_watch import JobWatch, Say
from readerstudy.serving.supervisor import Supervisor

QUEUES: Final = ("default", "gpu")
READY_WITHIN_SECONDS: Final = 60.0
WATCH_ENDS_WITHIN_SECONDS: Final = 5.0  # its look at a database that does not answer is not waited for


def prepare() -> None:
    """Bring the database and the static files up to date."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def serve(
    address: Address,
    *,
    data: Path,
    say: Say,
    on_ready: Callable[[], None] = lambda: None,
    queues: Sequence[str] = QUEUES,
) -> None:
    """Run web server and workers until SIGTERM or SIGINT; the caller has prepared the instance."""
    say = _whatever_happens(say)
    with instance.held(data, url=address.url):
        _make_room_for_metrics(data / "metrics")
        web = programs.web_server(address, logs=data / "log", n_workers=settings.WEB_WORKERS)
        workers = [programs.worker(queue, logs=data / "log") for queue in queues]
        supervisor = Supervisor([web, *workers], say=say)
        with supervisor.stopping_on_signals(), _watching_jobs(JobWatch(say=say)):
            try:
                _start(supervisor)
                _wait_until_ready(web, address, supervisor)
                if not supervisor.stop_asked.is_set():
                    with suppress(OSError):
                        on_ready()
                    supervisor.watch()
            finally:
                supervisor.stop()


def _whatever_happens(say: Say) -> Say:
    """A full disk, or a terminal that is gone, costs a line and not the instance."""

    def try_to_say(line: str) -> None:
        with suppress(OSError):
            say(line)

    return try_to_say


@contextmanager
def _watching_jobs(watch: JobWatch) -> Iterator[None]:
    """Look for lost jobs in a thread, as long as the block runs: the programs do not wait for a database that is away."""
    is_over = threading.Event()

    def look() -> None:
        try:
            watch.send_waiting()
            while not is_over.wait(1):
                watch()
        finally:
            connections.close_all()

    thread = threading.Thread(target=look, name="job watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(WATCH_ENDS_WITHIN_SECONDS)


def _start(supervisor: Supervisor) -> None:
    try:
        supervisor.start()
    except OSError as error:
        raise InputError(
            f"A program of this instance cannot be started ({error}); see that memory, disk and permissions suffice."
        ) from None


def _make_room_for_metrics(folder: Path) -> None:
    """The processes of the web server count into files there; those of an earlier start are counted no more."""
    shutil.rmtree(folder, ignore_errors=True)
    if settings.METRICS_TOKEN:
        folder.mkdir(parents=True)
        os.environ[MULTIPROCESS_FOLDER] = str(folder)


def _wait_until_ready(web: Child, address: Address, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while not instance.answers(f"{address.url}/health/live"):
        if web.process is None or web.process.poll() is not None or time.monotonic() > deadline:
            raise InputError(
                f"The web server did not start; the end of {web.log_path} says why:\n{web.log_tail()}"
            )
        if supervisor.stop_asked.wait(0.2):
            return
