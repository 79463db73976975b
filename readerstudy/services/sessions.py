"""Reading sessions: start, serve, move on."""

import secrets
from datetime import datetime

from django.db import transaction

from readerstudy.core import randomization
from readerstudy.core.errors import Moved
from readerstudy.core.randomization import Extras, Place
from readerstudy.core.session_state import STEP_AFTER, Phase, SessionState, Step, advance
from readerstudy.models import Case, Invitation, ReadingSession, Trial
from readerstudy.models.reading import TOKEN_LENGTH
from readerstudy.selectors import reading, room, rules
from readerstudy.selectors.room import SessionNow
from readerstudy.selectors.statements import CLAIM_SESSION, change
from readerstudy.services import audit


@transaction.atomic
def start(*, invitation: Invitation, seed: int, now: datetime) -> ReadingSession:
    """Start the session of an invitation with its whole order stored, or return the one it has."""
    rows = Invitation.objects.select_related("reader__study").select_for_update(of=("self",))
    invitation = rows.get(pk=invitation.pk)  # it may have been revoked, or its reader have left, meanwhile
    rules.check_can_enter(invitation, now=now)
    session, is_new = ReadingSession.objects.get_or_create(
        invitation=invitation,
        defaults={
            "public_id": secrets.token_hex(16),
            "seed": seed,
            "algorithm": randomization.ALGORITHM,
            "started_at": now,
            "seen_at": now,
        },
    )
    if is_new:
        Trial.objects.bulk_create(_trials(session), batch_size=500)
        audit.write(
            study=session.study,
            actor=session.reader.pseudonym,
            verb="session.started",
            now=now,
            seed=seed,
            algorithm=session.algorithm,
        )
    return session


@transaction.atomic
def begin(*, session: ReadingSession, now: datetime) -> ReadingSession:
    """Leave the instructions; pressing the button twice does no harm."""
    session = locked(session)
    rules.check_can_read(session.invitation, now=now)
    if session.state == SessionState.ARRIVED:
        session.state = advance(SessionState(session.state), Step.BEGIN)
        session.seen_at = now
        session.save(update_fields=["state", "seen_at"])
        session.state = move_on(session_pk=session.pk, now=now)
    return session


@transaction.atomic
def serve(*, trial: Trial, now: datetime) -> None:
    """Note when the current trial was first shown; only then can it be answered and its panel fetched."""
    if trial.served_at is None:
        Trial.objects.filter(pk=trial.pk, served_at=None).update(served_at=now)
        trial.refresh_from_db(fields=["served_at"])
    ReadingSession.objects.filter(pk=trial.session_id).update(seen_at=now)


@transaction.atomic
def take_seat(*, public_id: str, now: datetime) -> str:
    """Let one window read: it gets a new seat, and every window that had one before learns so at its next request."""
    session = room.session_now(public_id)
    session.check_is_readable(now=now)
    seat = secrets.token_hex(TOKEN_LENGTH // 2)
    ReadingSession.objects.filter(pk=session.pk).update(seat=seat)
    return seat


def claim(*, public_id: str, seat: str | None, seen_at: datetime) -> SessionNow:
    """Read a session and keep others waiting until this transaction ends; what is returned is as it was before.

    Without a seat, as from a form, it does not matter which window reads.
    """
    while True:
        session = room.session_now(public_id)
        if seat is not None and (not seat or seat != session.seat):
            raise Moved("Reading goes on in another window.")
        if change(
            CLAIM_SESSION, seen_at, session.pk, session.state.value, session.seat
        ):  # otherwise it changed just now: read it again
            return session


def move_on(*, session_pk: int, now: datetime) -> SessionState:
    """Take a claimed session to its next state while its part has no open trial left."""
    session = ReadingSession.objects.select_related("invitation__reader__study").get(pk=session_pk)
    while (phase := reading.phase_of(session)) is not None and reading.current_trial(session) is None:
        is_refresher = session.state == SessionState.REFRESHER
        session.state = advance(SessionState(session.state), STEP_AFTER[phase])
        if session.state == SessionState.FINISHED:
            session.finished_at = now
        session.save(update_fields=["state", "finished_at"])
        verb = "session.refreshed" if is_refresher else f"session.{STEP_AFTER[phase]}"
        audit.write(study=session.study, actor=session.reader.pseudonym, verb=verb, now=now)
    return SessionState(session.state)


def locked(session: ReadingSession) -> ReadingSession:
    """Read a session again and keep other answers to it waiting until this transaction ends."""
    rows = ReadingSession.objects.select_related("invitation__reader__study").select_for_update(of=("self",))
    return rows.get(pk=session.pk)


def _trials(session: ReadingSession) -> list[Trial]:
    """The whole session in the reader's own order, phase by phase."""
    trials = []
    for phase in Phase:
        cases = {case.public_id: case for case in session.study.cases.filter(phase=phase)}
        for position, place in enumerate(_sequence(session, phase, cases), start=1):
            trials.append(
                Trial(
                    session=session,
                    case=cases[place.case_id],
                    phase=phase,
                    role=place.role,
                    position=position,
                    token=secrets.token_hex(TOKEN_LENGTH // 2),
                )
            )
    return trials


def _sequence(session: ReadingSession, phase: Phase, cases: dict[str, Case]) -> list[Place]:
    """The order of one phase; repeats and attention checks come in the test only."""
    strata = {
        public_id: (case.source, case.lesion_class) for public_id, case in cases.items() if not case.is_check
    }
    extras = Extras()
    if phase is Phase.TEST:
        conduct = session.study.rules.conduct
        checks = tuple(public_id for public_id, case in cases.items() if case.is_check)
        extras = Extras(conduct.n_repeats, conduct.repeat_distance, checks)
    return randomization.sequence(session.seed, strata, extras, algorithm=session.algorithm)
