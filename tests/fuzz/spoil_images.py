"""Spoil the headers of NIfTI, NumPy, PNG, TIFF and safetensors where it hurts: sizes, types, offsets, counts."""

import gzip
import struct
import zlib
from random import Random

from tests.fuzz import spoil_bytes, spoil_tables
from tests.fuzz.spoil_bytes import ODD_FLOATS, ODD_WHOLES

_NIFTI1 = {
    "i": (0,),
    "h": (*range(40, 56, 2), 68, 70, 72, 74, 120, 252, 254),
    "f": (*range(76, 108, 4), 108, 112, 116, 124, 128, *range(256, 328, 4)),
    "b": (39, 122, 123, 344, 345, 346, 347, 348),
}
_NIFTI2 = {
    "i": (0, 500, 504),
    "q": (*range(16, 80, 8), 168),
    "h": (12, 14),
    "d": (*range(104, 168, 8), 176, 184, *range(352, 496, 8)),
}
_TYPE_CODES = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280, 1536, 1792, 2048, 2304)


def nifti(content: bytes, rng: Random) -> bytes:
    """Set one to three fields of the header."""
    fields = _NIFTI2 if content[:4] == struct.pack("<i", 540) else _NIFTI1
    spoilt = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice(tuple(fields))
        place = rng.choice(fields[kind])
        if place == (12 if fields is _NIFTI2 else 70):
            value: float = rng.choice(_TYPE_CODES)
        else:
            value = rng.choice(ODD_FLOATS) if kind in "fd" else rng.choice(ODD_WHOLES)
        if place + struct.calcsize(kind) <= len(spoilt):
            _put(spoilt, "<" + kind, place, value)
    return bytes(spoilt)


def _put(spoilt: bytearray, form: str, place: int, value: float) -> None:
    """Pack a value; a whole number is cut to the width of its field."""
    size = struct.calcsize(form)
    if form[-1] in "fd":
        struct.pack_into(form, spoilt, place, value)
    else:
        order = "little" if form[0] == "<" else "big"
        spoilt[place : place + size] = (int(value) % (1 << 8 * size)).to_bytes(size, order)


def packed(content: bytes, rng: Random) -> bytes:
    """Unpack a .gz, spoil what is inside, pack it again; now and then a part that unpacks to very much."""
    try:
        inside = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return spoil_bytes.spoil(content, rng)
    if rng.random() < 0.01:
        return content + gzip.compress(b"\0" * (80 << 20), 1)
    inside = nifti(inside, rng) if rng.random() < 0.7 else spoil_bytes.spoil(inside, rng)
    return gzip.compress(inside, 1)


_DESCR = ("|O", "<f2", "<f4", "<f8", "<f16", "<c8", "|b1", "<U5", "|S3", "<M8[s]", "|V8", ">i2", "<i8", "<u8", "|u1", "", "<i3", "i" * 300)  # fmt: skip
_SHAPES = ("()", "(0,)", "(0, 7, 64, 64)", "(-1, 7, 64, 64)", "(1099511627776,)", "(4611686018427387904, 2)", "(3, 3, 3, 3, 3)", "(2, 3.5)", "('a', 2)",
           "None", "[2, 2]", "(2, 3, 20, 20)", "(True, 2)", "(9223372036854775807, 1, 1, 1)", "(1,)" * 40, "(" * 300, "{}", "(1, 1, 2400)")  # fmt: skip


def npy(content: bytes, rng: Random) -> bytes:
    """Write another header: types, shapes, orders, versions, lengths."""
    if not content.startswith(b"\x93NUMPY") or len(content) < 10:
        return spoil_bytes.spoil(content, rng)
    n_header = struct.unpack_from("<H", content, 8)[0]
    text = content[10 : 10 + n_header].decode("latin-1")
    way = rng.randrange(6)
    if way == 0:
        descr = rng.choice(
            (*(repr(one) for one in _DESCR), "[('a', '<i2'), ('b', '|O')]", "('<i2', (2, 2))", "5", "None")
        )
        text = "{'descr': " + descr + text[text.find(", 'fortran_order'") :]
    elif way == 1:
        text = text[: text.find("'shape'")] + f"'shape': {rng.choice(_SHAPES)}, }}\n"
    elif way == 2:
        text = text.replace("False", rng.choice(("True", "None", "'a'", "1")))
    elif way == 3:
        text = rng.choice(
            ("", "{", "[]", "{'descr': '<i2'}", "__import__('os')", "(" * 4000, "9" * 5000, "{'a':" * 300)
        )
    elif way == 4:
        version = bytes(rng.choice(((1, 0), (2, 0), (3, 0), (0, 0), (9, 9))))
        return content[:6] + version + content[8:]
    else:
        return content[:8] + struct.pack("<H", rng.choice(ODD_WHOLES) % 65_536) + content[10:]
    return (
        content[:8]
        + struct.pack("<H", len(text.encode("latin-1")))
        + text.encode("latin-1")
        + content[10 + n_header :]
    )


