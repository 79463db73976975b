"""How a reader gets on, from times alone: nothing here knows what was answered or what is true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

N_RECENT: Final = 20  # panels whose median is the pace
SHORTEST_PAUSE: Final = timedelta(
    minutes=5
)  # between two panels; shorter ones are looking or a sip of coffee


@dataclass(frozen=True, slots=True)
class Given:
    """When one test panel was answered, or its time was up.

    Attributes
    ----------
    at : by the server's clock, less the time that the answer waited for the network
    seconds : looking at the panel; None where it was not measured
    """

    at: datetime
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how steadily a reader reads.

    Attributes
    ----------
    seconds : median per panel over the last 20; None before the first
    n_pauses : how often five minutes or more lay between two panels
    longest_pause : None without one
    """

    seconds: float | None
    n_pauses: int
    longest_pause: timedelta | None


def of_answers(given: Sequence[Given]) -> Pace:
    """Summarize one reader's times.

    Parameters
    ----------
    given : of the test, in any order
    """
    in_order = sorted(given, key=lambda one: one.at)
    recent = [one.seconds for one in in_order[-N_RECENT:] if one.seconds is not None]
    # What lies between two panels is the time between two answers less that of looking at the second panel.
    away = [
        after.at - before.at - timedelta(seconds=after.seconds or 0) for before, after in pairwise(in_order)
    ]
    pauses = [pause for pause in away if pause >= SHORTEST_PAUSE]
    return Pace(median(recent) if recent else None, len(pauses), max(pauses, default=None))
