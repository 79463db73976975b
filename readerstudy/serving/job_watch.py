"""Looks now and then for jobs whose worker or message is gone."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import Error, close_old_connections, connection

from generation.models import Job
from generation.selectors import clock
from generation.services import recovery

logger = logging.getLogger(__name__)

RECOVER_EVERY_SECONDS: Final = 10.0
ENQUEUE_AGAIN_AFTER_SECONDS: Final = 120.0  # a message that is late so long may be lost

Say = Callable[[str], None]


class JobWatch:
    """Called often; looks every ten seconds, and sends lost jobs to the workers again.

    It goes by its own steady clock alone, and it outlives a database or a queue that is away.

    Parameters
    ----------
    say : prints one line per event
    replaces_workers : this process starts the workers, so what was running before it has none any more
    """

    def __init__(self, *, say: Say, replaces_workers: bool = True) -> None:
        self.say = say
        self._replaces_workers = replaces_workers
        self._began = time.monotonic()
        self._next_look_at = 0.0
        self._ear = recovery.Ear()
        self._waits_since: dict[tuple[type[Job], int], float] = {}
        self._is_blind = False

    def send_waiting(self) -> None:
        """Send every job that waits to the workers: the messages of before may be gone."""
        self._guarded(self._send_waiting)

    def __call__(self) -> None:
        if time.monotonic() >= self._next_look_at:
            self._next_look_at = time.monotonic() + RECOVER_EVERY_SECONDS
            self._guarded(self._look)

    def _guarded(self, do: Callable[[], None]) -> None:
        try:
            close_old_connections()
            do()
        except Exception as error:  # whatever it is: the programs beside this one are to be looked after
            self._tell_blind(error)
        else:
            if self._is_blind:
                self.say("jobs are looked after again")
            self._is_blind = False

    def _send_waiting(self) -> None:
        if n_waiting := recovery.enqueue_waiting():
            self.say(f"queued jobs sent to the workers: {n_waiting}")

    def _look(self) -> None:
        now = clock.now()
        started_at = now - timedelta(seconds=time.monotonic() - self._began)
        for row in recovery.release_silent(
            started_at=started_at if self._replaces_workers else None, now=now, ear=self._ear
        ):
            self.say(f'the worker of {row._meta.verbose_name} "{row}" is gone; it is queued again')
        rows, at = recovery.waiting(), time.monotonic()
        self._waits_since = {(key := (type(row), row.pk)): self._waits_since.get(key, at) for row in rows}
        for row in recovery.enqueue_lost(rows, overdue=self._is_overdue):
            self._waits_since[type(row), row.pk] = at
            self.say(f'the message of {row._meta.verbose_name} "{row}" was lost; it is sent again')

    def _is_overdue(self, row: Job) -> bool:
        waited = time.monotonic() - self._waits_since[type(row), row.pk]
        return waited > max(ENQUEUE_AGAIN_AFTER_SECONDS, row.patience.total_seconds())

    def _tell_blind(self, error: Exception) -> None:
        """Say once that nothing can be seen, and why."""
        if not self._is_blind:
            what = "the database" if isinstance(error, Error) else "the queue"
            if not isinstance(error, (Error, *recovery.QUEUE_ERRORS)):
                what = "something"
                logger.exception("the look for lost jobs failed")
            reason = " ".join(str(error).split())[:200]
            self.say(
                f"jobs are not looked after: {what} cannot be used ({reason}); trying again every ten seconds"
            )
        self._is_blind = True
        if isinstance(error, Error):
            connection.close()
