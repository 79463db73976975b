"""Unpack a ZIP that somebody uploaded: nothing leaves its folder, nothing grows beyond its limits."""

import errno
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from generation.core.errors import InputError
from generation.core.foreign import files
from generation.core.foreign.files import SourceFile

START_OF_ZIP: Final = b"PK\x03\x04"
MAX_RATIO: Final = (
    200  # an entry of more than a megabyte that unpacks to more than this times its size is a bomb
)
_MAY_REPEAT: Final = 1 << 20  # bytes; small files of black may shrink a thousandfold
_BLOCK: Final = 1 << 20
_IS_LINK: Final = 0o120000
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

Progress = Callable[[int, int], None]


def is_zip(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a ZIP with something in it."""
    return start[:4] == START_OF_ZIP


def unpack(
    archive: Path, target: Path, *, max_bytes: int, on_entry: Progress | None = None
) -> tuple[SourceFile, ...]:
    """Unpack what may be patches, each file under a number of its own.

    No name inside the archive becomes the name of a file: whatever it says, it cannot lead out of the folder, and
    the name of a patient is not written to the disk.

    Parameters
    ----------
    archive : the ZIP
    target : a new folder
    max_bytes : of all files together, unpacked
    on_entry : called with the entries done and the entries in all

    Raises
    ------
    InputError
        If it is no ZIP, damaged, encrypted, holds a name that leads out of it, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [
                (entry, parts) for entry in opened.infolist() if (parts := _checked(entry)) is not None
            ]
            _check_sizes([entry for entry, _ in entries], target.parent, max_bytes)
            target.mkdir()
            found, n_left = [], max_bytes
            for number, (entry, parts) in enumerate(entries, start=1):
                path = target / f"{number:06d}{files.suffix_of(entry.filename).lower()}"
                n_left -= _write(opened, entry, path, n_left)
                found.append(SourceFile(parts, path))
                if on_entry:
                    on_entry(number, len(entries))
            return files.arranged(found)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeDecodeError,
    ):
        raise InputError(
            "The ZIP is damaged or of a kind that cannot be read; make it again, and upload it again."
        ) from None
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise InputError(disk_full_sentence(target.parent)) from None
        raise InputError(
            f"The ZIP cannot be unpacked ({error.strerror or 'it ends too early'}); upload it again."
        ) from None


def disk_full_sentence(folder: Path) -> str:
    """Say that the disk is full, and how much is free."""
    free = shutil.disk_usage(folder).free >> 20
    return f"The disk is full ({free:,} MB are free in the data folder); make room and import again."


def _checked(entry: zipfile.ZipInfo) -> tuple[str, ...] | None:
    """Parts of the name of an entry that may be a patch; None for what is not needed."""
    parts = files.safe_parts(entry.filename)
    if parts is None:
        raise InputError(
            "The ZIP holds a name that leads out of its own folder; make it again from a plain folder."
        )
    if entry.flag_bits & 0x1:
        raise InputError("The ZIP is encrypted; make it again without a password.")
    if (entry.external_attr >> 16) & 0o170000 == _IS_LINK:
        raise InputError("The ZIP holds a link to another file; make it again from the files themselves.")
    if entry.is_dir() or any(part.startswith((".", "__")) for part in parts):
        return None
    is_known = files.suffix_of(entry.filename) or parts[-1] in (files.TABLE, files.MANIFEST)
    return parts if is_known or "." not in parts[-1] or parts[-1].replace(".", "").isdecimal() else None


def _check_sizes(entries: list[zipfile.ZipInfo], home: Path, max_bytes: int) -> None:
    if not entries:
        raise InputError(
            "The ZIP holds no file of a known format; give .npy, .nii, .nii.gz, .png, .tif or DICOM files."
        )
    if len(entries) > files.MAX_FILES:
        raise InputError(f"The ZIP holds {len(entries):,} files; the most is {files.MAX_FILES:,}.")
    total = sum(entry.file_size for entry in entries)
    bombs = [e for e in entries if e.file_size > max(_MAY_REPEAT, MAX_RATIO * e.compress_size)]
    if total > max_bytes or bombs:
        raise InputError(_too_much(total, max_bytes))
    if total > shutil.disk_usage(home).free:
        raise InputError(disk_full_sentence(home))


def _too_much(n_bytes: int, max_bytes: int) -> str:
    return (
        f"The ZIP says that it unpacks to {n_bytes >> 20:,} MB, from far fewer bytes or beyond the limit of {max_bytes >> 20:,} MB; "
        "give the patches in several parts, or in a folder of this machine."
    )


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, n_left: int) -> int:
    """Unpack one entry in blocks; what it says about its size is not believed."""
    n_bytes = 0
    with opened.open(entry) as packed, path.open("xb") as file:
        while block := packed.read(_BLOCK):
            n_bytes += len(block)
            if n_bytes > min(entry.file_size, n_left):
                raise InputError(_too_much(n_bytes, n_left))
            file.write(block)
    return n_bytes
