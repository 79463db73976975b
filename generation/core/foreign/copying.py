"""Store somebody's patches as a patch set: read one, map it, write it; all of them or none."""

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.foreign import survey
from generation.core.foreign.archive import disk_full_sentence
from generation.core.foreign.files import SourceFile
from generation.core.foreign.found import ForeignPatch, Found
from generation.core.foreign.mapping import Mapping
from generation.core.patch_set import (
    MANIFEST_FILE,
    PatchRow,
    PatchSetFolder,
    PatchSetWriter,
    open_patch_set,
)

_BLOCK_BYTES: Final = 16 << 20  # of patches written at a time

Progress = Callable[[int, int], None]


def copy(
    found: Found,
    mapping: Mapping,
    target: Path,
    *,
    source: str,
    listed: tuple[SourceFile, ...] = (),
    on_block: Progress | None = None,
) -> PatchSetFolder:
    """Store patches under a mapping.

    Parameters
    ----------
    target : folder of the patch set, new
    source : name of what drew the patches
    listed : all files they were found among: a whole patch set of this software is checked against its own sums

    Raises
    ------
    InputError
        If a patch cannot be read or mapped, or the disk is full; nothing is left then.
    """
    frame_set = mapping.frame_set
    size = max(1, _BLOCK_BYTES // frame_set.n_bytes)
    origin = _origin(listed)
    opened = survey.open_all(found)
    digest = hashlib.sha256()
    totals = _Totals()
    try:
        with PatchSetWriter(target, source=source, frame_set=frame_set) as writer:
            for start in range(0, len(found.patches), size):
                end = min(start + size, len(found.patches))
                block, rows = [], []
                for number in range(start, end):
                    patch = found.patches[number]
                    lesion_class = mapping.lesion_class(patch.word)
                    if lesion_class is None:
                        totals.n_left_out += 1
                        continue
                    raw = survey.read_patch(found, number, opened=opened)
                    digest.update(np.ascontiguousarray(raw).data)
                    stored, n_cut = _mapped(found, mapping, number, raw)
                    totals.n_cut += n_cut
                    block.append(stored)
                    rows.append(PatchRow(patch.patient, lesion_class, *_places(patch)))
                if block:
                    patches = np.stack(block)
                    totals.see(patches, mapping)
                    writer.add(patches, rows)
                if on_block:
                    on_block(end, len(found.patches))
            return writer.finish(
                {**_provenance(found, mapping, digest.hexdigest()), **totals.as_dict(), "origin": origin}
            )
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(disk_full_sentence(target.parent)) from None
        raise InputError(
            f"The patches cannot be written ({error.strerror}); look at the data folder and import again."
        ) from None


class _Totals:
    """What is worth knowing of all patches together."""

    def __init__(self) -> None:
        self.n_left_out = self.n_cut = 0
        self.sub_error = self.n_with_sub_error = 0

    def see(self, patches: NDArray[np.int16], mapping: Mapping) -> None:
        """A generator may draw Sub on its own; how far it strays from what it is the difference of is worth knowing."""
        frame_set = mapping.frame_set
        for one in frame_set.subtractions:
            place = frame_set.index(one.name)
            gaps = np.abs(patches[:, place].astype(np.int32) - frame_set.subtracted(patches)[:, place])
            largest = gaps.max(axis=(1, 2))
            self.sub_error = max(self.sub_error, int(largest.max()))
            self.n_with_sub_error += int(np.count_nonzero(largest))

    def as_dict(self) -> dict[str, int]:
        return {
            "n_left_out": self.n_left_out,
            "n_pixels_cut": self.n_cut,
            "largest_sub_error": self.sub_error,
            "n_patches_with_sub_error": self.n_with_sub_error,
        }


def _mapped(found: Found, mapping: Mapping, number: int, raw: NDArray[Any]) -> tuple[NDArray[np.int16], int]:
    places = [frame.place for frame in mapping.frames if frame.place is not None]
    if max(places) >= len(raw) or raw.shape[1:] != mapping.frame_set.shape[1:]:
        raise InputError(
            f"{found.position(number)} has another size or number of frames than when it was looked at; look again."
        )
    try:
        return mapping.apply(raw)
    except InputError as error:
        raise InputError(f"{found.position(number)}: {error}") from None


def _places(patch: ForeignPatch) -> tuple[int | None, int | None, int | None, int | None]:
    lesion_id, axial, row, col = patch.places
    return lesion_id, axial, row, col


def _provenance(found: Found, mapping: Mapping, sha256: str) -> dict[str, Any]:
    """Where the patches came from, without a name of a file or folder."""
    return {
        "made_by": "import",
        "format": found.kind.value,
        "n_found": len(found.patches),
        "frames_given": len([frame for frame in mapping.frames if frame.place is not None]),
        "values": mapping.scale.value,
        "mapping": [
            {"frame": frame.name, "found": frame.place, "low": frame.low, "high": frame.high}
            for frame in mapping.frames
        ],
        "found_sha256": sha256,
    }


def _origin(listed: tuple[SourceFile, ...]) -> dict[str, Any] | None:
    """Provenance of a whole patch set of this software, which then has to agree with its sums."""
    manifest = next((file for file in listed if file.parts == (MANIFEST_FILE,)), None)
    if manifest is None:
        return None
    here = {file.parts[0]: file.path for file in listed if len(file.parts) == 1}
    if any(path.parent != manifest.path.parent or path.name != name for name, path in here.items()):
        return _uploaded_origin(manifest.path)
    try:
        found = open_patch_set(manifest.path.parent, verify=True).manifest
    except InputError as error:
        if "was changed" in str(error):
            raise InputError(
                "The patch set was changed after it was written: a SHA-256 is not the one in manifest.json; restore it, or import it without manifest.json."
            ) from None
        return None  # a manifest of some other program
    return {key: found.get(key) for key in ("source", "patches_sha256", "index_sha256", "provenance")}


def _uploaded_origin(path: Path) -> dict[str, Any] | None:
    """What an uploaded manifest says of itself."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    keys = ("source", "patches_sha256", "index_sha256")
    return {key: str(found.get(key))[:100] for key in keys} if isinstance(found, dict) else None
