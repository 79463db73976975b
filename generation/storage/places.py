"""Where things lie: their names in the bucket, copies of single files, and locks."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from generation.storage.listing import NAME


def name_of(place: Path) -> str:
    """Name of a thing in the bucket: its path below the data folder."""
    return place.relative_to(settings.READERSTUDY_DATA).as_posix()


def list_key(name: str) -> str:
    """Key of the list of files of a thing."""
    return f"{name}/{NAME}"


def copies_folder() -> Path:
    """Single files that were fetched without the rest of their folder, or beside a file that is still written."""
    folder: Path = settings.READERSTUDY_DATA / ".fetched"
    return folder


def copy_of(thing: Path, name: str) -> Path:
    """Where a copy of one file of a thing lies."""
    return copies_folder() / name_of(thing) / name


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One process of this machine at a time."""
    folder = settings.READERSTUDY_DATA / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / hashlib.sha256(name.encode()).hexdigest()[:32]).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
