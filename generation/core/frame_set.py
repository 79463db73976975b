"""What a patch consists of: names and size of its frames, and how they belong together.

The paper's seven frames of 64 x 64 pixels are one frame set, PAPER. Patches of other generators may have others: from
1 to 64 frames of 16 to 512 pixels a side. What a frame set does not say is nobody's to guess: without a dynamic series
there is no cine and no curve, without a subtraction none is computed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from generation.core import frames
from generation.core.errors import InputError

MAX_FRAMES: Final = 64
MIN_SIDE: Final = 16  # pixels
MAX_SIDE: Final = 512
MAX_PIXELS: Final = 1 << 22  # of all frames of a patch, 8 MiB: 16 frames of 512 x 512, 64 of 256 x 256
LOWEST, HIGHEST = int(np.iinfo(np.int16).min), int(np.iinfo(np.int16).max)
MAX_SECONDS: Final = 86_400.0
N_WRITTEN_OUT: Final = 8  # frames whose names a sentence lists
RESERVED_NAMES: Final = frozenset({"curve", "cine"})  # places of a panel that are no frames
_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,23}")

Limits = tuple[int, int]
DEFAULT_LIMITS: Final[Limits] = (0, frames.MAX_INTENSITY)


@dataclass(frozen=True, slots=True)
class Subtraction:
    """A frame that is the difference of two others: minuend - subtrahend."""

    name: str
    minuend: str
    subtrahend: str


@dataclass(frozen=True, slots=True)
class FrameSet:
    """The frames of a patch; building one checks it, and fills in what was left out.

    Attributes
    ----------
    names : of the frames, in the order of the array; letters, digits, `_`, `+` and `-`
    height, width : of every frame, pixels
    limits : lowest and highest value of each frame; a frame is signed where its lowest value is below 0
    windows : name of the window of each frame; frames of one window are shown with the same black and white,
        so that they can be compared. Left out, each frame has its own
    dynamic : frames that follow one another in time, the first before contrast or stimulus; none or at least two
    seconds : when each dynamic frame was taken; none or one for each
    subtractions : frames that are computed from two others before anybody sees them, so that no arithmetic on
        pixels tells a scan (where they fit exactly) from a generator that draws its own
    rows : the layout of a panel, names in rows; "" leaves a place free. Left out, a layout is made from the number
        of frames

    Raises
    ------
    InputError
        Naming what cannot be used.
    """

    names: tuple[str, ...]
    height: int
    width: int
    limits: tuple[Limits, ...] = ()
    windows: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    subtractions: tuple[Subtraction, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        _check_names(self.names)
        _check_size(len(self.names), self.height, self.width)
        if not self.limits:
            object.__setattr__(self, "limits", tuple(self._default_limits()))
        if not self.windows:
            object.__setattr__(self, "windows", self.names)
        self._check_limits()
        self._check_windows()
        self._check_dynamic()
        self._check_subtractions()
        if self.rows:
            object.__setattr__(self, "rows", self._checked_rows())

    @property
    def n_frames(self) -> int:
        """How many frames a patch has."""
        return len(self.names)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(frames, height, width) of one patch."""
        return self.n_frames, self.height, self.width

    @property
    def n_bytes(self) -> int:
        """Size of one patch as int16."""
        return self.n_frames * self.height * self.width * 2

    @property
    def is_paper(self) -> bool:
        """Whether these are the frames of the paper, which all parts of this software know."""
        return self == PAPER

    @property
    def titles(self) -> tuple[str, ...]:
        """The names as a page writes them."""
        return tuple(name.replace("_", " ") for name in self.names)

    @property
    def size_words(self) -> str:
        """Size of a frame, for a sentence."""
        if self.height == self.width:
            return f"{self.height} x {self.width} pixels"
        return f"{self.height} rows x {self.width} columns"

    @property
    def words(self) -> str:
        """The frame set in short, for a sentence or a table."""
        what = "1 frame" if self.n_frames == 1 else f"{self.n_frames} frames"
        shown = self.names if self.n_frames <= N_WRITTEN_OUT else (*self.names[:6], "...", self.names[-1])
        return f"{what} of {self.size_words} ({', '.join(shown)})"

    def shape_words(self, n: str) -> str:
        """Shape of an array of patches, for a sentence."""
        return f"({n}, {', '.join(map(str, self.shape))})"

    def index(self, name: str) -> int:
        """Position of a frame in the array."""
        return self.names.index(name)

    def is_signed(self, name: str) -> bool:
        """Whether a frame has values below 0."""
        return self.limits[self.index(name)][0] < 0

    def subtraction_of(self, name: str) -> Subtraction | None:
        """How a frame is computed from two others; None where it is a frame of its own."""
        return next((one for one in self.subtractions if one.name == name), None)

    def subtracted(self, patches: NDArray[np.integer]) -> NDArray[np.int16]:
        """Compute the subtractions from the frames they are made of, within their limits.

        Parameters
        ----------
        patches : (..., frames, height, width) integers

        Returns
        -------
        (..., frames, height, width) int16, a copy
        """
        found = np.array(patches, dtype=np.int16)
        for one in self.subtractions:
            place = self.index(one.name)
            minuend = found[..., self.index(one.minuend), :, :].astype(np.int32)
            difference = minuend - found[..., self.index(one.subtrahend), :, :]
            found[..., place, :, :] = np.clip(difference, *self.limits[place])
        return found

    def difference_words(self, other: "FrameSet") -> str:
        """What differs between two frame sets, for a sentence; "" where nothing does."""
        if self.shape != other.shape or self.names != other.names:
            return f"their frames, {self.words} against {other.words}"
        parts = [
            words
            for words, mine, others in (
                ("the limits of values", self.limits, other.limits),
                ("the windows", self.windows, other.windows),
                ("the dynamic series", (self.dynamic, self.seconds), (other.dynamic, other.seconds)),
                ("the subtractions", self.subtractions, other.subtractions),
                ("the layout", self.rows, other.rows),
            )
            if mine != others
        ]
        return " and ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a manifest or a JSON column; `frame_set_json.read` reads it back."""
        return {
            "names": list(self.names),
            "height": self.height,
            "width": self.width,
            "limits": [list(pair) for pair in self.limits],
            "windows": list(self.windows),
            "dynamic": list(self.dynamic),
            "seconds": list(self.seconds),
            "subtractions": [[one.name, one.minuend, one.subtrahend] for one in self.subtractions],
            "rows": [list(row) for row in self.rows],
        }

    def _default_limits(self) -> Iterator[Limits]:
        subtracted = {one.name for one in self.subtractions}
        for name in self.names:
            yield (-frames.MAX_INTENSITY, frames.MAX_INTENSITY) if name in subtracted else DEFAULT_LIMITS

    def _check_limits(self) -> None:
        if len(self.limits) != self.n_frames:
            refuse(
                "limits", f"There are limits for {len(self.limits)} of {self.n_frames} frames; give each two."
            )
        for name, (low, high) in zip(self.names, self.limits, strict=True):
            if not LOWEST <= low <= 0 < high <= HIGHEST:
                refuse(
                    "limits",
                    f'The limits of the frame "{name}" are {low} and {high}; the lower one is from {LOWEST} to 0, '
                    f"the upper one from 1 to {HIGHEST}.",
                )

    def _check_windows(self) -> None:
        if len(self.windows) != self.n_frames:
            refuse(
                "windows",
                f"There are windows for {len(self.windows)} of {self.n_frames} frames; give each one.",
            )
        for name in self.windows:
            if not _PATTERN.fullmatch(name):
                refuse("windows", _bad_name("window", name))

    def _check_dynamic(self) -> None:
        self._check_known("dynamic", self.dynamic)
        if len(set(self.dynamic)) != len(self.dynamic) or len(self.dynamic) == 1:
            refuse(
                "dynamic",
                f"The dynamic series is {', '.join(self.dynamic)}; name at least two frames, each once, or none.",
            )
        if self.seconds and len(self.seconds) != len(self.dynamic):
            refuse(
                "seconds",
                f"There are {len(self.seconds)} times for {len(self.dynamic)} dynamic frames; give one for each, or none.",
            )
        rising = all(a < b for a, b in zip(self.seconds, self.seconds[1:], strict=False))
        if not rising or any(not 0 <= second <= MAX_SECONDS for second in self.seconds):
            refuse(
                "seconds",
                f"The times of the dynamic frames are {', '.join(f'{s:g}' for s in self.seconds)} s; "
                f"they rise from 0 or more up to {MAX_SECONDS:g} s.",
            )

    def _check_subtractions(self) -> None:
        computed = [one.name for one in self.subtractions]
        if len(set(computed)) != len(computed):
            refuse(
                "subtractions", f"{', '.join(computed)} are computed more than once; name each frame once."
            )
        for one in self.subtractions:
            parts = (one.name, one.minuend, one.subtrahend)
            self._check_known("subtractions", parts)
            if len(set(parts)) != len(parts) or {one.minuend, one.subtrahend} & set(computed):
                refuse(
                    "subtractions",
                    f'"{one.name}" cannot be {one.minuend} - {one.subtrahend}; subtract two other frames that are not computed themselves.',
                )
            if not self.is_signed(one.name):
                refuse(
                    "limits",
                    f'The frame "{one.name}" is a subtraction, but its lowest value is 0; give it a lower limit below 0.',
                )

    def _checked_rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows, all as long as the longest."""
        shown = [name for row in self.rows for name in row if name]
        self._check_known("rows", shown)
        missing = [name for name in self.names if shown.count(name) != 1]
        if missing:
            refuse(
                "rows",
                f"The layout does not show {', '.join(missing)} exactly once; each frame has one place.",
            )
        n_columns = max(len(row) for row in self.rows)
        if len(self.rows) * n_columns > 2 * self.n_frames:
            refuse(
                "rows",
                f"The layout has {len(self.rows) * n_columns} places for {self.n_frames} frames; leave at most half of them free.",
            )
        if any(not any(row) for row in self.rows):
            refuse("rows", "The layout has an empty row; leave it out.")
        return tuple((*row, *[""] * (n_columns - len(row))) for row in self.rows)

    def _check_known(self, field: str, found: Sequence[str]) -> None:
        for name in found:
            if name not in self.names:
                refuse(field, f'There is no frame "{name}"; the frames are {", ".join(self.names)}.')


def _check_names(names: tuple[str, ...]) -> None:
    if not 1 <= len(names) <= MAX_FRAMES:
        refuse("names", f"A patch has {len(names)} frames; give it 1 to {MAX_FRAMES}.")
    for name in names:
        if not _PATTERN.fullmatch(name):
            refuse("names", _bad_name("frame", name))
        if name.lower() in RESERVED_NAMES:
            refuse(
                "names", f'No frame can have the name "{name}", which the viewer has for a place of its own.'
            )
    lowered = [name.lower() for name in names]
    for name in names:
        if lowered.count(name.lower()) > 1:
            refuse(
                "names",
                f'Two frames have the name "{name}"; give each its own, in more than capital letters.',
            )


def _bad_name(what: str, name: str) -> str:
    return (
        f'The {what} "{name[:40]}" has a name that cannot be used; write at most 24 letters, digits, "_", "+" or "-", '
        "with a letter or digit first."
    )


def _check_size(n_frames: int, height: object, width: object) -> None:
    for side in (height, width):
        if isinstance(side, bool) or not isinstance(side, int) or not MIN_SIDE <= side <= MAX_SIDE:
            refuse("height", f"A frame has {height} x {width} pixels; a side has {MIN_SIDE} to {MAX_SIDE}.")
    n_pixels = n_frames * int(str(height)) * int(str(width))
    if n_pixels > MAX_PIXELS:
        refuse(
            "names",
            f"{n_frames} frames of {height} x {width} have {n_pixels:,} pixels; a patch has at most {MAX_PIXELS:,}, "
            "so that panels can be sent ahead: give fewer or smaller frames.",
        )


def refuse(field: str, sentence: str) -> NoReturn:
    """Refuse a part of a frame set, named so that a form can say it beside its control."""
    raise InputError(sentence, field=field)


_NAMES: Final[tuple[str, ...]] = frames.FRAMES
_T1: Final = _NAMES[frames.DYNAMIC]
PAPER: Final = FrameSet(
    names=_NAMES,
    height=frames.PATCH_SIZE,
    width=frames.PATCH_SIZE,
    limits=(DEFAULT_LIMITS,) * frames.SUB + ((-frames.MAX_INTENSITY, frames.MAX_INTENSITY),),
    windows=tuple("T1" if name in _T1 else name for name in _NAMES),
    dynamic=_T1,
    seconds=(0.0, 70.0, 140.0, 210.0, 280.0),  # Haarburger 2019, section 3
    subtractions=(Subtraction(_NAMES[frames.SUB], _NAMES[frames.T1_POST1], _NAMES[frames.T1_PRE]),),
)


def paper_json() -> dict[str, Any]:
    """The frames of the paper as plain data: the default of a database column."""
    return PAPER.to_json()
