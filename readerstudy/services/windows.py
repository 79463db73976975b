"""The window of panels that are let out to a reader's browser: the current one and some ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from readerstudy.core import refresher
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.selectors import room
from readerstudy.selectors.room import N_AHEAD, OpenTrial, Origin, SessionNow
from readerstudy.selectors.statements import LET_OUT, change
from readerstudy.services import refreshers, sessions


@dataclass(frozen=True, slots=True)
class Item:
    """One panel of the window. Of a test panel a browser learns its token and position, and nothing else."""

    token: str
    position: int
    origin: Origin | None = None
    answer: str = ""  # of a warm-up panel whose origin was told but not yet looked at


@dataclass(frozen=True, slots=True)
class Window:
    """The panels that may be fetched, the current one first."""

    state: SessionState
    n_trials: int
    n_done: int
    trials: tuple[Item, ...]


@transaction.atomic
def ask(*, public_id: str, seat: str | None, now: datetime) -> Window:
    """Let out the window of a session, after a long pause that of a refresher."""
    session = sessions.claim(public_id=public_id, seat=seat, seen_at=now)
    session.check_is_readable(now=now)
    session = refreshers.after_pause(session=session, now=now)
    return of_session(session, now=now)


def of_session(session: SessionNow, *, now: datetime) -> Window:
    """The window of a session that this transaction has claimed."""
    phase = session.phase
    if phase is None:
        return Window(session.state, n_trials(session), n_done(session, None), ())
    trials = room.open_trials(session.pk, phase)[: N_AHEAD + 1]
    let_out(trials, now=now)
    first = trials[0] if trials else None
    return Window(session.state, n_trials(session), n_done(session, first), items(session, trials))


def let_out(trials: Sequence[OpenTrial], *, now: datetime) -> list[OpenTrial]:
    """Note when panels were first let out; return those that were not before."""
    new = [trial for trial in trials if trial.served_at is None]
    for trial in new:  # one, but for the first window
        change(LET_OUT, now, trial.pk)
    return new


def items(session: SessionNow, trials: Sequence[OpenTrial]) -> tuple[Item, ...]:
    """Panels as a browser may know them."""
    if session.phase is not Phase.WARM_UP:
        return tuple(Item(trial.token, trial.position) for trial in trials)
    if not session.is_revealing:
        found = room.origins(trials)
        return tuple(Item(trial.token, place(session, trial.position), found[trial.pk]) for trial in trials)
    answer = room.warm_up_answer(trials[0].pk) if trials else ""
    revealed = room.origins(trials[:1]) if answer else {}
    return tuple(
        Item(trial.token, trial.position, revealed.get(trial.pk), answer if trial.pk in revealed else "")
        for trial in trials
    )


def n_trials(session: SessionNow) -> int:
    """Panels of the part of the session that is being read."""
    if session.state is SessionState.REFRESHER:
        return refresher.n_panels(session.protocol)
    return session.protocol.n_trials(session.phase or Phase.TEST)


def n_done(session: SessionNow, current: OpenTrial | None) -> int:
    """How many of them are done."""
    if current is not None:
        return place(session, current.position) - 1
    return n_trials(session) if session.state is SessionState.FINISHED else 0


def place(session: SessionNow, position: int) -> int:
    """A position as the reader counts it: refreshers begin at 1 again."""
    if session.state is SessionState.REFRESHER:
        return refresher.place(position, session.protocol)
    return position
