"""The files of a user: in a folder of this machine, or unpacked from an archive under numbers."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from generation.core.errors import InputError
from generation.core.foreign.class_words import guess_class

MAX_FILES: Final = 500_000
_DICOM_PREFIX: Final = 132  # bytes, the last four of them DICM
_HIDDEN: Final = re.compile(r"[._]")  # also __MACOSX and the like


class Kind(StrEnum):
    """Formats that patches come in."""

    NPY = "NumPy"
    NIFTI = "NIfTI"
    PNG = "PNG"
    TIFF = "TIFF"
    DICOM = "DICOM"


SUFFIXES: Final = {
    ".npy": Kind.NPY,
    ".nii": Kind.NIFTI,
    ".nii.gz": Kind.NIFTI,
    ".png": Kind.PNG,
    ".tif": Kind.TIFF,
    ".tiff": Kind.TIFF,
    ".dcm": Kind.DICOM,
    ".ima": Kind.DICOM,
}
TABLE: Final = "index.csv"
MANIFEST: Final = "manifest.json"
_NUMBERS: Final = re.compile(r"(\d+)")
_MAX_DIGITS: Final = (
    300  # longer than any name on a disk; a name inside an archive may have 65,535 characters
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a user.

    Attributes
    ----------
    parts : its place below the folder, as the user named it; it may hold a patient's name and is never shown
    path : where its bytes are
    """

    parts: tuple[str, ...]
    path: Path

    @property
    def name(self) -> str:
        """Name of the file without its folders."""
        return self.parts[-1]

    @property
    def stem(self) -> str:
        """Name without the suffix of a known format."""
        suffix = suffix_of(self.name)
        return self.name[: -len(suffix)] if suffix else self.name


def suffix_of(name: str) -> str:
    """Suffix of a known format as it stands in the name; "" for any other."""
    lowered = name.lower()
    found = next((suffix for suffix in SUFFIXES if lowered.endswith(suffix)), "")
    return name[len(name) - len(found) :] if found else ""


def kind_of(file: SourceFile) -> Kind | None:
    """Format of a file by its suffix, or by the letters DICM where it has none."""
    suffix = suffix_of(file.name).lower()
    if suffix:
        return SUFFIXES[suffix]
    is_bare = not re.search(r"\.[A-Za-z]\w{0,4}$", file.name)  # DICOM files are often named by numbers alone
    return Kind.DICOM if is_bare and is_dicom(file.path) else None


def is_dicom(path: Path) -> bool:
    """Whether a file has the letters DICM at byte 128."""
    try:
        with path.open("rb") as opened:
            return opened.read(_DICOM_PREFIX)[-4:] == b"DICM"
    except OSError:
        return False


def of_folder(folder: Path) -> tuple[SourceFile, ...]:
    """Every file below a folder, in the order of names; hidden ones and links are left out.

    Raises
    ------
    InputError
        If a folder cannot be listed or there are too many files.
    """
    found: list[SourceFile] = []

    def refuse(error: OSError) -> None:
        raise InputError(
            f"A folder of the patches cannot be listed ({error.strerror}); give the importing account the right to read it."
        )

    for home, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _HIDDEN.match(name)]
        for name in names:
            path = Path(home) / name
            if _HIDDEN.match(name) or path.is_symlink():
                continue
            found.append(SourceFile(path.relative_to(folder).parts, path))
            if len(found) > MAX_FILES:
                raise InputError(f"There are more than {MAX_FILES:,} files; import them in several parts.")
    return arranged(found)


def arranged(found: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """In the order of names, without folders around everything that say nothing."""
    files = sorted(found, key=lambda file: natural(file.parts))
    while files:
        first = files[0].parts
        is_around = len(first) > 1 and all(
            file.parts[0] == first[0] and len(file.parts) > 1 for file in files
        )
        is_patch = all(len(file.parts) == 2 for file in files) and not _is_table_inside(files)
        if not is_around or guess_class(first[0]) or is_patch:
            break
        files = [SourceFile(file.parts[1:], file.path) for file in files]
    return tuple(files)


def _is_table_inside(files: list[SourceFile]) -> bool:
    """A folder with a table or one array is what was meant; another one may be a class, or a single patch."""
    return len(files) == 1 or any(file.name in (TABLE, MANIFEST) for file in files)


def natural(parts: tuple[str, ...]) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sort key that puts frame2 before frame10."""
    return tuple(
        tuple(
            (0, int(piece), "")
            if piece.isdecimal() and piece.isascii() and len(piece) <= _MAX_DIGITS
            else (1, 0, piece.lower())
            for piece in _NUMBERS.split(part)
            if piece
        )
        for part in parts
    )


def safe_parts(name: str) -> tuple[str, ...] | None:
    """Parts of a name inside an archive; None where it would leave the archive's folder."""
    if not name or "\\" in name or "\0" in name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return None
    parts = PurePosixPath(name).parts
    return None if ".." in parts else parts
