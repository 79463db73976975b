"""What a user's files are: patches in one array, a file per patch, or a file per frame."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Final

from generation.core.errors import InputError
from generation.core.foreign import class_words, files, readers, table
from generation.core.foreign.files import Kind, SourceFile
from generation.core.foreign.table import TableRow
from generation.core.foreign.unreadable import UnreadableError

NO_PATCHES: Final = (
    "No patches were found; give .npy, .nii, .nii.gz, .png, .tif or DICOM files, or sub-folders with them."
)
SUB_FOLDERS: Final = "sub-folders"
FILE_NAMES: Final = "file names"
_LOSSY: Final = (".jpg", ".jpeg", ".webp", ".gif", ".bmp")


@dataclass(frozen=True, slots=True)
class ForeignPatch:
    """One patch that was not read yet.

    Attributes
    ----------
    files : the one file it lies in, or one per frame in the order of their names
    row : its position in an array of all patches; None where it has files of its own
    word : what stands for its lesion class; "" where nothing does
    """

    files: tuple[SourceFile, ...]
    row: int | None
    word: str
    patient: str = ""
    places: tuple[int | None, ...] = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Found:
    """The patches of a folder or an archive.

    Attributes
    ----------
    origin : where the words for classes come from; "" where there are none
    frame_words : names of the frames' files, the same for every patch; empty where they differ or there are none
    n_ignored : files that are no patches
    """

    kind: Kind
    is_array: bool
    is_frame_per_file: bool
    patches: tuple[ForeignPatch, ...]
    origin: str
    frame_words: tuple[str, ...]
    n_ignored: int

    def position(self, number: int) -> str:
        """Name a patch in a sentence by its place."""
        where = "in the array" if self.is_array else "in the order of names"
        return f"Patch {number + 1} of {len(self.patches)} {where}"


def find(listed: Sequence[SourceFile], *, pattern: str = "") -> Found:
    """Find the patches among files.

    Parameters
    ----------
    listed : files in the order of names
    pattern : of file names, see `class_words.pattern_of`; "" to use index.csv, sub-folders or words in names

    Raises
    ------
    InputError
        If there are none, they are of several formats, or index.csv does not fit them.
    """
    rows = _table(listed)
    kinds = [(file, kind) for file in listed if (kind := files.kind_of(file)) is not None]
    kind = _one_kind([kind for _, kind in kinds], listed)
    chosen = [file for file, _ in kinds]
    n_ignored = len(listed) - len(chosen) - sum(file.name in (files.TABLE, files.MANIFEST) for file in listed)
    try:
        if kind is Kind.NPY and len(chosen) == 1 and (n := readers.n_patches(chosen[0].path)) is not None:
            return _in_array(chosen[0], n, rows, n_ignored)
        groups = _groups(chosen, kind)
    except UnreadableError as error:
        raise InputError(f"The first file cannot be used: {error}") from None
    is_frame_per_file = any(len(group) > 1 for group in groups)
    words, origin = _words(groups, rows, pattern, is_frame_per_file)
    class_words.check_words([row.word for row in words], origin=origin)
    patches = tuple(
        ForeignPatch(group, None, row.word, row.patient, row.places)
        for group, row in zip(groups, words, strict=True)
    )
    return Found(kind, False, is_frame_per_file, patches, origin, _frame_words(groups), n_ignored)


def _one_kind(kinds: Sequence[Kind], listed: Sequence[SourceFile]) -> Kind:
    counts = Counter(kinds)
    if not counts:
        if any(file.name.lower().endswith(_LOSSY) for file in listed):
            raise InputError(
                "Only JPEG or similar pictures were found, which are of 8 bits and lossy; export 16-bit PNG or TIFF."
            )
        if any(file.name.lower().endswith(".npz") for file in listed):
            raise InputError("Only .npz files were found; save each array with numpy.save as .npy.")
        raise InputError(NO_PATCHES)
    if len(counts) > 1:
        words = " and ".join(f"{n} {kind.value} files" for kind, n in counts.most_common())
        raise InputError(f"There are {words}; import one format at a time.")
    return next(iter(counts))


def _table(listed: Sequence[SourceFile]) -> tuple[TableRow, ...] | None:
    found = next((file for file in listed if file.parts == (files.TABLE,)), None)
    return table.read(found.path) if found else None


def _in_array(file: SourceFile, n: int, rows: tuple[TableRow, ...] | None, n_ignored: int) -> Found:
    if rows is not None and len(rows) != n:
        raise InputError(f"index.csv has {len(rows)} rows for {n} patches; give one row per patch.")
    lines = rows or (TableRow("", ""),) * n
    class_words.check_words([row.word for row in lines], origin=files.TABLE)
    patches = tuple(
        ForeignPatch((file,), number, row.word, row.patient, row.places) for number, row in enumerate(lines)
    )
    return Found(Kind.NPY, True, False, patches, files.TABLE if rows else "", (), n_ignored)


def _groups(chosen: Sequence[SourceFile], kind: Kind) -> list[tuple[SourceFile, ...]]:
    """Files of each patch: a file that holds one frame, in a folder that is no class, is a frame of that folder's patch."""
    folder = chosen[0].parts[-2] if len(chosen[0].parts) > 1 else ""
    is_frame = kind is not Kind.DICOM and bool(folder) and not class_words.guess_class(folder)
    if not is_frame or readers.n_frames(chosen[0].path, kind) != 1:
        return [(file,) for file in chosen]
    return [tuple(group) for _, group in groupby(chosen, key=lambda file: file.parts[:-1])]


