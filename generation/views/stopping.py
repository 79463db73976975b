"""What every stop button does."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from generation.models import Job
from generation.services import jobs


def ask_to_stop(request: HttpRequest, row: Job, *, kind: str) -> None:
    """Ask a job to stop at its next report, or say that it is over."""
    if not jobs.request_stop(row, now=timezone.now()):
        status = Job.Status(row.status).label.lower()
        messages.error(request, f"The {kind} was already {status}; nothing was changed.")
