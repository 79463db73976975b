"""How somebody's patches become patches of a frame set: which frame is which, which values they get, which class."""

from collections.abc import Mapping as Mapping_
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core import frame_set_json
from generation.core.errors import InputError
from generation.core.foreign.class_words import LEFT_OUT
from generation.core.frame_set import FrameSet
from generation.core.frames import MAX_INTENSITY
from generation.core.labels import LesionClass, parse_lesion_class

EXACT: Final = 1e-6  # a float this near to a whole number is that number


class Scale(StrEnum):
    """What becomes of values."""

    AS_IS = "as_is"
    RANGE = "range"
    EACH = "each"


SCALE_WORDS: Final = {
    Scale.AS_IS: "Keep values as they are",
    Scale.RANGE: "Map lowest to 0 and highest to 1023",
    Scale.EACH: "Map each patch’s own darkest to 0 and brightest to 1023",
}


@dataclass(frozen=True, slots=True)
class FrameMapping:
    """One stored frame.

    Attributes
    ----------
    name : of the frame in the frame set
    place : which found frame it is, from 0; None for a subtraction that is computed
    low, high : the values that become the ends of the frame's limits; where values are kept, the limits themselves
    """

    name: str
    place: int | None
    low: float
    high: float


@dataclass(frozen=True)
class Mapping:
    """How patches are stored.

    Attributes
    ----------
    frames : in the order of the frame set
    classes : lesion class of each class word; "" leaves its patches out
    """

    frame_set: FrameSet
    frames: tuple[FrameMapping, ...]
    scale: Scale
    classes: Mapping_[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, word in self.classes.items():
            if word != LEFT_OUT:
                parse_lesion_class(word)
            del name
        for frame in self.frames:
            if frame.place is not None and not frame.low < frame.high:
                raise InputError(
                    f'The values of the frame "{frame.name}" go from {frame.low:g} to {frame.high:g}; the highest is above the lowest.',
                    field="frames",
                )

    def lesion_class(self, word: str) -> LesionClass | None:
        """Class of a patch by its word; None where it is left out.

        Raises
        ------
        InputError
            If nobody has said what the word means.
        """
        if word not in self.classes:
            what = f'"{word}" is' if word else "the patches have"
            raise InputError(f"Nothing says which lesion class {what}; choose one.", field="classes")
        return LesionClass(self.classes[word]) if self.classes[word] != LEFT_OUT else None

    def apply(self, found: NDArray[Any]) -> tuple[NDArray[np.int16], int]:
        """Turn a found patch into one of the frame set.

        Parameters
        ----------
        found : (frames, height, width) as stored by whoever made it

        Returns
        -------
        (frames, height, width) int16, and the number of pixels that were cut to the limits

        Raises
        ------
        InputError
            If a value is to be kept that is no whole number or outside the limits of its frame.
        """
        patch = np.zeros(self.frame_set.shape, dtype=np.int16)
        ranges = self._ranges(found)
        n_cut = 0
        for index, frame in enumerate(self.frames):
            if frame.place is None:
                continue
            values = found[frame.place].astype(np.float64)
            limits = self.frame_set.limits[index]
            whole = np.rint(
                values if self.scale is Scale.AS_IS else _scaled(values, ranges[frame.name], limits)
            )
            if self.scale is Scale.AS_IS:
                _check_kept(values, whole, frame.name, limits)
            patch[index] = np.clip(whole, *limits).astype(np.int16)
            n_cut += int(np.count_nonzero((whole < limits[0]) | (whole > limits[1])))
        computed = [frame.name for frame in self.frames if frame.place is None]
        if computed:
            subtracted = self.frame_set.subtracted(patch)
            for name in computed:
                patch[self.frame_set.index(name)] = subtracted[self.frame_set.index(name)]
        return patch, n_cut

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {
            "frame_set": self.frame_set.to_json(),
            "frames": [[frame.name, frame.place, frame.low, frame.high] for frame in self.frames],
            "scale": self.scale.value,
            "classes": dict(self.classes),
        }

    def _ranges(self, found: NDArray[Any]) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each frame; frames of one window share them where each patch has its own."""
        if self.scale is not Scale.EACH:
            return {frame.name: (frame.low, frame.high) for frame in self.frames}
        windows: dict[str, list[NDArray[Any]]] = {}
        for frame, window in zip(self.frames, self.frame_set.windows, strict=True):
            if frame.place is not None:
                windows.setdefault(window, []).append(found[frame.place])
        ends = {
            window: (float(min(part.min() for part in parts)), float(max(part.max() for part in parts)))
            for window, parts in windows.items()
        }
        return {
            frame.name: ends.get(window, (0.0, 1.0))
            for frame, window in zip(self.frames, self.frame_set.windows, strict=True)
        }


def from_dict(values: Mapping_[str, Any]) -> Mapping:
    """Read what `as_dict` wrote."""
    return Mapping(
        frame_set=frame_set_json.read(values["frame_set"]),
        frames=tuple(FrameMapping(*frame) for frame in values["frames"]),
        scale=Scale(values["scale"]),
        classes=dict(values["classes"]),
    )


def stored_limits(low: float, high: float) -> tuple[int, int]:
    """Limits of a frame whose values are kept: whole numbers around them that include 0."""
    return min(int(np.floor(low)), 0), max(int(np.ceil(high)), 1)


def _scaled(
    values: NDArray[np.float64], ends: tuple[float, float], limits: Sequence[int]
) -> NDArray[np.float64]:
    """Lowest to 0 and highest to 1023; around 0 for a signed frame, so that 0 stays 0."""
    low, high = ends
    if limits[0] < 0:
        return np.asarray(values * (MAX_INTENSITY / (max(abs(low), abs(high)) or 1.0)))
    return np.asarray((values - low) * (MAX_INTENSITY / ((high - low) or 1.0)))


def _check_kept(
    values: NDArray[np.float64], whole: NDArray[np.float64], name: str, limits: Sequence[int]
) -> None:
    if np.any(np.abs(values - whole) > EXACT):
        raise InputError(
            f'The frame "{name}" has values that are no whole numbers, such as {_first(values, whole):g}; map them to 0 to 1023 instead of keeping them.'
        )
    low, high = whole.min(), whole.max()
    if low < limits[0] or high > limits[1]:
        raise InputError(
            f'The frame "{name}" has values from {low:g} to {high:g}; the limits are {limits[0]} and {limits[1]}: '
            "widen them, or map the values to 0 to 1023."
        )


def _first(values: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    return float(values[np.abs(values - whole) > EXACT][0])
