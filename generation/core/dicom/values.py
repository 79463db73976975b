"""Values of DICOM tags as plain Python: numbers, times of day, known words."""

import math
import re
from collections.abc import Iterable
from typing import Any, Final

SECONDS_PER_DAY: Final = 86_400.0

# A description is free text and may hold a name; only these words of it are ever kept or shown.
KNOWN_WORDS: Final = frozenset(
    (
        "t1",
        "t2",
        "tse",
        "fse",
        "gre",
        "fl",
        "flash",
        "vibe",
        "vibrant",
        "thrive",
        "twist",
        "disco",
        "dce",
        "dyn",
        "dynamic",
        "pre",
        "post",
        "ph",
        "phase",
        "pass",
        "multiphase",
        "sub",
        "subtraction",
        "subtracted",
        "mip",
        "mpr",
        "adc",
        "dwi",
        "diff",
        "diffusion",
        "trace",
        "washout",
        "map",
        "tirm",
        "stir",
        "spair",
        "spir",
        "fs",
        "fatsat",
        "dixon",
        "water",
        "ax",
        "axial",
        "tra",
        "transverse",
        "sag",
        "sagittal",
        "cor",
        "coronal",
        "localizer",
        "localiser",
        "scout",
        "survey",
        "bilateral",
        "unilateral",
        "contrast",
        "moco",
        "bliss",
        "volser",
        "kinetics",
    )
)
_TT: Final = re.compile(r"TT\s*=?\s*(\d{1,4}(?:\.\d{1,3})?)\s*s", re.IGNORECASE)


def number(value: Any) -> float | None:
    """Read a decimal; None where it is absent, several, or no finite number."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def whole(value: Any) -> int | None:
    """Read a whole number; None where it is absent or no number."""
    result = number(value)
    return None if result is None else int(result)


def numbers(value: Any, n: int) -> tuple[float, ...] | None:
    """Read exactly n decimals; None otherwise."""
    if value is None or isinstance(value, str | bytes):
        return None
    try:
        found = [number(part) for part in value]
    except TypeError:
        return None
    known = tuple(part for part in found if part is not None)
    return known if len(known) == n == len(found) else None


def words(value: Any) -> tuple[str, ...]:
    """Read a code string of any multiplicity, in capitals."""
    if value is None:
        return ()
    parts: Iterable[Any] = [value] if isinstance(value, str) else value
    try:
        return tuple(str(part).strip().upper() for part in parts if str(part).strip())
    except TypeError:
        return (str(value).strip().upper(),)


def seconds_of_day(value: Any) -> float | None:
    """Read a DICOM time as seconds since midnight.

    Parameters
    ----------
    value : TM `HHMMSS.FFFFFF` (also shorter, or with colons as in old files), or DT, whose date is not looked at

    Source: DICOM PS3.5, table 6.2-1.
    """
    text = "" if value is None else str(value).strip().replace(":", "")
    if re.match(r"\d{14}", text):  # DT: eight digits of date first
        text = re.split(r"[+-]", text[8:])[0]
    match = re.fullmatch(r"(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?", text)
    if not match:
        return None
    hours, minutes, seconds, fraction = match.groups()
    total = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(fraction or 0)
    return total if total < SECONDS_PER_DAY + 1 else None


def unwrapped(times: list[float]) -> list[float]:
    """Let times of day go on past midnight: a dynamic series lasts minutes, so half a day between two is a wrap."""
    if max(times) - min(times) <= SECONDS_PER_DAY / 2:
        return times
    return [time + SECONDS_PER_DAY if time < SECONDS_PER_DAY / 2 else time for time in times]


def known_words(*texts: Any) -> tuple[str, ...]:
    """Words of a fixed vocabulary that occur in free texts, in order, without repetition."""
    found: dict[str, None] = {}
    for text in texts:
        for word in re.findall(r"[a-z]+\d?", str(text or "").lower()):
            if word in KNOWN_WORDS:
                found.setdefault(word)
    return tuple(found)


def stated_seconds(text: Any) -> float | None:
    """Time of a phase that Siemens writes into the description of a TWIST series, as in `TT=75.4s`."""
    match = _TT.search(str(text or ""))
    return float(match[1]) if match else None
