"""Claim a job before computing, report while computing, and close it exactly once."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from generation.core import durable
from generation.core.errors import InputError
from generation.models import Job
from generation.services.patience import is_connection_lost, patiently

logger = logging.getLogger(__name__)

MAX_ERROR_LENGTH = 500


class StoppedByUser(Exception):  # noqa: N818 - a wish, not an error
    """Raised inside a job when somebody asked for it to stop."""


class ClaimLost(StoppedByUser):
    """Raised inside a job that was given to another worker, because this one had been silent for too long."""


def claim(job: Job, *, now: datetime, **fields: Any) -> bool:
    """Take a queued job, and set further fields with it; False means that another worker has it or it was stopped."""
    rows = type(job)._default_manager.filter(pk=job.pk, status=Job.Status.QUEUED)
    if rows.update(status=Job.Status.RUNNING, started_at=now, beat_at=Now(), error="", **fields) != 1:
        return False
    job.refresh_from_db()
    return True


@patiently
def report(job: Job, *, n_done: int, n_total: int, step_name: str = "", now: datetime) -> None:
    """Store progress; raises StoppedByUser if a stop was asked for since the last report, or the claim was lost."""
    told = _claimed(job).update(n_done=n_done, n_total=n_total, step_name=step_name, beat_at=Now())
    if told != 1:
        raise ClaimLost
    if _claimed(job).filter(status=Job.Status.STOPPING).exists():
        raise StoppedByUser


@patiently
def check_claim(job: Job) -> None:
    """Raise ClaimLost if the job was given to another worker; to be called before writing what others read."""
    if not _claimed(job).exists():
        raise ClaimLost


@patiently
def beat(job: Job, *, now: datetime) -> None:
    """Say that the job is alive while files are on their way; raises ClaimLost if it was given to another worker."""
    if _claimed(job).update(beat_at=Now()) != 1:
        raise ClaimLost


def finish(job: Job, *, now: datetime, **fields: Any) -> bool:
    """Mark a running job as finished, together with what it found; False if the claim was lost."""
    return _close(job, Job.Status.FINISHED, now=now, **fields)


def fail(job: Job, *, error: Exception | str, now: datetime) -> None:
    """Mark a running job as failed, with one sentence for the page.

    A job whose way to the database was lost is left as it is: it has fallen silent, and is queued again for that.
    """
    if isinstance(error, Exception) and is_connection_lost(error):
        logger.error("job %s of %s lost the database; it is left to be queued again", job.pk, job._meta.label)
        return
    _close(job, Job.Status.FAILED, now=now, error=sentence(error))


def mark_stopped(job: Job, *, now: datetime) -> None:
    """Mark a job as stopped on request."""
    _close(job, Job.Status.STOPPED, now=now)


def request_stop(job: Job, *, now: datetime) -> bool:
    """Ask a running job to stop at its next report; a queued one stops at once."""
    manager = type(job)._default_manager
    if (
        manager.filter(pk=job.pk, status=Job.Status.QUEUED).update(status=Job.Status.STOPPED, finished_at=now)
        == 1
    ):
        return True
    return manager.filter(pk=job.pk, status=Job.Status.RUNNING).update(status=Job.Status.STOPPING) == 1


def sentence(error: Exception | str) -> str:
    """Say an error to a person: our own sentences as they are, anything else with its type."""
    if isinstance(error, OSError) and durable.is_no_room(error):
        where = f' while "{Path(error.filename).name}" was written' if error.filename else ""
        return f"The disk was full{where}; make room where the data folder lies, then start it again."
    is_ours = isinstance(error, InputError | str)
    return (str(error) if is_ours else f"{type(error).__name__}: {error}")[:MAX_ERROR_LENGTH]


@patiently
def _close(job: Job, status: Job.Status, *, now: datetime, **fields: Any) -> bool:
    closed = _claimed(job).update(status=status, finished_at=now, beat_at=Now(), **fields)
    job.refresh_from_db()
    return closed == 1


def _claimed(job: Job) -> QuerySet[Job]:
    """The row of a job, as long as it is this claim's: no two claims of a job began at the same microsecond."""
    open_rows = type(job)._default_manager.filter(
        pk=job.pk, status__in=[Job.Status.RUNNING, Job.Status.STOPPING]
    )
    return open_rows.filter(started_at=job.started_at)
