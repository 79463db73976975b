"""The file of a backup: a tar with the database, the folders of the instance, its key, and a manifest with a hash of everything.

The file holds names of readers and the key of their links; only its owner can read it.
"""

import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from generation import storage
from generation.core.errors import InputError
from readerstudy.safekeeping import databases

FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
KEY: Final = "secret_key"
SCANS: Final = "cohorts"
# What cannot be made again. Queue, logs, caches and static files can.
FOLDERS: Final = (SCANS, "patch_sets", "training_runs", "checkpoints", "studies", "files")
_BLOCK: Final = 1 << 20
_ROOM_TO_SPARE: Final = 50_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup holds, or what a restore brought back."""

    n_files: int
    n_bytes: int
    database: str
    made_at: str


def write(data: Path, target: Path, *, with_scans: bool, now: datetime) -> Made:
    """Write a backup of a running instance.

    The database comes first: files are written before the row that names them, so whatever its copy knows is still
    there when the folders are read. A file that goes meanwhile (a deleted training) is left out.
    """
    if target.exists():
        raise InputError(f"{target} already exists; give another name, or remove it first.")
    if not target.parent.is_dir():
        raise InputError(f"The folder {target.parent} does not exist; make it first.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with _private(draft) as file, tempfile.TemporaryDirectory(dir=target.parent) as work:
            made = _fill(file, data, Path(work), with_scans=with_scans, now=now)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise InputError(
            f"{target} could not be written: {error.strerror}; make room or choose another place."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return made


def restore(source: Path, data: Path) -> Made:
    """Bring a backup back into an instance that has nothing in it yet.

    Everything is unpacked and checked beside the data folder first; only then the folders take their places and the
    database is filled, so that a damaged backup changes nothing.
    """
    if not databases.is_empty():
        raise InputError(
            "The database is not empty; restore into a new instance, with a database of its own."
        )
    if taken := [name for name in FOLDERS if any((data / name).glob("*"))]:
        raise InputError(f"{data} already holds {', '.join(taken)}; restore into a new data folder.")
    if storage.is_shared() and any(True for _ in storage.published()):
        raise InputError(
            f"{storage.where()} already holds files; restore with a STORAGE_URL that names an empty folder of the bucket."
        )
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as work:
        manifest = _unpack(source, Path(work))
        for name in FOLDERS:
            if (Path(work) / name).is_dir():
                shutil.rmtree(data / name, ignore_errors=True)
                (Path(work) / name).replace(data / name)
        if (Path(work) / KEY).is_file():
            (Path(work) / KEY).replace(data / KEY)
        databases.load(Path(work), kind=manifest["database"])
    files: Mapping[str, Any] = manifest["files"]
    return Made(
        len(files), sum(one["bytes"] for one in files.values()), manifest["database"], manifest["made_at"]
    )


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file


def _fill(file: BinaryIO, data: Path, work: Path, *, with_scans: bool, now: datetime) -> Made:
    kind = databases.dump(work)
    found: dict[str, dict[str, Any]] = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, work / databases.FILES[kind], databases.FILES[kind], found)
        if (data / KEY).is_file():
            _add(tar, data / KEY, KEY, found)
        for name in FOLDERS:
            if name == SCANS and not with_scans:
                continue
            _add_published(tar, data, name, work, found)
            for path in sorted((data / name).rglob("*")):
                inside = path.relative_to(data)
                is_draft = any(part.startswith(".") for part in inside.parts)
                is_new = inside.as_posix() not in found
                if path.is_file() and not path.is_symlink() and not is_draft and is_new:
                    _add(tar, path, inside.as_posix(), found)
        made_at = now.isoformat(timespec="seconds")
        manifest = {
            "format_version": FORMAT_VERSION,
            "database": kind,
            "made_at": made_at,
            "with_scans": with_scans,
            "migrations": databases.migrations_applied(),
            "files": found,
        }
        _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
    return Made(len(found), sum(one["bytes"] for one in found.values()), kind, made_at)


def _add_published(
    tar: tarfile.TarFile, data: Path, folder: str, work: Path, found: dict[str, dict[str, Any]]
) -> None:
    """Copy what other machines published, one file after another, so that the disk holds no second copy of all."""
    if not storage.is_shared():
        return
    for name, listed in storage.published(f"{folder}/"):
        place = PurePosixPath(name)
        if any(part.startswith(".") for part in place.parts):
            continue
        is_file = set(listed.files) == {place.name}
        for one in sorted(listed.files):
            with storage.lent(data / name, listed, one, work) as path:
                _add(tar, path, name if is_file else f"{name}/{one}", found)


def _add(tar: tarfile.TarFile, path: Path, name: str, found: dict[str, dict[str, Any]]) -> None:
    """Copy a file as it is now; one that grows meanwhile, such as a history of losses, is cut where it was."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        n_bytes = os.fstat(file.fileno()).st_size
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = n_bytes, 0o600
        reader = _Hashed(file)
        tar.addfile(entry, reader)  # type: ignore[arg-type]  # it needs no more than `read`
        found[name] = {"bytes": n_bytes, "sha256": reader.sha256.hexdigest()}


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))


