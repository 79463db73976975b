"""What the NRRD and MetaImage readers of ITK let pass, or fall over: their text headers are looked at first.

A header can name another file of this machine as its voxels, promise more voxels than there are, or hold lines so long
that the reader crashes; none of it may reach ITK.
"""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from generation.core.errors import InputError

MAX_HEADER_BYTES: Final = 64 << 10
MAX_LINE_BYTES: Final = 1_000
MAX_LINES: Final = 300
MAX_DIMENSIONS: Final = 6
MAX_VOXELS: Final = 1 << 30
_NRRD: Final = re.compile(rb"NRRD000[1-5]")
_BYTES: Final = {
    "MET_CHAR": 1, "MET_UCHAR": 1, "MET_SHORT": 2, "MET_USHORT": 2, "MET_INT": 4, "MET_UINT": 4, "MET_LONG": 4, "MET_ULONG": 4,
    "MET_LONG_LONG": 8, "MET_ULONG_LONG": 8, "MET_FLOAT": 4, "MET_DOUBLE": 8,
}  # fmt: skip
_NRRD_BYTES: Final = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t", "float"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t", "double"), 8),
}  # fmt: skip
_NRRD_NUMBERS: Final = {
    "space directions",
    "space origin",
    "spacings",
    "thicknesses",
    "axis mins",
    "axis maxs",
}
_NRRD_FIELDS: Final = {
    "type", "dimension", "sizes", "encoding", "endian", "content", "space", "kinds", "centers", "centerings", "units", "labels", "space units",
    "space dimension", "measurement frame", "min", "max", "old min", "old max", *_NRRD_NUMBERS,
}  # fmt: skip
_META_NUMBERS: Final = {"Offset", "Position", "Origin", "TransformMatrix", "Rotation", "Orientation", "CenterOfRotation", "ElementSpacing", "ElementSize"}  # fmt: skip
_META_FIELDS: Final = {
    "ObjectType", "NDims", "DimSize", "BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData", "CompressedDataSize",
    "AnatomicalOrientation", "ElementType", "ElementNumberOfChannels", "ElementDataFile", "Comment", "Name", "ID", "ParentID", "Color", "Modality",
    "AcquisitionDate", "DistanceUnits", "CompressionLevel", "TransformType", *_META_NUMBERS,
}  # fmt: skip
MEND: Final = "export it again as NIfTI, NRRD or MHA"


def check(path: Path) -> None:
    """Look at the header of a .nrrd or .mha.

    Raises
    ------
    InputError
        If the header is damaged, holds what such a file need not hold, points to another file, or does not fit the length of the file.
    """
    read: Callable[[Path, bytes], None] = _check_nrrd if path.suffix == ".nrrd" else _check_meta
    try:
        with path.open("rb") as file:
            start = file.read(MAX_HEADER_BYTES)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); copy or export it again.") from None
    read(path, start)


def _check_nrrd(path: Path, start: bytes) -> None:
    end = re.search(rb"\r?\n\r?\n", start)
    lines = start[: end.start()].splitlines() if end else []
    if end is None or not _NRRD.fullmatch(lines[0]):
        raise _refusal(path, "it has no complete header of an NRRD file")
    fields = {}
    for line in _texts(path, lines[1:]):
        name, sign, value = line.partition(": ")
        if line.startswith("#") or (":=" in line and not sign):
            continue
        if name not in _NRRD_FIELDS or name in fields:
            raise _refusal(path, "its header has a field that no volume needs, or names another file")
        fields[name] = value.strip()
    sizes = _wholes(path, fields.get("sizes", ""))
    n_dimensions = _wholes(path, fields.get("dimension", ""))
    if n_dimensions != [len(sizes)]:
        raise _refusal(path, "its dimension and sizes disagree")
    for name in _NRRD_NUMBERS & fields.keys():
        _check_numbers(path, re.sub(r"[(),]", " ", fields[name]).replace("none", " "))
    width = _NRRD_BYTES.get(fields.get("type", ""))
    encoding = fields.get("encoding", "")
    if (
        width is None
        or encoding not in ("raw", "gzip", "gz")
        or fields.get("endian", "little") not in ("little", "big")
    ):
        raise _refusal(path, "its type, encoding or order of bytes is not one that volumes have")
    if width > 1 and "endian" not in fields:
        raise _refusal(path, "it does not say its order of bytes")
    _check_length(path, sizes, width, end.end(), is_packed=encoding != "raw")


