"""What the NIfTI reader of ITK lets pass: truncated .nii.gz (read as zeros) and NaN (replaced by zero).

Both would become black tissue without a word, so the bytes are looked at before ITK reads them.
"""

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO, Final, cast

import numpy as np

from generation.core.errors import InputError

MAX_BYTES: Final = 4 << 30  # of one volume; 512 x 512 x 1000 voxels of 32 bits have 1 GiB
MAX_EXTRA_BYTES: Final = (
    64 << 20
)  # before the voxels (extensions) and after them; a gzip bomb would unpack for hours
_FLOAT_TYPES: Final = {16: "f4", 64: "f8"}  # NIfTI-1 data type codes
_BLOCK: Final = 1 << 24
_HEADER_BYTES: Final = 540  # of NIfTI-2; NIfTI-1 has 348, followed by data or extensions


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
        if len(header) >= 348 and struct.unpack_from(f"{order}i", header)[0] == 348:
            dims = struct.unpack_from(f"{order}8h", header, 40)
            data_type, bits = struct.unpack_from(f"{order}2h", header, 70)
            offset = int(struct.unpack_from(f"{order}f", header, 108)[0])
        elif len(header) >= 540 and struct.unpack_from(f"{order}i", header)[0] == 540:
            dims = struct.unpack_from(f"{order}8q", header, 16)
            data_type, bits = struct.unpack_from(f"{order}2h", header, 12)
            offset = struct.unpack_from(f"{order}q", header, 168)[0]
        else:
            continue
        n_voxels = int(np.prod([max(n, 1) for n in dims[1 : 1 + max(min(dims[0], 7), 0)]], dtype=object))
        float_type = _FLOAT_TYPES.get(data_type, "")
        return max(offset, 0), n_voxels * bits // 8, f"{order}{float_type}" if float_type else ""
    raise InputError(f"{path.name} is no NIfTI file; export it again as NIfTI, NRRD or MHA.")
