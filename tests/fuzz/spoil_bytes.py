"""Spoil bytes without knowing what they mean."""

from collections.abc import Callable
from random import Random

ODD_WHOLES = (0, 1, -1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4095, 32_767, 32_768, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, -(2**31))  # fmt: skip
ODD_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-38, 1e38, -1e38, 352.5, 1e9, float("nan"), float("inf"), float("-inf"))  # fmt: skip
ODD_TEXTS = (
    "", " ", "nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1", "0", "1.5", "9" * 20, "9" * 5000, "1e308", "0x10", "1_000", "٣",
    "²", "\x00", "\n", "\r", '"', "''", "=cmd()", "@SUM(1)", "../../etc/passwd", "/etc/passwd", "C:\\x", "a" * 300, "a" * 140_000,
    "\u202eabc", "é", "e\u0301", "🩻", "%s%n", "{0}", "{class}", "None", "null", "true", "real", "benign", "lesion_class",
)  # fmt: skip


def flip(content: bytes, rng: Random) -> bytes:
    """Flip a few bits."""
    if not content:
        return b"\0"
    spoilt = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        spoilt[_place(spoilt, rng)] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def truncate(content: bytes, rng: Random) -> bytes:
    """Cut the end off."""
    return content[: rng.choice((0, 1, rng.randint(0, len(content)), len(content) - 1, len(content) // 2))]


def overwrite(content: bytes, rng: Random) -> bytes:
    """Put odd numbers over a place."""
    size = rng.choice((1, 2, 4, 8))
    value = rng.choice(ODD_WHOLES) % (1 << 8 * size)
    place = _place(content, rng)
    return content[:place] + value.to_bytes(size, rng.choice(("little", "big"))) + content[place + size :]


def splice(content: bytes, rng: Random) -> bytes:
    """Put one part of the content over, or into, another part."""
    start, end = sorted((_place(content, rng), _place(content, rng)))
    place = _place(content, rng)
    rest = content[place + end - start :] if rng.random() < 0.5 else content[place:]
    return content[:place] + content[start:end] + rest


def cut_out(content: bytes, rng: Random) -> bytes:
    """Take a part away."""
    start = _place(content, rng)
    return content[:start] + content[start + rng.choice((1, 2, 4, 16, 256)) :]


def insert(content: bytes, rng: Random) -> bytes:
    """Put something in between."""
    place = _place(content, rng)
    more = rng.choice(
        (b"\0" * 16, b"\xff" * 16, rng.randbytes(32), b"[" * 2000, b"9" * 400, b"\xef\xbb\xbf", b"\n")
    )
    return content[:place] + more + content[place:]


def repeat(content: bytes, rng: Random) -> bytes:
    """Twice, or much longer than it was."""
    return rng.choice((content * 2, content + b"\0" * 100_000, content + rng.randbytes(1000)))


def replace(content: bytes, rng: Random) -> bytes:
    """Something else altogether."""
    return rng.choice(
        (b"", b"\0" * 600, rng.randbytes(600), b"PK\x03\x04" + rng.randbytes(60), b"{}", b"[]", b"a,b\n1,2\n")
    )


WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, flip, flip, truncate, overwrite, overwrite, overwrite, splice, cut_out, insert, repeat, replace,
)  # fmt: skip


def spoil(content: bytes, rng: Random) -> bytes:
    """Spoil in one way; half of the time near the beginning, where headers are."""
    way = rng.choice(WAYS)
    if rng.random() < 0.5 and len(content) > 600 and way not in (truncate, repeat, replace):
        end = rng.choice((64, 200, 400, 600))
        return way(content[:end], rng) + content[end:]
    return way(content, rng)


def _place(content: bytes | bytearray, rng: Random) -> int:
    return rng.randrange(len(content)) if content else 0
