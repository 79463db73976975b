"""Ctrl-C and SIGTERM while a command does a job: nothing half-made is left, and one sentence says how to go on."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from generation.models import Job
from generation.services import jobs

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_SECONDS: Final = 0.02  # between two looks whether a transaction has ended


class Interruption:
    """What becomes of a signal, now."""

    def __init__(self, sentence: str) -> None:
        self._end: Callable[[], str] = lambda: sentence
        self._is_held = False
        self._was_in_transaction = connection.in_atomic_block

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let a signal wait until the block has ended: it makes a row, and says what to do with it."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False

    def ends_with(self, end: Callable[[], str]) -> None:
        """Say what cleans up from now on and returns the sentence; it may run after the job's own cleaning up."""
        self._end = end

    def end(self) -> str:
        """Clean up."""
        return self._end()

    def interrupt(self, number: int, _: FrameType | None) -> None:
        """Raise KeyboardInterrupt; a transaction is not cut in two, and files get their names in one."""
        if self._is_held or (connection.in_atomic_block and not self._was_in_transaction):
            again = threading.Timer(_SECONDS, signal.pthread_kill, [threading.main_thread().ident, number])
            again.daemon = True
            again.start()
            return
        raise KeyboardInterrupt


@contextmanager
def on_signals(sentence: str) -> Iterator[Interruption]:
    """Turn the first Ctrl-C or SIGTERM in the block into a CommandError, after what was begun was ended.

    A signal that comes while that is done is ignored, and so is one that whoever started the command lets it ignore.

    Parameters
    ----------
    sentence : what is said while nothing was begun
    """
    interruption = Interruption(sentence)
    if threading.current_thread() is not threading.main_thread():  # only that one is told of signals
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    try:
        for number in heeded:
            signal.signal(number, interruption.interrupt)
        yield interruption
    except KeyboardInterrupt:
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)
        raise CommandError(interruption.end()) from None
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def mark_stopped(job: Job) -> bool:
    """Mark a job of this command as stopped; False if it had finished or failed before the signal came."""
    jobs.request_stop(job, now=timezone.now())
    job.refresh_from_db()
    jobs.mark_stopped(job, now=timezone.now())
    return job.status == Job.Status.STOPPED