def _check_meta(path: Path, start: bytes) -> None:
    end = re.search(rb"^ElementDataFile *= *LOCAL *\r?\n", start, re.MULTILINE)
    if end is None:
        raise _refusal(path, "its voxels are not in the file itself, or its header is damaged")
    fields: dict[str, str] = {}
    for line in _texts(path, start[: end.end()].splitlines()):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or name not in _META_FIELDS or name in fields:
            raise _refusal(path, "its header has a line that no volume needs")
        fields[name] = value
    sizes = _wholes(path, fields.get("DimSize", ""))
    n = len(sizes)
    if fields.get("ObjectType") != "Image" or _wholes(path, fields.get("NDims", "")) != [n]:
        raise _refusal(path, "its dimensions and sizes disagree")
    for name in _META_NUMBERS & fields.keys():
        numbers = _check_numbers(path, fields[name])
        if len(numbers) != (n * n if name in ("TransformMatrix", "Rotation", "Orientation") else n):
            raise _refusal(path, f"{name} has {len(numbers)} numbers for {n} dimensions")
    width = _BYTES.get(fields.get("ElementType", ""))
    channels = _wholes(path, fields.get("ElementNumberOfChannels", "1"))
    if width is None or channels != [1]:
        raise _refusal(path, "its type of voxels is not that of a grey-level volume")
    _check_flags(path, fields)
    _check_length(path, sizes, width, end.end(), is_packed=fields.get("CompressedData", "False") == "True")


def _check_flags(path: Path, fields: Mapping[str, str]) -> None:
    for name in ("BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData"):
        if fields.get(name, "True") not in ("True", "False"):
            raise _refusal(path, f"{name} is neither True nor False")
    if fields.get("BinaryData", "True") != "True":
        raise _refusal(path, "its voxels are written as text")
    for name in ("CompressedDataSize", "CompressionLevel", "ID", "ParentID"):
        if name in fields and not re.fullmatch(r"-?\d{1,12}", fields[name]):
            raise _refusal(path, f"{name} is no whole number")
    if not re.fullmatch(r"[A-Z?]{1,6}", fields.get("AnatomicalOrientation", "RAI")):
        raise _refusal(path, "its orientation is none")


def _texts(path: Path, lines: list[bytes]) -> list[str]:
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE_BYTES for line in lines):
        raise _refusal(
            path, f"its header has more than {MAX_LINES} lines or one of more than {MAX_LINE_BYTES} bytes"
        )
    texts = [line.decode("latin-1") for line in lines]
    if any(not text.replace("\t", " ").isprintable() for text in texts):
        raise _refusal(path, "its header is damaged")
    return texts


def _wholes(path: Path, text: str) -> list[int]:
    words = text.split()
    if not 1 <= len(words) <= MAX_DIMENSIONS or any(not re.fullmatch(r"[0-9]{1,10}", word) for word in words):
        raise _refusal(path, "its dimension or a size is no small whole number")
    return [int(word) for word in words]


def _check_numbers(path: Path, text: str) -> list[float]:
    try:
        found = [float(word) for word in text.split()]
    except ValueError:
        found = [math.nan]
    if (
        not found
        or len(found) > MAX_DIMENSIONS**2
        or not all(math.isfinite(value) and abs(value) < 1e9 for value in found)
    ):
        raise _refusal(path, "a place or a spacing in its header is no number")
    return found


def _check_length(path: Path, sizes: list[int], width: int, start: int, *, is_packed: bool) -> None:
    n_voxels = math.prod(sizes)
    if not 1 <= n_voxels <= MAX_VOXELS:
        raise InputError(f"{path.name} promises {n_voxels} voxels; the limit is {MAX_VOXELS}.")
    missing = n_voxels * width - (path.stat().st_size - start)
    if missing > 0 and not is_packed:
        raise _refusal(path, f"{missing} of {n_voxels * width} bytes of voxels are missing")


def _refusal(path: Path, reason: str) -> InputError:
    return InputError(f"{path.name} cannot be read ({reason}); {MEND}.")
