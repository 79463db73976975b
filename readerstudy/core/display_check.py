"""The display check: what a reader's screen can show, found by looking at test patches rather than by being told.

Sources: SMPTE RP 133 (1991) and pattern TG18-QC of AAPM Task Group 18 (Samei 2005, Med Phys 32:1205,
doi:10.1118/1.1861159): a 5 % square in a field of 0 %, a 95 % square in a field of 100 %, and a ramp of equal steps,
all of which must be visible. Levels are sRGB: 5 % of 255 is 13, 95 % is 242. Those patterns are drawn in digital
levels, on a calibrated display; here the browser and the reader's own screen stand in between, so that the check finds
crushed blacks and whites but does not measure luminance.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

BLACK: Final = 0
DARK_PATCH: Final = 13  # 5 %
BRIGHT_PATCH: Final = 242  # 95 %
WHITE: Final = 255
PLACES: Final = (1, 2, 3, 4)  # upper left, upper right, lower left, lower right
UNSEEN: Final = 0  # what a reader answers who sees no patch, or cannot count the steps
RAMP_STEPS: Final = (8, 9, 10, 11, 12)  # how many a ramp may have; SMPTE's has 11
COUNTS: Final = range(6, 13)  # how many a reader may count
SMALLEST_WINDOW: Final = (700, 500)  # CSS pixels: five frames at twice their size, two rows of them
FEWEST_BITS: Final = 24  # three channels of 8
FULL_SIZE: Final = 1.0  # device pixels per CSS pixel; less: the page is shown smaller than it is


class AmbientLight(StrEnum):
    """The light around the reader; TG18 asks for little, and always the same."""

    DARK = "dark"
    DIMMED = "dimmed"
    OFFICE = "office"
    DAYLIGHT = "daylight"


class Reason(StrEnum):
    """What stands against a display; the page says what to change."""

    DARK_PATCH = "dark_patch"
    BRIGHT_PATCH = "bright_patch"
    RAMP = "ramp"
    DAYLIGHT = "daylight"
    SMALL_WINDOW = "small_window"
    FEW_COLOURS = "few_colours"
    ZOOMED_OUT = "zoomed_out"


class Fault(StrEnum):
    """Why an answer cannot be taken; the page has a sentence for each."""

    MISSING = "missing"
    NOT_OFFERED = "not_offered"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Where the patches lie and how many steps the ramp has: new at each load, so that answers are seen, not known."""

    dark_place: int
    bright_place: int
    n_steps: int

    def __post_init__(self) -> None:
        if self.dark_place not in PLACES or self.bright_place not in PLACES or self.n_steps not in RAMP_STEPS:
            raise ValueError(f"{self} is not a pattern of the display check")