class _Hashed:
    """A file that hashes what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, n_bytes: int) -> bytes:
        block = self.file.read(n_bytes)
        self.sha256.update(block)
        return block


def _unpack(source: Path, work: Path) -> dict[str, Any]:
    """Unpack into a folder and check every file by its hash; nothing lands outside the folder."""
    try:
        with tarfile.open(source, mode="r:") as tar:
            sums = {entry.name: _take(tar, entry, work, source) for entry in tar}
    except FileNotFoundError:
        raise InputError(f"There is no file {source}; name a file that `backup` wrote.") from None
    except (tarfile.TarError, EOFError) as error:
        raise InputError(f"{source} is no complete backup ({error}); take another one.") from None
    except OSError as error:
        raise InputError(
            f"{source} could not be unpacked: {error.strerror}; make room and try again."
        ) from None
    try:
        manifest: dict[str, Any] = json.loads((work / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
        version = manifest["format_version"]
        told = {name: one["sha256"] for name, one in files.items()}
        if not all(isinstance(manifest[name], str) for name in ("database", "made_at")):
            raise TypeError
        if not all(isinstance(one["bytes"], int) for one in files.values()):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{source} holds no manifest and is no complete backup; take another one.") from None
    if version != FORMAT_VERSION:
        raise InputError(f"{source} has format version {version}; this software reads {FORMAT_VERSION}.")
    if unknown := databases.migrations_unknown(manifest.get("migrations", ())):
        raise InputError(
            f"{source} was made by a newer version of this software, whose database has {unknown[-1]}; "
            "install that version or a later one, then restore."
        )
    del sums[MANIFEST]
    for name in sorted(told.keys() | sums.keys()):
        if sums.get(name) != told.get(name):
            raise InputError(f"{name} in {source} is damaged or missing; take another backup.")
    return manifest


def _take(tar: tarfile.TarFile, entry: tarfile.TarInfo, work: Path, source: Path) -> str:
    path = PurePosixPath(entry.name)
    allowed = {MANIFEST, KEY, *databases.FILES.values()}
    is_ours = entry.name in allowed or (path.parts and path.parts[0] in FOLDERS)
    if not entry.isfile() or path.is_absolute() or ".." in path.parts or not is_ours:
        raise InputError(f'{source} holds "{entry.name}", which no backup has; it was not unpacked.')
    if shutil.disk_usage(work).free < entry.size + _ROOM_TO_SPARE:
        raise InputError(
            f"{source} does not fit: {entry.name} needs {entry.size // 1_000_000} MB; make room first."
        )
    content = tar.extractfile(entry)
    target = work / path
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256()
    with _private(target) as file:
        while content and (block := content.read(_BLOCK)):
            sha256.update(block)
            file.write(block)
    return sha256.hexdigest()
