"""Take up again what a stopped or killed worker left behind.

Messages of the queue may be lost when a worker is killed; rows are not. So the rows decide: what is queued is
enqueued again (a second message for the same row does nothing, because jobs are claimed), and what is said to
run but has not reported for a while is queued again. Every job can be started anew: trainings go on from their
newest checkpoint, the others write into a draft folder first and begin again.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from celery import current_app
from django.apps import apps

from generation.models import Job

SILENT_AFTER_RESTART: Final = timedelta(seconds=60)  # jobs of workers that this start replaces
SILENT_AT_ANY_TIME: Final = timedelta(minutes=10)  # longer than any job is silent while it works
COMMAND_ENDED: Final = "The command that did this ended before it was done; run it again."


def enqueue_waiting(*, since: datetime | None = None, until: datetime | None = None) -> int:
    """Enqueue every queued row created in [since, until); return how many there are."""
    rows = [row for model in _job_models() for row in model._default_manager.filter(status=Job.Status.QUEUED)]
    waiting = [
        row
        for row in rows
        if row.task_name
        and (since is None or since <= row.created_at)
        and (until is None or row.created_at < until)
    ]
    for row in sorted(waiting, key=lambda row: row.created_at):
        enqueue(row)
    return len(waiting)


def release_silent(*, started_at: datetime, now: datetime) -> list[Job]:
    """Queue rows again whose worker is gone; those somebody wanted to stop are stopped, those of a command fail.

    A worker is gone if its row has not been touched since before `started_at`, the start of this
    instance's workers, and for a minute; or for ten minutes, whenever it began.
    """
    before = max(min(started_at, now - SILENT_AFTER_RESTART), now - SILENT_AT_ANY_TIME)
    released = []
    for model in _job_models():
        silent = model._default_manager.filter(beat_at__lt=before)
        silent.filter(status=Job.Status.STOPPING).update(status=Job.Status.STOPPED, finished_at=now)
        for row in silent.filter(status=Job.Status.RUNNING):
            # The condition on beat_at: a worker that is alive after all keeps its row.
            still = model._default_manager.filter(pk=row.pk, status=Job.Status.RUNNING, beat_at=row.beat_at)
            if not row.task_name:
                still.update(status=Job.Status.FAILED, finished_at=now, error=COMMAND_ENDED)
            elif still.update(status=Job.Status.QUEUED) == 1:
                enqueue(row)
                released.append(row)
    return released


def enqueue(row: Job) -> None:
    """Send the task that does a job."""
    current_app.send_task(row.task_name, args=[row.pk])


def _job_models() -> Iterator[type[Job]]:
    return (model for model in apps.get_models() if issubclass(model, Job))
