"""Take up again what a stopped or killed worker left behind, and send again what a broker lost.

Messages of the queue may be lost when a worker or a broker is killed; rows are not. So the rows decide: what is queued
is enqueued again (a second message for the same row does nothing, because jobs are claimed), and what is said to run
but has not reported for a while is queued again. Every job can be started anew: trainings go on from their newest
checkpoint, the others write into a draft folder first and begin again.

A worker that was only slow finds at its next report that its claim is gone, and lets go. A training that loses its
worker a second time without having come to a newer checkpoint is failed: it would take worker after worker with it.

Clocks of machines differ and are set while they run. Heartbeats are stamped by the database, and an `Ear` counts
silence by its own steady clock: neither a clock that is wrong nor one that jumps ends a living job or hides a dead one.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from django.apps import apps
from django.db.models import Max
from kombu.exceptions import ChannelError, KombuError

from generation.models import Job, PatchSetPart, TrainingRun

logger = logging.getLogger(__name__)

SILENT_AFTER_RESTART: Final = timedelta(seconds=60)  # jobs of workers that this start replaces
SILENT_AT_ANY_TIME: Final = timedelta(minutes=10)  # longer than any job is silent while it works
TRAINING_SILENT: Final = timedelta(minutes=2)  # a training reports every second, and while it loads and saves
LOST_TWICE: Final = (
    "Its worker was lost twice after step {step}; look for the reason in the worker's log (memory is the usual one), "
    "then resume it here."
)
COMMAND_ENDED: Final = "The command that did this ended before it was done; run it again."
QUEUE_ERRORS: Final = (KombuError, ChannelError, OSError)
_QUEUE_SECONDS: Final = 2.0

Key = tuple[type[Job], int]


class Ear:
    """Knows how long each job has been silent: how long its heartbeat has said the same, by this process's steady clock."""

    def __init__(self, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._heard: dict[Key, tuple[datetime, float]] = {}  # heartbeat, since when it is silent
        self._looked_at: float | None = None

    def listen(self, rows: Iterable[Job], *, now: datetime) -> dict[Key, timedelta]:
        """Return how long each job has been silent; `now` is the database's clock and counts at the first look only.

        What was heard first after the look before cannot be silent for longer than that.
        """
        at, heard, found = self._steady(), {}, {}
        for row in rows:
            if row.beat_at is None:
                continue
            key = (type(row), row.pk)
            beat, since = self._heard.get(key, (None, 0.0))
            if beat != row.beat_at:
                told = max((now - row.beat_at).total_seconds(), 0.0)
                since = at - (told if self._looked_at is None else min(told, at - self._looked_at))
            heard[key] = (row.beat_at, since)
            found[key] = timedelta(seconds=at - since)
        self._heard, self._looked_at = heard, at
        return found


def enqueue_waiting() -> int:
    """Enqueue every queued row, oldest first; return how many there are."""
    rows = waiting()
    for row in rows:
        if not enqueue(row):
            break  # the others would wait for the same queue
    return len(rows)


def waiting() -> list[Job]:
    """Every queued job that a task can do, oldest first."""
    rows = [row for model in _job_models() for row in model._default_manager.filter(status=Job.Status.QUEUED)]
    return sorted((row for row in rows if row.task_name), key=lambda row: row.created_at)


def enqueue_lost(rows: Iterable[Job], *, overdue: Callable[[Job], bool]) -> list[Job]:
    """Enqueue overdue rows of those that wait, where a queue holds fewer messages than there are jobs for it.

    A long queue is left alone: each of its jobs has its message. Raises what the broker raises if it cannot be asked.
    """
    by_queue = defaultdict(list)
    for row in rows:
        if not row.is_put_off:
            by_queue[_queue_of(row.task_name)].append(row)
        elif overdue(row):
            by_queue[""].append(row)  # its message lies with a worker until it is due, and no queue counts it
    sent = []
    for queue, members in by_queue.items():
        late = [row for row in members if overdue(row)]
        if late and (not queue or _n_messages(queue) < len(members) + _n_parts_waiting(queue)):
            sent += [row for row in late if enqueue(row)]
    return sent


def release_silent(*, started_at: datetime | None, now: datetime, ear: Ear | None = None) -> list[Job]:
    """Queue rows again whose worker is gone; those somebody wanted to stop are stopped, those of a command fail.

    A worker is gone if its row has not been touched since before `started_at`, the start of this instance's workers
    (None: they were not started with this process), and for a minute; or for ten minutes, whenever it began, a
    training's for two.
    """
    released = []
    active = [Job.Status.RUNNING, Job.Status.STOPPING]
    rows = [row for model in _job_models() for row in model._default_manager.filter(status__in=active)]
    silences = (ear or Ear()).listen(rows, now=now)
    for row in rows:
        silence = silences.get((type(row), row.pk), timedelta(0))
        limit = TRAINING_SILENT if isinstance(row, TrainingRun) else SILENT_AT_ANY_TIME
        is_replaced = started_at is not None and SILENT_AFTER_RESTART < silence > now - started_at
        if (silence > limit or is_replaced) and _release(row, now=now):
            released.append(row)
    return released


def _release(row: Job, *, now: datetime) -> bool:
    # The condition on beat_at: a worker that is alive after all keeps its row. Databases round the moment differently.
    heard = {} if row.beat_at is None else {"beat_at__lt": row.beat_at + timedelta(seconds=1)}
    still = type(row)._default_manager.filter(pk=row.pk, status=row.status, **heard)
    if row.status == Job.Status.STOPPING:
        still.update(status=Job.Status.STOPPED, finished_at=now)
    elif not row.task_name:
        still.update(status=Job.Status.FAILED, finished_at=now, error=COMMAND_ENDED)
    elif isinstance(row, TrainingRun) and row.resumed_at_step == _newest_step(row):
        error = LOST_TWICE.format(step=row.resumed_at_step)
        still.update(status=Job.Status.FAILED, finished_at=now, error=error)
    elif still.update(status=Job.Status.QUEUED, **_mark(row)) == 1:
        enqueue(row)
        return True
    return False


def _mark(row: Job) -> dict[str, Any]:
    """Fields that tell from where a job resumes by itself."""
    return {"resumed_at_step": _newest_step(row)} if isinstance(row, TrainingRun) else {}


def _newest_step(run: TrainingRun) -> int:
    return run.checkpoints.aggregate(step=Max("step"))["step"] or 0


def enqueue(row: Job) -> bool:
    """Send the task that does a job; False if the queue cannot be reached: the row waits, and is sent later."""
    try:
        current_app.send_task(row.task_name, args=[row.pk])
    except QUEUE_ERRORS as error:
        logger.error(
            "the queue cannot be reached (%s); %s %s waits for it", error, row._meta.verbose_name, row.pk
        )
        return False
    return True


def _queue_of(task_name: str) -> str:
    return str(current_app.amqp.router.route({}, task_name)["queue"].name)


def _n_messages(queue: str) -> int:
    """Messages of a queue that no worker has taken."""
    with current_app.connection_for_write(connect_timeout=_QUEUE_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_QUEUE_SECONDS)
        with broker.channel() as channel:
            try:
                return int(channel.queue_declare(queue=queue, passive=True).message_count)
            except broker.channel_errors:  # there is no such queue yet
                return 0


def _n_parts_waiting(queue: str) -> int:
    """Messages of extractions beside those of jobs."""
    if queue != current_app.conf.task_default_queue:
        return 0
    parts = PatchSetPart.objects.filter(
        status=PatchSetPart.Status.WAITING, patch_set__status=Job.Status.RUNNING
    )
    return parts.count()


def _job_models() -> Iterator[type[Job]]:
    return (model for model in apps.get_models() if issubclass(model, Job))
