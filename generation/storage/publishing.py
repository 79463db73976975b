"""Put what is finished into the bucket, and take away what is not wanted any more."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from generation.storage import bucket, listing
from generation.storage.bucket import StorageError, Tell, nothing
from generation.storage.listing import NAME, Listing
from generation.storage.places import copies_folder, list_key, name_of

logger = logging.getLogger(__name__)


def publish(place: Path, *, as_place: Path | None = None, tell: Tell = nothing) -> None:
    """Put a finished folder, or a file, into the bucket; does nothing without one.

    Parameters
    ----------
    place : what is finished; hidden files are left out
    as_place : where it will lie, if it has not got its name yet
    tell : called about once a second while it lasts; what it raises ends the transfer and leaves nothing that is trusted
    """
    if not bucket.is_set():
        return
    name = name_of(as_place or place)
    found = listing.of(place, tell=tell)
    earlier = _earlier(name)
    base = f"{name}/{found.version}/"
    stored = bucket.sizes(base)
    waiting = [one for one, facts in found.files.items() if stored.get(base + one) != facts.n_bytes]
    bucket.upload(((listing.member(place, one), base + one) for one in waiting), tell=tell)
    if earlier is not None and earlier[0].version == found.version:
        tag = earlier[1]
    else:
        tag = bucket.write(list_key(name), found.to_json())
        if earlier is not None:
            bucket.delete(bucket.keys(f"{name}/{earlier[0].version}/"))
    listing.set_mark(place, found, tag)


def is_published(place: Path) -> bool:
    """Whether the bucket holds the list of a thing."""
    return bucket.is_set() and _earlier(name_of(place)) is not None


def published(prefix: str = "") -> Iterator[tuple[str, Listing]]:
    """Name and list of everything that is published below a path; one whose list is damaged raises StorageError."""
    for key in sorted(one for one in bucket.keys(prefix) if one.endswith(f"/{NAME}")):
        name = key.removesuffix(f"/{NAME}")
        found = bucket.read(key)
        if found is not None:
            yield name, listing.parse(found[0], name=name)


def remove(place: Path) -> None:
    """Remove a thing, and everything below it, here and from the bucket.

    A bucket that does not answer keeps no one from removing: what stays there is told in the log.
    """
    remove_local(place)
    if not bucket.is_set():
        return
    name = name_of(place)
    try:
        found = list(bucket.keys(f"{name}/"))
        lists = [key for key in found if key.endswith(f"/{NAME}")]
        bucket.delete(lists)  # first: without them nothing is trusted
        bucket.delete(key for key in found if not key.endswith(f"/{NAME}"))
    except StorageError as error:
        logger.error('"%s" was removed here, but may still lie in the shared storage: %s', name, error)


def remove_local(place: Path) -> None:
    """Remove the local copy of a thing, with its marks and the copies of its single files."""
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
        listing.mark_path(place).unlink(missing_ok=True)
    if bucket.is_set():
        shutil.rmtree(copies_folder() / name_of(place), ignore_errors=True)


def _earlier(name: str) -> tuple[Listing, str] | None:
    """List and tag of what is published under a name; a damaged list counts as none and is replaced."""
    found = bucket.read(list_key(name))
    if found is None:
        return None
    try:
        return listing.parse(found[0], name=name), found[1]
    except StorageError as error:
        logger.warning("%s", error)
        return None