@dataclass(frozen=True, slots=True)
class DisplayCheck:
    """The result of one check.

    Attributes
    ----------
    is_dark_patch_seen, is_bright_patch_seen : whether the 5 % and the 95 % patch were found where they lay
    n_steps, n_steps_counted : of the grey ramp; 0 counted: could not tell
    ambient_light : of the room
    window_width, window_height, screen_width, screen_height : CSS pixels; None where not measured
    device_pixel_ratio : screen pixels per CSS pixel
    colour_depth : bits
    checked_at : ISO 8601
    """

    is_dark_patch_seen: bool
    is_bright_patch_seen: bool
    n_steps: int
    n_steps_counted: int
    ambient_light: AmbientLight
    window_width: int | None = None
    window_height: int | None = None
    screen_width: int | None = None
    screen_height: int | None = None
    device_pixel_ratio: float | None = None
    colour_depth: int | None = None
    checked_at: str = ""

    @property
    def is_measured(self) -> bool:
        """Whether the browser told sizes, which it cannot without JavaScript."""
        return self.window_width is not None and self.window_height is not None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What stands against this display; what was not measured does not."""
        least_width, least_height = SMALLEST_WINDOW
        found = {
            Reason.DARK_PATCH: not self.is_dark_patch_seen,
            Reason.BRIGHT_PATCH: not self.is_bright_patch_seen,
            Reason.RAMP: self.n_steps_counted != self.n_steps,
            Reason.DAYLIGHT: self.ambient_light is AmbientLight.DAYLIGHT,
            Reason.SMALL_WINDOW: _is_below(self.window_width, least_width)
            or _is_below(self.window_height, least_height),
            Reason.FEW_COLOURS: _is_below(self.colour_depth, FEWEST_BITS),
            Reason.ZOOMED_OUT: _is_below(self.device_pixel_ratio, FULL_SIZE),
        }
        return tuple(reason for reason, is_so in found.items() if is_so)

    @property
    def is_passed(self) -> bool:
        """Whether nothing stands against this display."""
        return not self.reasons

    def at(self, time: str) -> "DisplayCheck":
        """The same result with its time, ISO 8601."""
        return replace(self, checked_at=time)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column, with the verdict of the day."""
        return asdict(self) | {"is_passed": self.is_passed, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said: a check, or the faults by field."""

    check: DisplayCheck | None
    faults: Mapping[str, Fault]


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float


_MEASURES: Final[Mapping[str, _Range]] = {
    "window_width": _Range(1, 100_000),
    "window_height": _Range(1, 100_000),
    "screen_width": _Range(1, 100_000),
    "screen_height": _Range(1, 100_000),
    "device_pixel_ratio": _Range(0.1, 20),
    "colour_depth": _Range(1, 64),
}
MEASURES: Final = tuple(_MEASURES)
_OFFERED: Final[Mapping[str, frozenset[str]]] = {
    "dark_place": frozenset(map(str, (UNSEEN, *PLACES))),
    "bright_place": frozenset(map(str, (UNSEEN, *PLACES))),
    "n_steps_counted": frozenset(map(str, (UNSEEN, *COUNTS))),
    "ambient_light": frozenset(AmbientLight),
}
QUESTIONS: Final = tuple(_OFFERED)


def ramp_levels(n_steps: int) -> tuple[int, ...]:
    """Give the sRGB levels of a ramp from black to white in equal steps."""
    return tuple(round(WHITE * step / (n_steps - 1)) for step in range(n_steps))


def draw_pattern(rng: np.random.Generator) -> Pattern:
    """Draw where the patches lie and how many steps the ramp has."""
    dark, bright = rng.integers(1, len(PLACES) + 1, size=2)
    return Pattern(int(dark), int(bright), int(rng.choice(RAMP_STEPS)))


def read(form: Mapping[str, str], pattern: Pattern) -> Form:
    """Read what a reader saw and what the browser measured.

    All four questions must be answered. Measures come from a script and may be absent or odd: whatever is not a number
    within its range counts as not measured.

    Parameters
    ----------
    form : texts by the names in QUESTIONS and MEASURES
    pattern : as it was shown
    """
    faults = {name: fault for name in QUESTIONS if (fault := _fault(name, form.get(name, "")))}
    if faults:
        return Form(None, faults)
    whole = {name: _whole(_number(form.get(name, ""), name)) for name in MEASURES}
    check = DisplayCheck(
        is_dark_patch_seen=int(form["dark_place"]) == pattern.dark_place,
        is_bright_patch_seen=int(form["bright_place"]) == pattern.bright_place,
        n_steps=pattern.n_steps,
        n_steps_counted=int(form["n_steps_counted"]),
        ambient_light=AmbientLight(form["ambient_light"]),
        window_width=whole["window_width"],
        window_height=whole["window_height"],
        screen_width=whole["screen_width"],
        screen_height=whole["screen_height"],
        device_pixel_ratio=_number(form.get("device_pixel_ratio", ""), "device_pixel_ratio"),
        colour_depth=whole["colour_depth"],
    )
    return Form(check, {})


def from_json(data: Mapping[str, Any]) -> DisplayCheck:
    """Read a stored check; the verdict is worked out anew."""
    fields = {name: data[name] for name in DisplayCheck.__dataclass_fields__ if name in data}
    return DisplayCheck(**{**fields, "ambient_light": AmbientLight(data["ambient_light"])})


def _fault(name: str, text: str) -> Fault | None:
    if not text:
        return Fault.MISSING
    return None if text in _OFFERED[name] else Fault.NOT_OFFERED


def _number(text: str, name: str) -> float | None:
    allowed = _MEASURES[name]
    try:
        value = float(text) if len(text) <= 20 else None
    except ValueError:
        return None
    return round(value, 4) if value is not None and allowed.low <= value <= allowed.high else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _is_below(value: float | None, least: float) -> bool:
    return value is not None and value < least
