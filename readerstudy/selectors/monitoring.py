"""How readers get on, for the desk: never an answer, never whether it was right, before or after closing."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, cast

from django.db.models import Count, Q, QuerySet

from readerstudy.core import display_check, pace
from readerstudy.core.display_check import DisplayCheck
from readerstudy.core.names import pseudonym_order
from readerstudy.core.pace import Given, Pace
from readerstudy.core.session_state import Phase
from readerstudy.models import Invitation, ReadingSession, Study, Trial

INVITED: Final = "invited"
REVOKED: Final = "revoked"
LEFT: Final = "left"
STATES: Final = {
    INVITED: "invited",
    "arrived": "instructions",
    "warm_up": "warm-up",
    "test": "test",
    "refresher": "refresher",
    "finished": "finished",
    REVOKED: "revoked",
    LEFT: "withdrew",
}
DISPLAY_PASSED: Final = "passed"
DISPLAY_DOUBTFUL: Final = "doubtful"
DISPLAY_OPEN: Final = "not done"
DISPLAY_NOT_ASKED: Final = "not asked"


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """One line of the readers page."""

    invitation: Invitation
    n_trials: int
    n_done: int
    state: str
    seen_at: datetime | None
    since_seen: timedelta | None
    pace: Pace
    n_timeouts: int
    n_hidden: int
    display: str
    display_check: DisplayCheck | None

    @property
    def pseudonym(self) -> str:
        return self.invitation.reader.pseudonym

    @property
    def name(self) -> str:
        return self.invitation.reader.name

    @property
    def group(self) -> str:
        return self.invitation.reader.group

    @property
    def state_title(self) -> str:
        return STATES[self.state]

    @property
    def described(self) -> str:
        """What a search looks through."""
        return f"{self.name} {self.pseudonym} {self.invitation.reader.email}".casefold()

    @property
    def percent(self) -> int:
        return round(100 * self.n_done / self.n_trials) if self.n_trials else 0

    @property
    def reasons(self) -> str:
        """What stands against the display, in words."""
        found = self.display_check.reasons if self.display_check else ()
        return ", ".join(reason.value.replace("_", " ") for reason in found)


def of_readers(
    study: Study, *, now: datetime, among: Collection[Invitation] | None = None
) -> list[ReaderLine]:
    """Every invited reader of a study, or some of them, by pseudonym, in three queries whatever their number."""
    sessions = ReadingSession.objects.filter(invitation__reader__study=study)
    if among is not None:
        sessions = sessions.filter(invitation__in=among)
    counts: dict[int, dict[str, int]] = {
        row.pop("pk"): row
        for row in cast("Iterable[dict[str, int]]", sessions.values("pk").annotate(**_COUNTS))
    }
    invitations = _invitations(study) if among is None else among
    return _lines(study, invitations, counts=counts, paces=_paces(sessions), now=now)


def at_a_glance(study: Study, *, now: datetime) -> list[ReaderLine]:
    """Every invited reader as `of_readers` has them, without what is counted of their trials: one query, quick for any number."""
    return _lines(study, _invitations(study), counts={}, paces={}, now=now)


def _invitations(study: Study) -> Collection[Invitation]:
    return list(Invitation.objects.filter(reader__study=study).select_related("reader", "session"))


def _lines(
    study: Study,
    invitations: Iterable[Invitation],
    *,
    counts: dict[int, dict[str, int]],
    paces: dict[int, Pace],
    now: datetime,
) -> list[ReaderLine]:
    protocol = study.rules
    return [
        _line(
            invitation,
            counts=counts,
            paces=paces,
            n_trials=protocol.n_trials(Phase.TEST),
            is_display_asked=protocol.arrival.display_check,
            now=now,
        )
        for invitation in sorted(invitations, key=lambda one: pseudonym_order(one.reader.pseudonym))
    ]


_TEST: Final = Q(trials__phase=Phase.TEST)
_COUNTS: Final[dict[str, Any]] = {
    "n_done": Count("trials", filter=_TEST & Q(trials__done_at__isnull=False)),
    "n_timeouts": Count("trials", filter=_TEST & Q(trials__response__is_timeout=True)),
    "n_hidden": Count("trials", filter=_TEST & Q(trials__response__n_hidden__gt=0)),
}


def _paces(sessions: QuerySet[ReadingSession]) -> dict[int, Pace]:
    """The pace of each session, from the times of its done test trials; those of one session at a time."""
    found: dict[int, Pace] = {}
    for session_id, rows in groupby(_times(sessions), key=itemgetter(0)):
        found[session_id] = pace.of_answers([given for _, given in rows])
    return found


def _times(sessions: QuerySet[ReadingSession]) -> Iterator[tuple[int, Given]]:
    """Done test trials, session by session."""
    rows = Trial.objects.filter(session__in=sessions, phase=Phase.TEST, done_at__isnull=False).values_list(
        "session_id", "served_at", "done_at", "response__rt_ms", "response__waited_ms"
    )
    rows = rows.order_by("session_id")
    for session_id, served_at, done_at, rt_ms, waited_ms in rows.iterator(chunk_size=2000):
        if served_at is None or done_at is None:  # the database allows neither in a done trial
            continue
        # Without JavaScript nothing is preloaded, so that serving is showing, unless the clock was set back meanwhile.
        served = (done_at - served_at).total_seconds()
        seconds = rt_ms / 1000 if rt_ms is not None else served if served >= 0 else None
        yield session_id, Given(done_at - timedelta(milliseconds=waited_ms or 0), seconds)


def _line(
    invitation: Invitation,
    *,
    counts: dict[int, dict[str, int]],
    paces: dict[int, Pace],
    n_trials: int,
    is_display_asked: bool,
    now: datetime,
) -> ReaderLine:
    session = getattr(invitation, "session", None)
    counted = counts.get(session.pk, {}) if session else {}
    check = _latest_check(session)
    state = REVOKED if invitation.revoked_at else session.state if session else INVITED
    if invitation.reader.withdrawn_at is not None:
        state = LEFT
    return ReaderLine(
        invitation=invitation,
        n_trials=n_trials,
        n_done=counted.get("n_done", 0),
        state=state,
        seen_at=session.seen_at if session else None,
        since_seen=now - session.seen_at if session else None,
        pace=(paces.get(session.pk) if session else None) or pace.of_answers([]),
        n_timeouts=counted.get("n_timeouts", 0),
        n_hidden=counted.get("n_hidden", 0),
        display=_display(check, is_asked=is_display_asked),
        display_check=check,
    )


def _latest_check(session: ReadingSession | None) -> DisplayCheck | None:
    stored = (session.display or []) if session else []
    return display_check.from_json(stored[0]) if stored else None


def _display(check: DisplayCheck | None, *, is_asked: bool) -> str:
    if check is None:
        return DISPLAY_OPEN if is_asked else DISPLAY_NOT_ASKED
    return DISPLAY_PASSED if check.is_passed else DISPLAY_DOUBTFUL


# What a column sorts by; None comes last, whichever way it is sorted.
SORTS: Final[dict[str, Callable[[ReaderLine], Any]]] = {
    "reader": lambda line: pseudonym_order(line.pseudonym),
    "group": lambda line: (line.group, pseudonym_order(line.pseudonym)),
    "state": lambda line: list(STATES).index(line.state),
    "done": lambda line: line.n_done,
    "pace": lambda line: line.pace.seconds,
    "seen": lambda line: line.since_seen,
    "display": lambda line: line.display,
    "timeouts": lambda line: line.n_timeouts,
    "pauses": lambda line: line.pace.n_pauses,
}


COUNTED: Final = frozenset({"done", "pace", "timeouts", "pauses"})  # of trials


def arranged(
    lines: Iterable[ReaderLine],
    *,
    sort: str,
    is_descending: bool,
    group: str = "",
    state: str = "",
    words: str = "",
) -> list[ReaderLine]:
    """Lines of one group and state whose name, pseudonym or address holds each of the words, sorted by a column."""
    wanted = words.casefold().split()
    chosen = [
        line
        for line in lines
        if (not group or line.group == group)
        and (not state or line.state == state)
        and all(word in line.described for word in wanted)
    ]
    key = SORTS.get(sort, SORTS["reader"])
    known = [line for line in chosen if key(line) is not None]
    unknown = [line for line in chosen if key(line) is None]
    return [*sorted(known, key=key, reverse=is_descending), *unknown]
