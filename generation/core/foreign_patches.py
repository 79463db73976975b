"""Patches made by somebody else's program: checked in blocks and copied into a patch set of ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from generation.core.errors import InputError
from generation.core.frames import N_FRAMES, PATCH_SIZE, SCANNED_FRAMES, SUB, Patches, assemble, subtraction
from generation.core.patch_set import (
    INDEX_FILE,
    MANIFEST_FILE,
    PATCHES_FILE,
    PatchSetFolder,
    PatchSetWriter,
    map_patches,
    open_patch_set,
    read_index,
    sha256_of_file,
)

_BLOCK: Final = 512  # patches copied at a time, 29 MB

Progress = Callable[[int, int], None]  # patches copied, patches in all


def copy(folder: Path, target: Path, *, source: str, on_block: Progress | None = None) -> PatchSetFolder:
    """Copy patches.npy and index.csv into a new patch set.

    Parameters
    ----------
    folder : holds patches.npy, int16 of shape (N, 7, 64, 64) or (N, 6, 64, 64), and index.csv with a column
        lesion_class; from six frames, in the order of SCANNED_FRAMES, Sub is computed. A manifest.json beside
        them has to agree with the files and is kept as provenance.
    target : folder of the patch set, new
    source : name of what drew the patches

    Raises
    ------
    InputError
        If a file is missing or cannot be read, the numbers of patches and rows differ, or a value is outside
        its limits.
    """
    patches, rows = map_patches(folder / PATCHES_FILE), read_index(folder / INDEX_FILE)
    shape = patches.shape[1:]
    if shape not in {(N_FRAMES, PATCH_SIZE, PATCH_SIZE), (len(SCANNED_FRAMES), PATCH_SIZE, PATCH_SIZE)}:
        raise InputError(
            f"{folder / PATCHES_FILE} has the shape {patches.shape}; give (N, 7, 64, 64), or (N, 6, 64, 64) without Sub."
        )
    if len(rows) != len(patches):
        raise InputError(
            f"{folder / INDEX_FILE} has {len(rows)} rows for {len(patches)} patches; give one row per patch."
        )
    provenance = {"made_by": "import", "frames_given": shape[0], "origin": _origin(folder)}
    sub_error, with_sub_error = 0, 0
    with PatchSetWriter(target, source=source) as writer:
        for start in range(0, len(patches), _BLOCK):
            block: Patches = np.array(patches[start : start + _BLOCK])
            if shape[0] == len(SCANNED_FRAMES):
                block = assemble(block)
            writer.add(block, rows[start : start + _BLOCK])
            differences = np.abs(block[:, SUB] - subtraction(block)).max(axis=(1, 2))
            sub_error, with_sub_error = (
                max(sub_error, int(differences.max())),
                with_sub_error + int(np.count_nonzero(differences)),
            )
            if on_block:
                on_block(min(start + _BLOCK, len(patches)), len(patches))
        # A generator may draw Sub on its own; how far it strays from T1_post1 - T1_pre is worth knowing.
        return writer.finish(
            {**provenance, "largest_sub_error": sub_error, "n_patches_with_sub_error": with_sub_error}
        )


def _origin(folder: Path) -> dict[str, Any]:
    """What is known about the files: their sums and, where it is a whole patch set, its own provenance."""
    if not (folder / MANIFEST_FILE).exists():
        return {
            "patches_sha256": sha256_of_file(folder / PATCHES_FILE),
            "index_sha256": sha256_of_file(folder / INDEX_FILE),
        }
    manifest = open_patch_set(folder, verify=True).manifest
    return {key: manifest.get(key) for key in ("source", "patches_sha256", "index_sha256", "provenance")}