def png(content: bytes, rng: Random) -> bytes:
    """Change, leave out, repeat or exchange chunks; their checks fit, so that more is read."""
    chunks, place = [], 8
    while place + 12 <= len(content):
        n = struct.unpack_from(">I", content, place)[0]
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + n]))
        place += 12 + n
    if not chunks:
        return spoil_bytes.spoil(content, rng)
    number = rng.randrange(len(chunks))
    name, data = chunks[number]
    way = rng.randrange(7)
    if way == 0 and len(data) >= 13:
        field = rng.choice((0, 4, 8, 9, 10, 11, 12))
        spoilt = bytearray(data)
        if field < 8:
            _put(spoilt, ">I", field, rng.choice(ODD_WHOLES))
        else:
            spoilt[field] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 32, 255))
        chunks[number] = (name, bytes(spoilt))
    elif way == 1:
        chunks[number] = (name, spoil_bytes.spoil(data, rng))
    elif way == 2:
        del chunks[number]
    elif way == 3:
        chunks.insert(number, rng.choice(chunks))
    elif way == 4:
        more = (
            b"PLTE",
            b"tRNS",
            b"iCCP",
            b"zTXt",
            b"iTXt",
            b"acTL",
            b"fcTL",
            b"fdAT",
            b"gAMA",
            b"pHYs",
            b"sBIT",
            b"eXIf",
            b"cHRM",
        )
        chunks.insert(
            number,
            (
                rng.choice(more),
                rng.choice((b"", b"\0" * 30, rng.randbytes(26), b"a\0\0" + zlib.compress(b"\0" * 10**7))),
            ),
        )
    elif way == 5:
        chunks[number] = (rng.choice((b"IDAT", b"IEND", b"IHDR", b"PLTE", b"abcd", b"\0\0\0\0")), data)
    else:
        chunks[number] = (b"IDAT", zlib.compress(rng.randbytes(200) * rng.choice((1, 1000))))
    parts = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return content[:8] + b"".join(parts)


def tiff(content: bytes, rng: Random) -> bytes:
    """Change entries of a directory, or where the next directory is."""
    if len(content) < 16 or content[:2] not in (b"II", b"MM"):
        return spoil_bytes.spoil(content, rng)
    order = "<" if content[:2] == b"II" else ">"
    place = struct.unpack_from(f"{order}I", content, 4)[0]
    spoilt = bytearray(content)
    directories = []
    while 8 <= place <= len(content) - 6 and len(directories) < 20 and place not in directories:
        directories.append(place)
        n = struct.unpack_from(f"{order}H", content, place)[0]
        if place + 2 + 12 * n + 4 > len(content):
            break
        place = struct.unpack_from(f"{order}I", content, place + 2 + 12 * n)[0]
    if not directories:
        return spoil_bytes.spoil(content, rng)
    home = rng.choice(directories)
    n = struct.unpack_from(f"{order}H", content, home)[0]
    entry = home + 2 + 12 * rng.randrange(max(n, 1))
    field, form = rng.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "H")))
    if rng.random() < 0.15:
        entry, field, form = home + 2 + 12 * n, 0, "I"
        value = rng.choice((*directories, *ODD_WHOLES))
    elif field == 0:
        value = rng.choice(
            (
                254,
                256,
                257,
                258,
                259,
                262,
                273,
                277,
                278,
                279,
                317,
                320,
                322,
                324,
                330,
                338,
                339,
                347,
                34665,
                65000,
            )
        )
    elif field == 2:
        value = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 16, 18, 255))
    else:
        value = rng.choice((*ODD_WHOLES, 1, 2, 3, 5, 6, 7, 8, 32773, 34712, 50000))
    if entry + field + struct.calcsize(form) <= len(spoilt):
        _put(spoilt, order + form, entry + field, value)
    return bytes(spoilt)


def safetensors(content: bytes, rng: Random) -> bytes:
    """Change the JSON header or its length."""
    n = struct.unpack_from("<Q", content)[0] if len(content) >= 8 else 0
    if not 0 < n < len(content) or rng.random() < 0.2:
        return struct.pack("<Q", rng.choice(ODD_WHOLES) % 2**64) + content[8:]
    header = spoil_tables.json_text(content[8 : 8 + n], rng)
    return struct.pack("<Q", len(header)) + header + content[8 + n :]
