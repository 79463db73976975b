"""Patch sets on disk: patches.npy, index.csv and manifest.json in one folder, written once and memory-mapped ever after."""

import csv
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy as np
from numpy.typing import NDArray

from generation.core import durable, frame_set_json, npy_file
from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet
from generation.core.labels import LESION_CLASSES, LesionClass, parse_source
from generation.core.patch_check import check_patches
from generation.core.patch_index import INDEX_COLUMNS, PatchRow, cells, read_index

__all__ = [
    "QC_FOLDER",
    "PatchRow",
    "PatchSetFolder",
    "PatchSetWriter",
    "check_patches",
    "map_patches",
    "open_patch_set",
    "read_index",
    "sha256_of_file",
]

FORMAT_VERSION: Final = 1
PATCHES_FILE: Final = "patches.npy"
INDEX_FILE: Final = "index.csv"
MANIFEST_FILE: Final = "manifest.json"
QC_FOLDER: Final = "qc"  # sheets for checking patients by eye, where there are any
_DTYPE: Final = np.dtype("<i2")
_READ_BLOCK: Final = 1 << 20  # bytes hashed at a time


@dataclass(frozen=True)
class PatchSetFolder:
    """An opened patch set.

    Attributes
    ----------
    patches : (N, frames, height, width) int16, memory-mapped read-only
    rows : N rows of index.csv, in the order of `patches`
    manifest : manifest.json
    frame_set : what the frames are; the paper's where the manifest tells no other
    """

    folder: Path
    patches: NDArray[np.int16]
    rows: tuple[PatchRow, ...]
    manifest: dict[str, Any]
    frame_set: FrameSet = PAPER

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def source(self) -> str:
        """`real`, `dcgan`, `wgan` or the name of any other generator."""
        return str(self.manifest["source"])

    @property
    def sha256(self) -> str:
        """SHA-256 of patches.npy."""
        return str(self.manifest["patches_sha256"])

    @cached_property
    def _labels(self) -> NDArray[np.int64]:
        labels = np.fromiter(
            (row.lesion_class.code for row in self.rows), dtype=np.int64, count=len(self.rows)
        )
        labels.setflags(write=False)
        return labels

    def labels(self) -> NDArray[np.int64]:
        """Class index of every patch, (N,) int64, as LesionClass.code."""
        return self._labels

    def indices_of(self, lesion_class: LesionClass) -> NDArray[np.intp]:
        """Positions of the patches of one class, ascending."""
        return np.flatnonzero(self._labels == lesion_class.code)

    def counts(self) -> dict[LesionClass, int]:
        """Number of patches per class; every class is a key."""
        found = np.bincount(self._labels, minlength=len(LESION_CLASSES))
        return {lesion_class: int(found[lesion_class.code]) for lesion_class in LESION_CLASSES}

    def patients(self) -> tuple[str, ...]:
        """Pseudonyms that occur, sorted; empty for generated patches."""
        return tuple(sorted({row.patient for row in self.rows if row.patient}))


