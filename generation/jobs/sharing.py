"""Publish and fetch for a job: the row says meanwhile that its worker is alive."""

from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from generation import storage
from generation.models import Job
from generation.services import jobs


def beating(row: Job) -> Callable[[], None]:
    """Called while files are on their way; a job that was given to another worker ends here."""
    return lambda: jobs.beat(row, now=timezone.now())


def publish(place: Path, row: Job, *, as_place: Path | None = None) -> None:
    """Put what a job has finished where other machines find it; to be done before its row names it."""
    storage.publish(place, as_place=as_place, tell=beating(row))


def fetch(folder: Path, row: Job, *, verify: bool = False) -> Path:
    """Have a folder here that a job needs."""
    return storage.fetch(folder, verify=verify, tell=beating(row))
