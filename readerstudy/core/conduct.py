"""How a session is conducted: what may be done with an answer, when time is up, when to rest, what comes twice."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from generation.core.errors import InputError

LABELLED: Final = "labelled"  # each warm-up panel is shown with its origin, as in the paper
ANSWER_THEN_REVEAL: Final = "answer-then-reveal"  # the origin is told once the answer is stored
WARM_UP_MODES: Final = (LABELLED, ANSWER_THEN_REVEAL)
MIN_TIME_LIMIT_SECONDS: Final = 5
MAX_TIME_LIMIT_SECONDS: Final = 600
MAX_VIEWING_SECONDS: Final = 30  # the longest that an answer can be held back
MAX_BREAK_EVERY: Final = 1000
MAX_REPEATS: Final = 500
MAX_CHECKS: Final = 50
MAX_REFRESHER_PANELS: Final = 100
MAX_COMMENT_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class Conduct:
    """The rules of a reading session; building one checks it.

    Attributes
    ----------
    comment : a reader may add a comment to an answer
    undo : a reader may take back the last answer; every version is kept
    time_limit_seconds : time to answer a test panel from its first paint; 0: none
    min_viewing_seconds : an answer is taken only when the panel was on the screen so long; 0: at once
    break_every : a break is offered after so many test panels; 0: never
    n_repeats : test cases that come a second time, to measure how well a reader agrees with themselves
    repeat_distance : at least so many panels lie between the two
    n_checks : attention checks, panels made obviously synthetic; never analysed
    warm_up_mode : when the origin of a warm-up panel is told
    refresher_after_days : after a pause of so many days warm-up panels come again; 0: never
    n_refresher : how many

    Raises
    ------
    InputError
        Naming the value that cannot be used.

    Source: repeats of 5 to 10 % at least 50 panels apart, and no limit shorter than a reading: reference practice of
    reader studies (Haygood 2018, Acad Radiol 25:1433).
    """

    comment: bool = False
    undo: bool = False
    time_limit_seconds: int = 0
    min_viewing_seconds: int = 0
    break_every: int = 0
    n_repeats: int = 0
    repeat_distance: int = 50
    n_checks: int = 0
    warm_up_mode: str = LABELLED
    refresher_after_days: int = 0
    n_refresher: int = 6

    def __post_init__(self) -> None:
        for name in ("comment", "undo"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name} is {getattr(self, name)!r}; write true or false.", field=name)
        _check_whole("time_limit_seconds", self.time_limit_seconds, 0, MAX_TIME_LIMIT_SECONDS)
        _check_whole("min_viewing_seconds", self.min_viewing_seconds, 0, MAX_VIEWING_SECONDS)
        _check_whole("break_every", self.break_every, 0, MAX_BREAK_EVERY)
        _check_whole("n_repeats", self.n_repeats, 0, MAX_REPEATS)
        _check_whole("repeat_distance", self.repeat_distance, 1, 1000)
        _check_whole("n_checks", self.n_checks, 0, MAX_CHECKS)
        _check_whole("refresher_after_days", self.refresher_after_days, 0, 365)
        _check_whole("n_refresher", self.n_refresher, 1, MAX_REFRESHER_PANELS)
        if 0 < self.time_limit_seconds < MIN_TIME_LIMIT_SECONDS:
            raise InputError(
                f"A time limit of {self.time_limit_seconds} s leaves no time to look; give at least "
                f"{MIN_TIME_LIMIT_SECONDS} s, or 0 for none.",
                field="time_limit_seconds",
            )
        if self.time_limit_seconds and self.min_viewing_seconds >= self.time_limit_seconds:
            raise InputError(
                f"Answers are held back for {self.min_viewing_seconds} s but time is up after "
                f"{self.time_limit_seconds} s; make the limit longer.",
                field="min_viewing_seconds",
            )
        if self.warm_up_mode not in WARM_UP_MODES:
            raise InputError(
                f'The warm-up mode "{self.warm_up_mode}" is unknown; choose one of {", ".join(WARM_UP_MODES)}.',
                field="warm_up_mode",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column."""
        return asdict(self)


def from_json(data: Mapping[str, Any]) -> Conduct:
    """Read stored rules.

    Raises
    ------
    InputError
        If a field is unknown or not usable.
    """
    unknown = data.keys() - set(Conduct.__dataclass_fields__)
    if unknown:
        raise InputError(
            f"The conduct of the protocol has unknown fields ({', '.join(sorted(unknown))}); "
            f"its fields are {', '.join(sorted(Conduct.__dataclass_fields__))}."
        )
    return Conduct(**data)


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise InputError(f"{name} is {value!r}; give a whole number from {lowest} to {highest}.", field=name)
