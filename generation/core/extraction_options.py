"""What may be chosen about an extraction."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from generation.core.errors import InputError
from generation.core.intensity import IntensityRange, parse_intensity_range
from generation.core.seeds import check_seed

HEALTHY_PER_BREAST_SLICE: Final = 15  # Haarburger 2019, section 3, item 2
MAX_HEALTHY_PER_BREAST_SLICE: Final = 1000


@dataclass(frozen=True)
class ExtractionOptions:
    """Options of an extraction; the defaults are the paper's."""

    seed: int = 1
    healthy_per_breast_slice: int = HEALTHY_PER_BREAST_SLICE
    intensity_range: IntensityRange = IntensityRange.MIN_MAX

    def __post_init__(self) -> None:
        """Refuse values outside their limits.

        Raises
        ------
        InputError
            Naming the value and its limits.
        """
        check_seed(self.seed)
        if not 0 <= self.healthy_per_breast_slice <= MAX_HEALTHY_PER_BREAST_SLICE:
            raise InputError(
                f"{self.healthy_per_breast_slice} healthy patches per breast and slice cannot be drawn; "
                f"write a number from 0 to {MAX_HEALTHY_PER_BREAST_SLICE}."
            )

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read options as a row stores them; what is not named keeps its default.

        Raises
        ------
        InputError
            If a value is outside its limits.
        """
        defaults = cls()
        return cls(
            seed=int(values.get("seed", defaults.seed)),
            healthy_per_breast_slice=int(
                values.get("healthy_per_breast_slice", defaults.healthy_per_breast_slice)
            ),
            intensity_range=parse_intensity_range(
                str(values.get("intensity_range", defaults.intensity_range))
            ),
        )

    def as_dict(self) -> dict[str, int | str]:
        """Values that JSON can hold."""
        return {**asdict(self), "intensity_range": self.intensity_range.value}
