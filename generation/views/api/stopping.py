"""What every stop does."""

from typing import Any, TypeVar

from django.utils import timezone

from generation.core.errors import InputError
from generation.models import Job
from generation.services import jobs

AnyJob = TypeVar("AnyJob", bound=Job)


class Over(InputError):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """The row is not in a state in which this can be done."""


def stopped(row: AnyJob, *, kind: str) -> AnyJob:
    """Ask a job to stop at its next report."""
    if not jobs.request_stop(row, now=timezone.now()):
        raise Over(f"The {kind} is {row.status}; only one that waits or runs can be stopped.")
    return fresh(row)


def fresh(row: Any) -> Any:
    """The row as it is now."""
    row.refresh_from_db()
    return row
