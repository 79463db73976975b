"""A refresher: some warm-up panels again, after a pause of days."""

import secrets
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from readerstudy.core import refresher
from readerstudy.core.session_state import Phase, Role, SessionState, Step, advance
from readerstudy.models import ReadingSession, Trial
from readerstudy.models.reading import TOKEN_LENGTH
from readerstudy.selectors.room import SessionNow
from readerstudy.services import audit, sessions


def is_due(session: ReadingSession, *, now: datetime) -> bool:
    """Whether a reader who comes back now is to see warm-up panels again first."""
    return session.state == SessionState.TEST and refresher.is_due(
        session.study.rules, seen_at=session.seen_at, now=now
    )


@transaction.atomic
def resume(*, public_id: str, now: datetime) -> SessionState:
    """Go on after a pause, in whichever window."""
    session = sessions.claim(public_id=public_id, seat=None, seen_at=now)
    return after_pause(session=session, now=now).state


def after_pause(*, session: SessionNow, now: datetime) -> SessionNow:
    """Go from the test to a refresher if the reader was away so long; the session must be claimed by this transaction."""
    if session.state is not SessionState.TEST:
        return session
    if not refresher.is_due(session.protocol, seen_at=session.seen_at, now=now):
        return session
    row = ReadingSession.objects.select_related("invitation__reader__study").get(pk=session.pk)
    trials = _trials(row, session)
    Trial.objects.bulk_create(trials)
    row.state = advance(session.state, Step.PAUSED_LONG)
    row.save(update_fields=["state"])
    audit.write(
        study=row.study,
        actor=row.reader.pseudonym,
        verb=f"session.{Step.PAUSED_LONG}",
        now=now,
        days=(now - session.seen_at).days,
        n_refresher=len(trials),
    )
    return replace(session, state=SessionState(row.state))


def _trials(row: ReadingSession, session: SessionNow) -> list[Trial]:
    """The trials of the next refresher, behind all warm-up trials there are."""
    n = refresher.n_panels(session.protocol)
    last = row.trials.filter(phase=Phase.WARM_UP).aggregate(last=Max("position"))["last"]
    number = row.trials.filter(role=Role.REFRESHER).count() // n + 1
    cases = {case.public_id: case for case in row.study.cases.filter(phase=Phase.WARM_UP)}
    chosen = refresher.choose(row.seed, cases, number=number, n=n)
    return [
        Trial(
            session=row,
            case=cases[public_id],
            phase=Phase.WARM_UP,
            role=Role.REFRESHER,
            position=position,
            token=secrets.token_hex(TOKEN_LENGTH // 2),
        )
        for position, public_id in enumerate(chosen, start=last + 1)
    ]
