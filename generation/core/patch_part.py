"""One patient's part of a patch set on its way there: a folder of its own, trusted by one hash over its files."""

import csv
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.patch_index import INDEX_COLUMNS, PatchRow, cells, read_index

PATCHES: Final = "patches.npy"
INDEX: Final = "index.csv"
SHEET: Final = "sheet.jpg"
FACTS: Final = "facts.json"
_FILES: Final = (PATCHES, INDEX, SHEET, FACTS)
_BLOCK: Final = 1 << 20  # bytes hashed at a time


@dataclass(frozen=True)
class PatchPart:
    """An opened part.

    Attributes
    ----------
    patches : (n, 7, 64, 64) int16, memory-mapped; n may be 0
    rows : n rows
    facts : what the manifest says about the patient
    sheet : JPEG
    """

    patches: NDArray[np.int16]
    rows: tuple[PatchRow, ...]
    facts: dict[str, Any]
    sheet: bytes


def write(
    folder: Path,
    *,
    patches: NDArray[np.int16],
    rows: tuple[PatchRow, ...],
    facts: Mapping[str, object],
    sheet: bytes,
) -> str:
    """Write a part beside its place, then give it its name; a part that is there already is replaced.

    Returns
    -------
    its hash

    Raises
    ------
    OSError
        If it cannot be written; nothing of it is left then.
    """
    draft = folder.with_name(f".{folder.name}.partial-{secrets.token_hex(4)}")
    try:
        draft.mkdir(parents=True)
        with (draft / PATCHES).open("wb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(patches), allow_pickle=False)
        with (draft / INDEX).open("w", newline="", encoding="utf-8") as text:
            lines = csv.writer(text, lineterminator="\n")
            lines.writerow(INDEX_COLUMNS)
            lines.writerows(cells(row) for row in rows)
        (draft / SHEET).write_bytes(sheet)
        (draft / FACTS).write_text(json.dumps(facts, allow_nan=False), encoding="utf-8")
        found = sha256(draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return found


def sha256(folder: Path) -> str:
    """Hash over names, sizes and bytes of the files of a part, read in blocks; empty if one is missing."""
    digest = hashlib.sha256()
    try:
        for name in _FILES:
            path = folder / name
            digest.update(f"{name} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def read(folder: Path) -> PatchPart:
    """Open a part whose hash was compared before.

    Raises
    ------
    InputError
        If it cannot be read all the same.
    """
    try:
        patches = np.lib.format.open_memmap(folder / PATCHES, mode="r")
    except ValueError:  # an array of no patches cannot be mapped
        patches = np.load(folder / PATCHES, allow_pickle=False)
    except OSError as error:
        raise InputError(
            f"The part of patient {folder.name} cannot be read ({error.strerror}); extract the cohort again."
        ) from None
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return PatchPart(patches, read_index(folder / INDEX), facts, (folder / SHEET).read_bytes())
