"""Spoil DICOM element by element: lengths, kinds, values, order, syntaxes."""

import struct
from random import Random

from tests.fuzz import spoil_bytes
from tests.fuzz.spoil_bytes import ODD_TEXTS, ODD_WHOLES

_LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OV", b"SV", b"UV"}
_KINDS = (b"US", b"SS", b"UL", b"SL", b"FL", b"FD", b"DS", b"IS", b"CS", b"LO", b"PN", b"UI", b"SQ", b"UN", b"OB", b"OW", b"TM", b"AT", b"ZZ", b"\0\0")  # fmt: skip
_SYNTAXES = (
    b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.50",
    b"1.2.840.10008.1.2.4.57", b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.100", b"1.2.3", b"",
)  # fmt: skip
_NUMBERS = (b"NaN", b"inf", b"-inf", b"1e999", b"-1", b"0", b"1e-300", b"1\\2", b"1\\2\\nan", b"\\\\", b"9" * 60, b"abc", b"", b"1e38\\1e38\\1e38", b"0\\0\\0\\0\\0\\0", b"1\\0\\0\\1\\0\\0", b"1\\0\\0\\0\\1\\nan")  # fmt: skip

Element = tuple[bytes, bytes, bytes]  # tag, kind, value


def dicom(content: bytes, rng: Random) -> bytes:
    """Spoil one or two elements of a file in explicit little endian; any other file by its bytes."""
    elements = parse(content)
    if not elements:
        return spoil_bytes.spoil(content, rng)
    for _ in range(rng.choice((1, 1, 2))):
        number = rng.randrange(len(elements))
        way = rng.randrange(10)
        if way == 0:
            del elements[number]
        elif way == 1:
            elements.insert(number, rng.choice(elements))
        elif way == 2:
            other = rng.randrange(len(elements))
            elements[number], elements[other] = elements[other], elements[number]
        elif way == 3:
            tag, _, value = elements[number]
            elements[number] = (tag, rng.choice(_KINDS), value)
        else:
            elements[number] = _changed(elements[number], rng)
        if not elements:
            return content[:132]
    spoilt = content[:132] + b"".join(_bytes(one) for one in elements)
    if rng.random() < 0.15:
        place = spoilt.find(rng.choice(elements)[0], 132)
        spoilt = (
            spoilt[: place + 6] + struct.pack("<H", rng.choice(ODD_WHOLES) % 65_536) + spoilt[place + 8 :]
        )
    return spoilt


def parse(content: bytes) -> list[Element]:
    """Elements of the outermost level; nothing where the bytes are no explicit little endian."""
    if content[128:132] != b"DICM":
        return []
    found, place = [], 132
    while place + 8 <= len(content):
        tag, kind = content[place : place + 4], content[place + 4 : place + 6]
        if not kind.isalpha():
            return found
        if kind in _LONG:
            if place + 12 > len(content):
                return found
            n, start = struct.unpack_from("<I", content, place + 8)[0], place + 12
        else:
            n, start = struct.unpack_from("<H", content, place + 6)[0], place + 8
        if n > len(content) - start:
            return found
        found.append((tag, kind, content[start : start + n]))
        place = start + n
    return found


def _bytes(element: Element) -> bytes:
    tag, kind, value = element
    value += b"\0" * (len(value) % 2)
    if kind in _LONG:
        return tag + kind + b"\0\0" + struct.pack("<I", len(value)) + value
    return tag + kind + struct.pack("<H", len(value) % 65_536) + value


def _changed(element: Element, rng: Random) -> Element:
    tag, kind, value = element
    if kind in (b"US", b"SS"):
        return tag, kind, struct.pack("<H", rng.choice((*ODD_WHOLES, 8, 12, 16, 32, 64)) % 65_536)
    if kind in (b"DS", b"IS"):
        return tag, kind, rng.choice(_NUMBERS)
    if kind == b"UI":
        return tag, kind, rng.choice(_SYNTAXES)
    if kind == b"SQ":
        return (
            tag,
            kind,
            rng.choice((b"", spoil_bytes.spoil(value, rng), _nested(rng.choice((3, 200, 3000))))),
        )
    if len(value) > 200 or rng.random() < 0.3:
        return tag, kind, spoil_bytes.spoil(value, rng)
    return tag, kind, rng.choice(ODD_TEXTS).encode("utf-8", "surrogatepass")[:60_000]


def _nested(depth: int) -> bytes:
    """A sequence in a sequence in a sequence, each of undefined length."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
    return item * depth
