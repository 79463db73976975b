"""What a reader did with the viewer during one trial: a few numbers, each within its limits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

MAX_LENGTH: Final = 2000  # characters; a full log has about 500
_MANY: Final = 100_000
_DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Range:
    """The values that one field may have."""

    low: float
    high: float
    is_whole: bool = True


FIELDS: Final[Mapping[str, Range]] = MappingProxyType(
    {
        # Of the T1 frames when the answer was given; of other frames than the paper's, of the series or the first one.
        "window": Range(1, 600_000),
        "level": Range(-300_000, 300_000),
        "is_inverted": Range(0, 1),  # when the answer was given
        "n_window_changes": Range(0, _MANY),  # drags and key presses
        "n_inversions": Range(0, _MANY),
        "n_resets": Range(0, _MANY),
        "n_cine_plays": Range(0, _MANY),
        "n_cine_steps": Range(0, _MANY),  # frames shown one by one
        "cine_ms": Range(0, _DAY_MS),
        "cine_fps": Range(0, 60),  # speed when the answer was given
        "n_cursor_pixels": Range(0, _MANY),  # places at which cross-hair and curve stood
        "cursor_ms": Range(0, _DAY_MS),
        "n_magnifications": Range(0, _MANY),
        "magnifier_ms": Range(0, _DAY_MS),
        "n_helps": Range(0, _MANY),
        "zoom": Range(0, 100, is_whole=False),  # CSS pixels per pixel of the patch
        "device_pixel_ratio": Range(0.1, 20, is_whole=False),
        "viewport_width": Range(1, 100_000),  # CSS pixels
        "viewport_height": Range(1, 100_000),
    }
)


def parse(text: str) -> dict[str, float] | None:
    """Read the log that came with an answer; whatever is not a known number within its range is left out.

    A log can be wrong, an answer must not be lost for it: nothing is raised.

    Parameters
    ----------
    text : JSON object, as the viewer wrote it; "" without JavaScript

    Returns
    -------
    dict or None
        None if there is no usable log.
    """
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return known(raw)


def known(raw: object) -> dict[str, float] | None:
    """Keep what is a known number within its range, of a log that was read already.

    Parameters
    ----------
    raw : as JSON gave it

    Returns
    -------
    dict or None
        None if nothing of it is usable.
    """
    if not isinstance(raw, dict):
        return None
    found = {
        name: value
        for name, allowed in FIELDS.items()
        if (value := _number(raw.get(name), allowed)) is not None
    }
    return found or None


def columns(log: Mapping[str, float] | None) -> dict[str, str]:
    """The columns of the trial CSV: the same for every trial, empty where nothing is known."""
    found = log or {}
    return {f"viewer_{name}": str(found[name]) if name in found else "" for name in FIELDS}


def _number(value: Any, allowed: Range) -> float | None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not allowed.low <= value <= allowed.high
    ):
        return None
    return round(value) if allowed.is_whole else round(float(value), 4)
