"""Serve an instance: prepare it, then look after its programs until a stop is asked for."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone

from generation.core.errors import InputError
from generation.services import recovery
from readerstudy.serving import instance, programs
from readerstudy.serving.address import Address
from readerstudy.serving.children import Child
from readerstudy.serving.supervisor import Supervisor

QUEUES: Final = ("default", "gpu")
READY_WITHIN_SECONDS: Final = 60.0
RECOVER_EVERY_SECONDS: Final = 10.0
ENQUEUE_AGAIN_AFTER: Final = timedelta(
    minutes=2
)  # a folder as queue can lose a message that is read while it is written

Say = Callable[[str], None]


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
    with instance.held(data, url=address.url):
        n_waiting = recovery.enqueue_waiting()
        if n_waiting:
            say(f"queued jobs sent to the workers: {n_waiting}")
        web = programs.web_server(address, logs=data / "log")
        workers = [programs.worker(queue, logs=data / "log") for queue in queues]
        supervisor = Supervisor(
            [web, *workers], say=say, every_second=_Recovery(started_at=timezone.now(), say=say)
        )
        with supervisor.stopping_on_signals():
            try:
                supervisor.start()
                _wait_until_ready(web, address, supervisor)
                if not supervisor.stop_asked.is_set():
                    on_ready()
                    supervisor.watch()
            finally:
                supervisor.stop()


class _Recovery:
    """Looks now and then for jobs whose worker or message is gone."""

    def __init__(self, *, started_at: datetime, say: Say) -> None:
        self.started_at = started_at
        self.say = say
        self.next_look_at = 0.0
        self.enqueued_until = started_at

    def __call__(self) -> None:
        if time.monotonic() < self.next_look_at:
            return
        self.next_look_at = time.monotonic() + RECOVER_EVERY_SECONDS
        close_old_connections()
        now = timezone.now()
        recovery.enqueue_waiting(since=self.enqueued_until, until=now - ENQUEUE_AGAIN_AFTER)
        self.enqueued_until = max(self.enqueued_until, now - ENQUEUE_AGAIN_AFTER)
        for row in recovery.release_silent(started_at=self.started_at, now=now):
            self.say(f'the worker of {row._meta.verbose_name} "{row}" is gone; it is queued again')


def _wait_until_ready(web: Child, address: Address, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while not instance.answers(f"{address.url}/sign-in/"):
        if web.process is None or web.process.poll() is not None or time.monotonic() > deadline:
            raise InputError(
                f"The web server did not start; the end of {web.log_path} says why:\n{web.log_tail()}"
            )
        if supervisor.stop_asked.wait(0.2):
            return
