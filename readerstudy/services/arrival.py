"""Before the first panel: consent, expertise, display check, instructions. Each step is stored once it is done."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from readerstudy.core.arrival_steps import ArrivalStep, asked
from readerstudy.core.display_check import DisplayCheck
from readerstudy.core.errors import Refused
from readerstudy.core.expertise import Answer
from readerstudy.models import Invitation, ReadingSession
from readerstudy.selectors import rules
from readerstudy.services import audit, sessions

MAX_CHECKS = 50  # display checks kept of one session, the latest


@transaction.atomic
def agree(*, invitation: Invitation, seed: int, now: datetime) -> ReadingSession:
    """Note a reader's consent and start the session; before it nothing is stored about a reader who is asked for it."""
    session = sessions.locked(sessions.start(invitation=invitation, seed=seed, now=now))
    if session.consented_at is None:
        session.consented_at = session.seen_at = now
        session.save(update_fields=["consented_at", "seen_at"])
        audit.write(study=session.study, actor=session.reader.pseudonym, verb="session.consented", now=now)
    return session


@transaction.atomic
def answer_questions(
    *, session: ReadingSession, answers: Mapping[str, Answer], now: datetime
) -> ReadingSession:
    """Store the answers about expertise; the first ones stay."""
    session = sessions.locked(session)
    rules.check_can_read(session.invitation, now=now)
    if session.expertise is None:
        session.expertise, session.seen_at = dict(answers), now
        session.save(update_fields=["expertise", "seen_at"])
    return session


@transaction.atomic
def store_display_check(*, session: ReadingSession, check: DisplayCheck, now: datetime) -> ReadingSession:
    """Put a display check before the earlier ones, with its time."""
    session = sessions.locked(session)
    rules.check_can_read(session.invitation, now=now)
    stored = check.at(now.isoformat()).to_json()
    session.display, session.seen_at = [stored, *(session.display or [])][:MAX_CHECKS], now
    session.save(update_fields=["display", "seen_at"])
    return session


@transaction.atomic
def leave_instructions(*, session: ReadingSession, now: datetime) -> ReadingSession:
    """Begin with the first panel, once everything that is asked before it is done; pressing twice does no harm."""
    session = sessions.locked(session)
    _check_is_ready(session)
    if session.practised_at is None:
        session.practised_at = now
        session.save(update_fields=["practised_at"])
    return sessions.begin(session=session, now=now)


def _check_is_ready(session: ReadingSession) -> None:
    """Consent and expertise come before reading; the display belongs to a browser, not to the session."""
    steps = asked(session.study.rules.arrival)
    is_open = {ArrivalStep.CONSENT: session.consented_at, ArrivalStep.EXPERTISE: session.expertise}
    if any(step in steps and value is None for step, value in is_open.items()):
        raise Refused("Something is asked before reading; open your personal link to go on with it.")
