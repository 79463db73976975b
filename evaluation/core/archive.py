"""An export of many files, written piece by piece: into a ZIP that is sent while it is made, or into a folder.

Nothing is held in memory but the piece at hand, so that a file may have any length. Every file is measured and
hashed on its way; the manifest, which comes last, lists what was written.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from generation.core.errors import InputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE: Final = 1 << 16  # bytes gathered before they are compressed or sent
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an export.

    Attributes
    ----------
    about : what it holds, for the README and the manifest
    pieces : begins the file anew at every call
    """

    name: str
    about: str
    pieces: Callable[[], Iterable[str | bytes]]


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written."""

    name: str
    about: str
    n_bytes: int
    sha256: str

    def to_json(self) -> dict[str, object]:
        """Plain data for the manifest."""
        return asdict(self)


Manifest = Callable[[list[Written]], str]


class _Sink(RawIOBase):
    """Takes what zipfile writes and gives it away again; it cannot be sought, so nothing is ever kept."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Everything written since the last call."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


class _Measure:
    """Counts and hashes a file on its way."""

    def __init__(self, member: Member) -> None:
        self._member, self._digest, self._n_bytes = member, sha256(), 0

    def pieces(self) -> Iterator[bytes]:
        """The file in pieces of about the same size."""
        gathered = bytearray()
        for piece in self._member.pieces():
            gathered += piece.encode() if isinstance(piece, str) else piece
            if len(gathered) >= PIECE:
                yield self._counted(gathered)
                gathered.clear()
        if gathered:
            yield self._counted(gathered)

    def written(self) -> Written:
        """What was counted."""
        return Written(self._member.name, self._member.about, self._n_bytes, self._digest.hexdigest())

    def _counted(self, gathered: bytearray) -> bytes:
        piece = bytes(gathered)
        self._n_bytes += len(piece)
        self._digest.update(piece)
        return piece


def zip_pieces(members: Iterable[Member], manifest: Manifest, *, at: datetime) -> Iterator[bytes]:
    """Write a ZIP of any length while it is sent.

    Whoever stops asking for pieces stops the work: the generator is closed, and with it what the files are read from.

    Parameters
    ----------
    at : time of every file, so that the same files give the same ZIP
    """
    sink, written = _Sink(), list[Written]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for member in _with_manifest(members, manifest, written):
            info = zipfile.ZipInfo(member.name, date_time=at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            measure = _Measure(member)
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in measure.pieces():
                    file.write(piece)
                    if ready := sink.taken():
                        yield ready
            written.append(measure.written())
            yield sink.taken()
    yield sink.taken()


def write_folder(members: Iterable[Member], manifest: Manifest, folder: Path) -> list[Written]:
    """Write the same files into a folder that exists.

    Raises
    ------
    InputError
        If a name would lead out of the folder.
    """
    written: list[Written] = []
    for member in _with_manifest(members, manifest, written):
        if Path(member.name).name != member.name:
            raise InputError(f'The file name "{member.name}" leads out of the export.')
        measure = _Measure(member)
        with (folder / member.name).open("wb") as file:
            for piece in measure.pieces():
                file.write(piece)
        written.append(measure.written())
    return written


def _with_manifest(members: Iterable[Member], manifest: Manifest, written: list[Written]) -> Iterator[Member]:
    """The files, then the manifest of what had been written by then."""
    yield from members
    yield Member(MANIFEST, "this list", lambda: [manifest(list(written))])
