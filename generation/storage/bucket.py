"""Requests to the bucket: whole objects in, whole objects out, and one sentence where that fails."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.core.files.storage import storages

from generation.core.errors import InputError

ALIAS: Final = "shared"  # in settings.STORAGES
TELL_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.005
_AHEAD: Final = 8  # files that are handed to the transfer threads before the first one is waited for
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_REFUSED: Final = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "ExpiredToken",
    }
)

Tell = Callable[[], object]


class StorageError(InputError):
    """The shared storage cannot be used, or what lies there cannot be trusted."""


class StorageAwayError(StorageError):
    """The shared storage does not answer."""


class MissingError(StorageError):
    """An object that a list of files names is not there."""


def nothing() -> None:
    """Tell nobody."""


def is_set() -> bool:
    """Whether this instance shares its files through a bucket."""
    return ALIAS in settings.STORAGES


def read(key: str, *, unless: str = "") -> tuple[bytes, str] | None:
    """A small object with its tag; None if there is none, and no bytes if it still has the tag `unless`."""
    more = {"IfNoneMatch": unless} if unless else {}
    try:
        with _explained(key):
            answer = _client().get_object(**_place(key), **more)
            return answer["Body"].read(), answer["ETag"]
    except MissingError:
        return None
    except _UnchangedError:
        return b"", unless


def write(key: str, content: bytes) -> str:
    """Store a small object; return its tag."""
    with _explained(key):
        return str(_client().put_object(**_place(key), Body=content)["ETag"])


def upload(files: Iterable[tuple[Path, str]], *, tell: Tell = nothing) -> None:
    """Store files under their keys, large ones in parts; a file is there whole or not at all."""
    name = _storage().bucket_name
    started = (
        (key, lambda manager, path=path, key=key: manager.upload(str(path), name, _full(key)))
        for path, key in files
    )
    _together(started, tell)


def download(files: Iterable[tuple[str, Path]], *, tell: Tell = nothing) -> None:
    """Fetch objects into files, whose folders are there."""
    name = _storage().bucket_name
    started = (
        (key, lambda manager, path=path, key=key: manager.download(name, _full(key), str(path)))
        for key, path in files
    )
    _together(started, tell)


def sizes(prefix: str) -> dict[str, int]:
    """Sizes of all objects whose key begins with a prefix."""
    return dict(_listed(prefix))


def keys(prefix: str = "") -> Iterator[str]:
    """Keys that begin with a prefix."""
    return (key for key, _ in _listed(prefix))


def delete(found: Iterable[str]) -> None:
    """Remove objects; those that are gone already are no matter."""
    waiting = [{"Key": _full(key)} for key in found]
    for start in range(0, len(waiting), 1000):  # the most that one request may name
        part = waiting[start : start + 1000]
        with _explained(part[0]["Key"]):
            _client().delete_objects(Bucket=_storage().bucket_name, Delete={"Objects": part, "Quiet": True})


def where() -> str:
    """The bucket in words."""
    storage = _storage()
    place = f"s3://{storage.bucket_name}/{storage.location}".rstrip("/")
    return f"{place} at {storage.endpoint_url}" if storage.endpoint_url else place


def examine() -> None:
    """Ask the bucket once, quickly, whether it is there and lets us in; raises StorageError."""
    storage = _quick(tuple(sorted(_options().items())))
    with _explained(""):
        storage.connection.meta.client.list_objects_v2(Bucket=storage.bucket_name, MaxKeys=1)


def _options() -> dict[str, Any]:
    return dict(cast("dict[str, Any]", settings.STORAGES[ALIAS])["OPTIONS"])


@lru_cache(maxsize=2)
def _quick(options: tuple[tuple[str, Any], ...]) -> Any:
    """The same bucket for whoever cannot wait."""
    from generation.storage.backend import SharedBucket

    return SharedBucket(**{**dict(options), "max_attempts": 1, "connect_timeout": 2, "read_timeout": 3})


def _storage() -> Any:
    return storages[ALIAS]


def _client() -> Any:
    return _storage().connection.meta.client


def _full(key: str) -> str:
    location = _storage().location
    return f"{location.rstrip('/')}/{key}" if location else key


def _place(key: str) -> dict[str, str]:
    return {"Bucket": _storage().bucket_name, "Key": _full(key)}


def _listed(prefix: str) -> Iterator[tuple[str, int]]:
    start = len(_full(""))
    with _explained(prefix):
        pages = _client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=_storage().bucket_name, Prefix=_full(prefix)):
            for one in page.get("Contents", ()):
                yield one["Key"][start:], one["Size"]


def _together(started: Iterable[tuple[str, Callable[[Any], Any]]], tell: Tell) -> None:
    """Run transfers side by side and tell once a second that they run; whatever is raised cancels the rest."""
    from boto3.s3.transfer import create_transfer_manager

    waiting: deque[tuple[str, Any]] = deque()
    told_at = time.monotonic()

    def settle(n_left: int) -> None:
        nonlocal told_at
        while len(waiting) > n_left:
            key, future = waiting[0]
            while not future.done():
                time.sleep(_LOOK_SECONDS)
                if time.monotonic() - told_at >= TELL_SECONDS:
                    told_at = time.monotonic()
                    tell()
            waiting.popleft()
            with _explained(key):
                future.result()

    with create_transfer_manager(_client(), _storage().transfer_config) as manager:
        for key, start in started:
            settle(_AHEAD)
            waiting.append((key, start(manager)))
        settle(0)


class _UnchangedError(Exception):
    """The object still has the tag that was known."""


@contextmanager
def _explained(key: str) -> Iterator[None]:
    """Turn what the client library raises into one sentence that names the object and the mend."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import RetriesExceededError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in {"304", "NotModified"}:
            raise _UnchangedError from None
        if code == "NoSuchBucket":
            raise StorageError(f"There is no bucket {where()}; make it, or correct STORAGE_URL.") from None
        if code in _MISSING:
            raise MissingError(
                f'"{key}" is missing in {where()}; restore it there, or make it again.'
            ) from None
        if code in _REFUSED:
            raise StorageError(
                f"The storage {where()} refuses this instance ({code}); correct S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY or the rights of that key."
            ) from None
        raise StorageAwayError(
            f'The storage {where()} answers {code} for "{key}"; try again, or look at its log.'
        ) from None
    except (BotoCoreError, Boto3Error, RetriesExceededError) as error:
        raise StorageAwayError(
            f"The storage {where()} does not answer ({type(error).__name__}); look at S3_ENDPOINT_URL and the network, then try again."
        ) from None
