"""What a look at somebody's patches found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Survey:
    """What was found.

    Attributes
    ----------
    low, high : smallest and largest value of each frame over all patches
    is_whole : all values are whole numbers
    words : what stands for lesion classes, with the number of patches; "" where nothing does
    origin : where these words come from; "" where there are none
    faults : sentences about what cannot be imported, the first of `n_faults`
    warnings : sentences about what can, but may not be meant
    """

    format: str
    n_patches: int
    n_frames: int
    height: int
    width: int
    dtype: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    is_whole: bool
    words: Mapping[str, int]
    origin: str
    frame_words: tuple[str, ...]
    n_patients: int
    n_ignored: int
    faults: tuple[str, ...]
    n_faults: int
    warnings: tuple[str, ...]
    previewed: tuple[str, ...]  # class word of each patch of the preview

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return asdict(self)


def from_dict(values: Mapping[str, Any]) -> Survey:
    """Read what `as_dict` wrote."""
    lists = ("low", "high", "frame_words", "faults", "warnings", "previewed")
    plain: dict[str, Any] = {name: tuple(value) if name in lists else value for name, value in values.items()}
    return Survey(**plain)
