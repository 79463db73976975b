"""The list of the files of something published, and the mark that says which list a local copy was checked against."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from generation.storage.bucket import StorageError, Tell, nothing

FORMAT_VERSION: Final = 1
NAME: Final = ".shared.json"  # of the list in the bucket, and of the mark in a folder
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size and hash of one file."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Every file of a folder, or one file; `version` is a hash over the rest."""

    files: Mapping[str, FileFacts]

    @property
    def version(self) -> str:
        """Names where the files lie: what was published anew lies elsewhere."""
        lines = [f"{one.sha256} {one.n_bytes} {name}\n" for name, one in sorted(self.files.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:32]

    def to_json(self) -> bytes:
        """As it is stored in the bucket."""
        facts = {
            "format_version": FORMAT_VERSION,
            "version": self.version,
            "files": {name: {"bytes": one.n_bytes, "sha256": one.sha256} for name, one in self.files.items()},
        }
        return json.dumps(facts, indent=1, sort_keys=True).encode()


def parse(content: bytes, *, name: str) -> Listing:
    """Read a list; one that is damaged, or names a file outside its folder, is refused."""
    try:
        facts = json.loads(content)
        files = {
            str(path): FileFacts(int(one["bytes"]), str(one["sha256"]))
            for path, one in facts["files"].items()
        }
        found = Listing(files)
        is_sound = facts["format_version"] == FORMAT_VERSION and facts["version"] == found.version
    except (ValueError, KeyError, TypeError, AttributeError):
        is_sound = False
    if not is_sound or any(_leads_out(path) for path in files):
        raise StorageError(
            f'The list of files "{name}/{NAME}" in the shared storage is damaged; restore it there, or publish the files again.'
        )
    return found


def of(path: Path, *, tell: Tell = nothing) -> Listing:
    """List a file, or the files of a folder without hidden ones."""
    if path.is_file():
        return Listing({path.name: facts_of(path, tell=tell)})
    inside = sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
    names = {one.relative_to(path): one for one in inside}
    return Listing(
        {
            name.as_posix(): facts_of(one, tell=tell)
            for name, one in names.items()
            if not any(part.startswith(".") for part in name.parts)
        }
    )


def facts_of(path: Path, *, tell: Tell = nothing) -> FileFacts:
    """Size and hash of a file, read in blocks."""
    digest, n_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            n_bytes += len(block)
            if n_bytes % (256 * _BLOCK) == 0:
                tell()
    return FileFacts(n_bytes, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Mark:
    """Says of local files which list they were checked against; a file written later is not covered."""

    listing: Listing
    tag: str
    times: Mapping[str, int]  # of the last change of each file, in nanoseconds

    def covers(self, path: Path, name: str) -> bool:
        """Whether a file is the one that was checked, as far as size and time tell."""
        if name not in self.listing.files or name not in self.times:
            return False
        try:
            found = path.stat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.listing.files[name].n_bytes, self.times[name])

    def covers_all(self, place: Path) -> bool:
        """Whether every file of the list is there, unchanged."""
        return all(self.covers(member(place, name), name) for name in self.listing.files)


def member(place: Path, name: str) -> Path:
    """Path of a file of the list: in the folder, or the file itself."""
    return place / name if place.is_dir() else place


def set_mark(place: Path, listing: Listing, tag: str) -> None:
    """Write down that local files are those of a list."""
    times = {name: member(place, name).stat().st_mtime_ns for name in listing.files}
    facts: dict[str, Any] = {"tag": tag, "times": times, "listing": listing.to_json().decode()}
    path = mark_path(place)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def mark_of(place: Path) -> Mark | None:
    """What `set_mark` wrote; None where there is none that can be read."""
    try:
        facts = json.loads(mark_path(place).read_text(encoding="utf-8"))
        return Mark(
            parse(facts["listing"].encode(), name=place.name), str(facts["tag"]), dict(facts["times"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def touch(place: Path) -> None:
    """Note that a local copy was used now; who cleans up takes those first that were not."""
    try:
        os.utime(mark_path(place))
    except OSError:
        return


def mark_path(place: Path) -> Path:
    """Where the mark of a folder or a file lies."""
    return place / NAME if place.is_dir() else place.with_name(f".{place.name}{NAME}")


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or not path.parts
