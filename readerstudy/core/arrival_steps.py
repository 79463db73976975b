"""The steps between the personal link and the first panel, in their order."""

from collections.abc import Collection
from enum import StrEnum

from readerstudy.core.arrival import Arrival


class ArrivalStep(StrEnum):
    """What a reader is asked to do before reading."""

    CONSENT = "consent"
    EXPERTISE = "expertise"
    DISPLAY = "display"
    INSTRUCTIONS = "instructions"


def asked(arrival: Arrival) -> tuple[ArrivalStep, ...]:
    """The steps of a study; instructions come always."""
    wanted = {
        ArrivalStep.CONSENT: bool(arrival.consent.strip()),
        ArrivalStep.EXPERTISE: bool(arrival.questions),
        ArrivalStep.DISPLAY: arrival.display_check,
        ArrivalStep.INSTRUCTIONS: True,
    }
    return tuple(step for step, is_wanted in wanted.items() if is_wanted)


def next_step(arrival: Arrival, done: Collection[ArrivalStep]) -> ArrivalStep | None:
    """The first step not done yet; None when reading may go on."""
    return next((step for step in asked(arrival) if step not in done), None)
