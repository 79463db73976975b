"""Some warm-up panels again, for a reader who comes back after days."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from readerstudy.core.protocol import Protocol
from readerstudy.core.randomization import rank
from readerstudy.core.session_state import Phase


def is_due(protocol: Protocol, *, seen_at: datetime, now: datetime) -> bool:
    """Whether the pause was so long that the study asks for a refresher.

    Parameters
    ----------
    protocol : of the study
    seen_at : when the reader was last at it
    now : when the reader comes back
    """
    days = protocol.conduct.refresher_after_days
    return bool(days) and now - seen_at >= timedelta(days=days)


def n_panels(protocol: Protocol) -> int:
    """Number of panels of one refresher: as the study says, at most the whole warm-up."""
    return min(protocol.conduct.n_refresher, protocol.n_of(Phase.WARM_UP))


def choose(seed: int, case_ids: Iterable[str], *, number: int, n: int) -> list[str]:
    """Choose the cases of a session's refresher, in their order.

    Parameters
    ----------
    seed : of the session
    case_ids : of the warm-up
    number : 1 for the first refresher of the session, 2 for the next
    n : how many

    Returns
    -------
    list of str
        The n ids whose SHA-256 of "seed:refresher:number:id" is lowest, by that hash.
    """
    return sorted(case_ids, key=lambda case_id: rank(seed, f"refresher:{number}:{case_id}"))[:n]


def place(position: int, protocol: Protocol) -> int:
    """Tell which panel of its refresher a warm-up trial is, from 1.

    Parameters
    ----------
    position : among all warm-up trials of the session, from 1; those of refreshers follow the warm-up itself
    protocol : of the study
    """
    return (position - protocol.n_of(Phase.WARM_UP) - 1) % n_panels(protocol) + 1
