"""What the NIfTI reader of ITK lets pass: truncated .nii.gz (read as zeros) and NaN (replaced by zero).

Both would become black tissue without a word, so the bytes are looked at before ITK reads them.
"""

import gzip
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np

from generation.core.errors import InputError

MAX_BYTES: Final = 4 << 30  # of one volume; 512 x 512 x 1000 voxels of 32 bits have 1 GiB
MAX_EXTRA_BYTES: Final = (
    64 << 20
)  # before the voxels (extensions) and after them; a gzip bomb would unpack for hours
_FLOAT_TYPES: Final = {16: "f4", 64: "f8"}  # NIfTI-1 data type codes
_BITS: Final = {1: 1, 2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64,
                1536: 128, 1792: 128, 2048: 256, 2304: 32}  # fmt: skip
MAX_PLACE_MM: Final = 1e9
_BLOCK: Final = 1 << 24
_HEADER_BYTES: Final = 540  # of NIfTI-2; NIfTI-1 has 348, followed by data or extensions


@dataclass(frozen=True)
class _Version:
    """Where a version of the format keeps what.

    Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
    """

    n_bytes: int
    magic: bytes
    first: int  # byte at which voxels may begin
    fields: Mapping[str, tuple[int, str]]

    def read(self, header: bytes, order: str, name: str) -> tuple[Any, ...]:
        place, form = self.fields[name]
        return struct.unpack_from(order + form, header, place)


_VERSIONS: Final = (
    _Version(348, b"n+1", 352, {"size": (0, "i"), "magic": (344, "4s"), "dims": (40, "8h"), "type": (70, "2h"), "offset": (108, "f"),
                                "spacing": (76, "8f"), "codes": (252, "2h"), "placing": (256, "18f")}),
    _Version(540, b"n+2", 544, {"size": (0, "i"), "magic": (4, "8s"), "dims": (16, "8q"), "type": (12, "2h"), "offset": (168, "q"),
                                "spacing": (104, "8d"), "codes": (344, "2i"), "placing": (352, "18d")}),
)  # fmt: skip


def check(path: Path) -> int:
    """Read a .nii or .nii.gz once, to its end.

    Returns
    -------
    number of voxels that are NaN or infinite

    Raises
    ------
    InputError
        If the file is truncated, damaged, no NIfTI, or its header promises more than 4 GiB.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rb") as unpacked:
                return _check_stream(cast("IO[bytes]", unpacked), path)
        with path.open("rb") as plain:
            return _check_stream(plain, path)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{path.name} cannot be read ({reason}); copy or export it again.") from None


def _check_stream(file: IO[bytes], path: Path) -> int:
    header = file.read(_HEADER_BYTES)
    offset, n_bytes, float_type = _layout(header, path)
    if n_bytes > MAX_BYTES:
        raise InputError(f"{path.name} promises {n_bytes} bytes of voxels; the limit is {MAX_BYTES}.")
    if offset > MAX_EXTRA_BYTES:
        raise InputError(
            f"{path.name} says that its voxels begin at byte {offset}; the limit is {MAX_EXTRA_BYTES}."
        )
    if offset > len(header):
        file.read(offset - len(header))
    rest, n_left, n_bad = header[offset:][:n_bytes], n_bytes, 0
    while n_left:
        block = rest + file.read(min(_BLOCK, n_left - len(rest)))
        if len(block) == len(rest) < n_left:
            missing = n_left - len(rest)
            raise InputError(
                f"{path.name} cannot be read ({missing} of {n_bytes} bytes of voxels are missing); copy or export it again."
            )
        # A float must not be cut in two at the end of a block.
        whole = len(block) if len(block) == n_left else len(block) - len(block) % 8
        rest, n_left = block[whole:], n_left - whole
        if float_type:
            n_bad += int(np.count_nonzero(~np.isfinite(np.frombuffer(block[:whole], dtype=float_type))))
    n_extra = 0
    while block := file.read(_BLOCK):  # to the end, where gzip keeps its checksum
        n_extra += len(block)
        if n_extra > MAX_EXTRA_BYTES:
            raise InputError(
                f"{path.name} goes on for more than {MAX_EXTRA_BYTES} bytes after its voxels; export it again."
            )
    return n_bad


def _layout(header: bytes, path: Path) -> tuple[int, int, str]:
    """Offset and number of bytes of the voxels, and their NumPy type if they are floats."""
    for order in "<>":
        for version in _VERSIONS:
            if len(header) >= version.n_bytes and version.read(header, order, "size")[0] == version.n_bytes:
                return _described(header, order, version, path)
    raise InputError(f"{path.name} is no NIfTI file; export it again as NIfTI, NRRD or MHA.")


def _described(header: bytes, order: str, version: "_Version", path: Path) -> tuple[int, int, str]:
    """What a header says of its voxels, where ITK and its NIfTI library can be trusted with it."""
    if version.read(header, order, "magic")[0][:3] != version.magic:
        raise InputError(
            f"{path.name} is an Analyze file or the header of two files, which do not say how the patient lies; export it again as NIfTI, NRRD or MHA."
        )
    n_dimensions, *dims = version.read(header, order, "dims")
    sizes = dims[: max(n_dimensions, 0)]
    data_type, bits = version.read(header, order, "type")
    if not 1 <= n_dimensions <= 7 or min(sizes) < 1 or bits != _BITS.get(data_type):
        raise _damaged(path, "its sizes or its type of voxels")
    (offset,) = version.read(header, order, "offset")
    has_quaternion, has_matrix = version.read(header, order, "codes")
    placing = version.read(header, order, "placing")
    places = [
        offset,
        *version.read(header, order, "spacing")[: 1 + min(n_dimensions, 3)],
        *(placing[:6] if has_quaternion else ()),
        *(placing[6:] if has_matrix else ()),
    ]
    if not all(map(math.isfinite, places)) or max(map(abs, places[1:])) > MAX_PLACE_MM:
        raise _damaged(path, "a place or a spacing")
    float_type = _FLOAT_TYPES.get(data_type, "")
    n_bytes = math.prod(sizes) * bits // 8
    return max(int(offset), version.first), n_bytes, f"{order}{float_type}" if float_type else ""


def _damaged(path: Path, what: str) -> InputError:
    return InputError(f"{path.name} cannot be read (the header is damaged: {what}); copy or export it again.")
