"""Claim a job before computing, report while computing, and close it exactly once."""

from datetime import datetime
from typing import Any

from generation.core.errors import InputError
from generation.models import Job

MAX_ERROR_LENGTH = 500


class StoppedByUser(Exception):  # noqa: N818 - a wish, not an error
    """Raised inside a job when somebody asked for it to stop."""


def claim(job: Job, *, now: datetime) -> bool:
    """Take a queued job; False means that another worker has it or it was stopped."""
    rows = type(job)._default_manager.filter(pk=job.pk, status=Job.Status.QUEUED)
    if rows.update(status=Job.Status.RUNNING, started_at=now, beat_at=now, error="") != 1:
        return False
    job.refresh_from_db()
    return True


def report(job: Job, *, n_done: int, n_total: int, step_name: str = "", now: datetime) -> None:
    """Store progress; raises StoppedByUser if a stop was asked for since the last report."""
    manager = type(job)._default_manager
    manager.filter(pk=job.pk).update(n_done=n_done, n_total=n_total, step_name=step_name, beat_at=now)
    if manager.filter(pk=job.pk, status=Job.Status.STOPPING).exists():
        raise StoppedByUser


def finish(job: Job, *, now: datetime, **fields: Any) -> None:
    """Mark a running job as finished, together with what it found."""
    _close(job, Job.Status.FINISHED, now=now, **fields)


def fail(job: Job, *, error: Exception | str, now: datetime) -> None:
    """Mark a running job as failed, with one sentence for the page."""
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
    is_ours = isinstance(error, InputError | str)
    return (str(error) if is_ours else f"{type(error).__name__}: {error}")[:MAX_ERROR_LENGTH]


def _close(job: Job, status: Job.Status, *, now: datetime, **fields: Any) -> None:
    manager = type(job)._default_manager
    open_rows = manager.filter(pk=job.pk, status__in=[Job.Status.RUNNING, Job.Status.STOPPING])
    open_rows.update(status=status, finished_at=now, beat_at=now, **fields)
    job.refresh_from_db()