def _words(
    groups: Sequence[tuple[SourceFile, ...]],
    rows: tuple[TableRow, ...] | None,
    pattern: str,
    is_frame_per_file: bool,
) -> tuple[list[TableRow], str]:
    """The word for the class of each patch and its patient, and where they come from."""
    places = [_place(group, is_frame_per_file) for group in groups]
    if compiled := class_words.pattern_of(pattern):
        return _by_pattern(places, compiled), FILE_NAMES
    if rows is not None:
        return _by_table(places, rows), files.TABLE
    if any(len(place) > 1 for place in places):
        return [TableRow("", place[0] if len(place) > 1 else "") for place in places], SUB_FOLDERS
    words = [class_words.in_file_name(place[-1]) for place in places]
    is_told = all(words)
    return [TableRow("", word if is_told else "") for word in words], FILE_NAMES if is_told else ""


def _place(group: tuple[SourceFile, ...], is_frame_per_file: bool) -> tuple[str, ...]:
    """Path of a patch below the folder, without suffix."""
    first = group[0]
    return first.parts[:-1] if is_frame_per_file else (*first.parts[:-1], first.stem)


def _by_pattern(places: Iterable[tuple[str, ...]], pattern: re.Pattern[str]) -> list[TableRow]:
    is_path = "/" in pattern.pattern.replace("[^/]*", "")
    found = []
    for number, place in enumerate(places, start=1):
        match = pattern.fullmatch("/".join(place) if is_path else place[-1])
        if match is None:
            raise InputError(
                f"The name of patch {number} in the order of names does not fit the pattern; change the pattern, or leave it empty.",
                field="pattern",
            )
        named = match.groupdict()
        found.append(TableRow("", named.get("word") or "", named.get("patient") or ""))
    return found


def _by_table(places: Sequence[tuple[str, ...]], rows: Sequence[TableRow]) -> list[TableRow]:
    """Rows in the order of the patches; each patch has exactly one."""
    if any(not row.file for row in rows):
        raise InputError(
            "index.csv has a row without a file; with a file per patch the column file names each of them."
        )
    by_place = {_without_suffix(row.file): row for row in rows}
    keys = ["/".join(place) for place in places]
    n_missing = sum(key not in by_place for key in keys)
    if n_missing or len(by_place) != len(keys) or len(by_place) != len(rows):
        raise InputError(
            f"index.csv has {len(rows)} rows for {len(keys)} patches, and {n_missing} patches have none; give each patch one row with its path below the folder."
        )
    return [by_place[key] for key in keys]


def _without_suffix(name: str) -> str:
    path = str(PurePosixPath(name))
    suffix = files.suffix_of(path)
    return path[: -len(suffix)] if suffix else path


def _frame_words(groups: Sequence[tuple[SourceFile, ...]]) -> tuple[str, ...]:
    """Names of the frames, if they are called the same in every patch."""
    words = tuple(file.stem for file in groups[0])
    is_same = len(words) > 1 and all(tuple(file.stem for file in group) == words for group in groups)
    return words if is_same else ()
