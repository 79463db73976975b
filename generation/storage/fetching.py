"""Bring what other machines published to this one, whole and checked, before anybody opens it."""

import logging
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generation.storage import bucket, listing
from generation.storage.bucket import MissingError, StorageAwayError, StorageError, Tell, nothing
from generation.storage.listing import Listing, Mark
from generation.storage.places import copy_of, list_key, locked, name_of

logger = logging.getLogger(__name__)

_TRIES = 3  # what is published anew while it is fetched is fetched again


def fetch(folder: Path, *, verify: bool = False, tell: Tell = nothing) -> Path:
    """Make sure that a published folder lies here, as it was published last; returns it.

    A folder that was not published, or whose bucket does not answer, is used as it lies here. A copy that was changed or
    cut since it was checked is fetched again.

    Parameters
    ----------
    verify : read every byte of a local copy, instead of looking at sizes and times

    Raises
    ------
    StorageError
        If it is neither here nor in the bucket, or what is there is damaged.
    """
    if not bucket.is_set():
        return folder
    for rest in reversed(range(_TRIES)):
        try:
            _fetch(folder, verify=verify, tell=tell)
        except MissingError:
            if not rest:
                raise
        else:
            return folder
    return folder


def piece(thing: Path, name: str = "", *, tell: Tell = nothing) -> Path | None:
    """One file of a published folder, or a published file, without fetching the rest; None where there is none.

    What this returns may lie elsewhere than the file it is a copy of: a file that is still written here, as the losses
    of a training, is never replaced.
    """
    original = thing / name if name else thing
    if not bucket.is_set():
        return original if original.is_file() else None
    for rest in reversed(range(_TRIES)):
        try:
            return _piece(thing, name or thing.name, original, tell)
        except MissingError:
            if not rest:
                raise
    return None


def names(folder: Path) -> list[str]:
    """Files of a folder, by their names in it, sorted: of the list in the bucket, else of the folder here."""
    if bucket.is_set():
        mark = listing.mark_of(folder)
        try:
            found = _list_of(name_of(folder), mark)
        except StorageAwayError:
            found = None
        if found is not None:
            return sorted(found[0].files)
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def _list_of(name: str, mark: Mark | None) -> tuple[Listing, str] | None:
    """List and tag of what is published; what the mark of a local copy knows is not sent again."""
    found = bucket.read(list_key(name), unless=mark.tag if mark else "")
    if found is None:
        return None
    content, tag = found
    return (
        (mark.listing, tag)
        if mark and tag == mark.tag and not content
        else (listing.parse(content, name=name), tag)
    )


def _fetch(folder: Path, *, verify: bool, tell: Tell) -> None:
    name, mark = name_of(folder), listing.mark_of(folder)
    is_sound = mark is not None and mark.covers_all(folder)
    try:
        found = _list_of(name, mark)
    except StorageAwayError as error:
        if not is_sound:
            raise
        logger.warning("%s The copy of %s on this machine is used.", error, name)
        return
    if found is None:
        if not folder.exists():
            raise StorageError(
                f'"{name}" is neither on this machine nor in the shared storage; make it again, or restore it there.'
            )
        return
    with locked(name):
        mark = listing.mark_of(folder)  # another process may have been quicker
        if _is_current(folder, found, mark, verify=verify, tell=tell):
            listing.touch(folder)
            return
        _download_folder(folder, found, tell)


def _is_current(
    folder: Path, found: tuple[Listing, str], mark: Mark | None, *, verify: bool, tell: Tell
) -> bool:
    wanted, tag = found
    if not folder.is_dir():
        return False
    if mark is not None and mark.tag == tag and mark.covers_all(folder) and not verify:
        return True
    if listing.of(folder, tell=tell).files != wanted.files:
        return False
    listing.set_mark(folder, wanted, tag)
    return True


def _download_folder(folder: Path, found: tuple[Listing, str], tell: Tell) -> None:
    wanted, tag = found
    for left in folder.parent.glob(
        f".{folder.name}.fetching-*"
    ):  # by a process that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    draft = folder.with_name(f".{folder.name}.fetching-{secrets.token_hex(4)}")
    draft.mkdir(parents=True)
    try:
        for one in wanted.files:
            (draft / one).parent.mkdir(parents=True, exist_ok=True)
        _download(name_of(folder), wanted, [(one, draft / one) for one in wanted.files], tell)
        listing.set_mark(draft, wanted, tag)
        if folder.exists():
            folder.rename(draft.with_name(f"{draft.name}-old"))
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(draft.with_name(f"{draft.name}-old"), ignore_errors=True)


def _piece(thing: Path, name: str, original: Path, tell: Tell) -> Path | None:
    copy = copy_of(thing, name)
    marks = {original: listing.mark_of(thing), copy: listing.mark_of(copy)}
    sound = {path: mark for path, mark in marks.items() if mark is not None and mark.covers(path, name)}
    best = next(iter(sound), None)
    try:
        found = _list_of(name_of(thing), sound[best] if best else None)
    except StorageAwayError:
        if best is None:
            raise
        return best
    if found is None:
        return original if original.is_file() else None
    wanted, tag = found
    for path, mark in sound.items():
        if mark.tag == tag or mark.listing.files[name] == wanted.files.get(name):
            listing.touch(thing if path == original else path)
            return path
    if name not in wanted.files:
        return None
    with locked(name_of(copy)):
        return _download_piece(thing, name, found, copy, tell)


def _download_piece(thing: Path, name: str, found: tuple[Listing, str], copy: Path, tell: Tell) -> Path:
    wanted, tag = found
    copy.parent.mkdir(parents=True, exist_ok=True)
    draft = copy.with_name(f".{copy.name}.fetching-{secrets.token_hex(4)}")
    try:
        _download(name_of(thing), wanted, [(name, draft)], tell)
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)
    listing.set_mark(copy, Listing({name: wanted.files[name]}), tag)
    return copy


def _download(name: str, wanted: Listing, files: list[tuple[str, Path]], tell: Tell) -> None:
    """Fetch files and compare every one with its size and SHA-256."""
    base = f"{name}/{wanted.version}/"
    bucket.download([(base + one, path) for one, path in files], tell=tell)
    for one, path in files:
        if listing.facts_of(path, tell=tell) != wanted.files[one]:
            raise StorageError(
                f'"{base}{one}" in {bucket.where()} is damaged: it is not the file that was published; restore it there, or make it again.'
            )


@contextmanager
def lent(place: Path, found: Listing, name: str, work: Path) -> Iterator[Path]:
    """One file of something published, for as long as it is read: the copy here, or one that is fetched into a work folder."""
    here, mark = listing.member(place, name), listing.mark_of(place)
    if mark is not None and mark.covers(here, name) and mark.listing.files[name] == found.files[name]:
        yield here
        return
    draft = work / f"lent-{secrets.token_hex(4)}"
    try:
        _download(name_of(place), found, [(name, draft)], nothing)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