class PatchSetWriter:
    """Append patches to a new patch set; nothing is visible under its name before `finish`.

    Data stream into a hidden sibling folder, which `finish` renames; leaving the `with` block
    without `finish` removes it. Memory use does not grow with the number of patches.

    Parameters
    ----------
    folder : where the patch set will be; must not exist yet
    source : `real`, `dcgan`, `wgan` or another slug
    frame_set : what the frames of every patch are

    Raises
    ------
    InputError
        If the folder exists or the source is no slug.
    """

    def __init__(self, folder: Path, *, source: str, frame_set: FrameSet = PAPER) -> None:
        if folder.exists():
            raise InputError(
                f'A patch set "{folder.name}" already exists in {folder.parent}; choose another name.'
            )
        self.folder = folder
        self.source = parse_source(source)
        self.frame_set = frame_set
        self.n_patches = 0
        self._counts = dict.fromkeys(LESION_CLASSES, 0)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._partial = folder.parent / f".{folder.name}.partial-{secrets.token_hex(4)}"
        self._partial.mkdir()
        self._data: BinaryIO = (self._partial / PATCHES_FILE).open("wb")
        self._index = (self._partial / INDEX_FILE).open("w", newline="", encoding="utf-8")
        self._index_csv = csv.writer(self._index, lineterminator="\n")
        self._index_csv.writerow(INDEX_COLUMNS)
        self._header_bytes = _write_header(self._data, n_patches=0, shape=frame_set.shape)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._data.close()
        self._index.close()
        shutil.rmtree(self._partial, ignore_errors=True)  # gone already after finish

    def add(self, patches: NDArray[np.int16], rows: Sequence[PatchRow]) -> None:
        """Append patches together with one row each.

        Parameters
        ----------
        patches : (n, frames, height, width) int16, within the limits of each frame
        rows : n rows

        Raises
        ------
        InputError
            If shape, type, number of rows or a value is outside these limits.
        """
        check_patches(patches, self.frame_set)
        if len(rows) != len(patches):
            raise InputError(f"{len(patches)} patches came with {len(rows)} rows; give one row per patch.")
        self._data.write(np.ascontiguousarray(patches, dtype=_DTYPE).data)
        for row in rows:
            self._index_csv.writerow(cells(row))
            self._counts[row.lesion_class] += 1
        self.n_patches += len(rows)

    def attach(self, name: str, content: bytes) -> None:
        """Put a file beside the patches, for instance a sheet for checking them; it is no part of the sums."""
        path = self._partial / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def finish(self, provenance: Mapping[str, object]) -> PatchSetFolder:
        """Write the manifest, give the folder its name and open it.

        Parameters
        ----------
        provenance : what the patches were made from and how; anything JSON can hold

        Raises
        ------
        InputError
            If no patch was added, or the folder has appeared meanwhile.
        """
        if self.n_patches == 0:
            raise InputError(f'Patch set "{self.folder.name}" would be empty; there was no patch to store.')
        self._data.seek(0)
        n_bytes = _write_header(self._data, n_patches=self.n_patches, shape=self.frame_set.shape)
        if n_bytes != self._header_bytes:
            raise RuntimeError("the .npy header grew and would overwrite the first patch")
        self._data.close()
        self._index.close()
        manifest = {
            "format": "patch set",
            "format_version": FORMAT_VERSION,
            "source": self.source,
            "frames": list(self.frame_set.names),
            **({} if self.frame_set.is_paper else {"frame_set": self.frame_set.to_json()}),
            "n_patches": self.n_patches,
            "counts": {lesion_class.value: n for lesion_class, n in self._counts.items()},
            "patches_sha256": sha256_of_file(self._partial / PATCHES_FILE),
            "index_sha256": sha256_of_file(self._partial / INDEX_FILE),
            "provenance": dict(provenance),
        }
        text = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False)
        (self._partial / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
        try:
            durable.rename_folder(self._partial, self.folder)
        except OSError as error:
            if not self.folder.exists():
                raise
            raise InputError(
                f'A patch set "{self.folder.name}" already exists in {self.folder.parent}; choose another name.'
            ) from error
        return open_patch_set(self.folder)


def open_patch_set(folder: Path, *, verify: bool = False) -> PatchSetFolder:
    """Open a patch set folder.

    Parameters
    ----------
    folder : holds patches.npy, index.csv and manifest.json
    verify : also read every byte and compare the SHA-256 sums with the manifest's

    Raises
    ------
    InputError
        If a file is missing or damaged, the files disagree, or a sum differs.
    """
    manifest = _read_manifest(folder)
    frame_set = _frame_set(manifest, folder / MANIFEST_FILE)
    patches = map_patches(folder / PATCHES_FILE)
    if patches.shape[1:] != frame_set.shape:
        raise InputError(
            f"{folder / PATCHES_FILE} has the shape {patches.shape}; a patch set has {frame_set.shape_words('N')}."
        )
    if verify:
        for name, key in ((PATCHES_FILE, "patches_sha256"), (INDEX_FILE, "index_sha256")):
            if sha256_of_file(folder / name) != manifest[key]:
                raise InputError(
                    f"{folder / name} was changed after it was written: its SHA-256 is not the one in {MANIFEST_FILE}; restore it or make the patch set again."
                )
    rows = read_index(folder / INDEX_FILE)
    if len(rows) != len(patches):
        raise InputError(
            f"{folder / INDEX_FILE} has {len(rows)} rows for {len(patches)} patches; restore both files from the same patch set."
        )
    return PatchSetFolder(folder=folder, patches=patches, rows=rows, manifest=manifest, frame_set=frame_set)


def map_patches(path: Path) -> NDArray[np.int16]:
    """Memory-map a .npy of int16 patches read-only.

    Returns
    -------
    (N, frames, height, width) int16

    Raises
    ------
    InputError
        If the file is missing, no plain .npy, truncated, empty, or not int16 in four dimensions.
    """
    try:
        patches = npy_file.mapped(path)
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing; a patch set has {PATCHES_FILE}, {INDEX_FILE} and {MANIFEST_FILE}."
        ) from None
    except (OSError, npy_file.DamagedError, npy_file.PickledError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{path} cannot be read as a NumPy array of patches ({reason}); write it with numpy.save."
        ) from error
    if patches.dtype != _DTYPE or patches.ndim != 4:
        raise InputError(
            f"{path} holds {patches.dtype} in {patches.ndim} dimensions; patches are int16 of shape (N, frames, height, width)."
        )
    return patches


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _write_header(file: BinaryIO, *, n_patches: int, shape: tuple[int, int, int]) -> int:
    """Write the .npy header; NumPy pads it so that its length does not depend on n_patches."""
    header = {"descr": _DTYPE.str, "fortran_order": False, "shape": (n_patches, *shape)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.tell()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST_FILE
    if path.exists() and not path.is_file():  # a device would be read for ever
        raise InputError(f"{path} is no plain file; restore it from where the patch set came from.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder} is no patch set: {MANIFEST_FILE} is missing.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}).") from error
    known = (
        isinstance(manifest, dict)
        and {"format_version", "source", "frames", "patches_sha256", "index_sha256"} <= manifest.keys()
    )
    if not known or manifest["format_version"] != FORMAT_VERSION:
        raise InputError(
            f"{path} is not a manifest of format version {FORMAT_VERSION}; make the patch set again with this software."
        )
    return dict(manifest)


def _frame_set(manifest: Mapping[str, Any], path: Path) -> FrameSet:
    """The frames of the manifest: the paper's, unless it holds another frame set."""
    try:
        frame_set = frame_set_json.read(manifest["frame_set"]) if "frame_set" in manifest else PAPER
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if manifest["frames"] != list(frame_set.names):
        raise InputError(
            f"{path} names the frames {manifest['frames']!r:.80}; its frame set has {', '.join(frame_set.names)}: make the patch set again with this software."
        )
    return frame_set
