"""Reading sessions: start, serve, move on."""

import secrets
from datetime import datetime

from django.db import transaction

from readerstudy.core import randomization
from readerstudy.core.errors import Refused
from readerstudy.core.session_state import STEP_AFTER, Phase, SessionState, Step, advance
from readerstudy.models import Invitation, ReadingSession, Trial
from readerstudy.selectors import reading, rules
from readerstudy.services import audit


@transaction.atomic
def start(*, invitation: Invitation, seed: int, now: datetime) -> ReadingSession:
    """Start the session of an invitation with its whole order stored, or return the one it has."""
    Invitation.objects.select_for_update().get(pk=invitation.pk)
    rules.check_can_read(invitation)
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
    rules.check_can_read(session.invitation)
    if session.state == SessionState.ARRIVED:
        session.state = advance(SessionState(session.state), Step.BEGIN)
        session.seen_at = now
        session.save(update_fields=["state", "seen_at"])
        move_on(session=session, now=now)
    return session


@transaction.atomic
def serve(*, trial: Trial, now: datetime) -> None:
    """Note when the current trial was first shown; only then can it be answered and its panel fetched."""
    if trial.served_at is None:
        Trial.objects.filter(pk=trial.pk, served_at=None).update(served_at=now)
        trial.refresh_from_db(fields=["served_at"])
    ReadingSession.objects.filter(pk=trial.session_id).update(seen_at=now)


@transaction.atomic
def see_warm_up(*, trial: Trial, now: datetime) -> ReadingSession:
    """Go on from a warm-up panel; a second click changes nothing."""
    session = locked(trial.session)
    rules.check_can_read(session.invitation)
    trial = Trial.objects.get(pk=trial.pk)
    if trial.phase != Phase.WARM_UP:
        raise Refused("This panel belongs to the test; answer it.")
    if trial.done_at is None:
        complete(session=session, trial=trial, now=now)
    return session


def complete(*, session: ReadingSession, trial: Trial, now: datetime) -> None:
    """Mark the current trial of a locked session as done and move on; called inside a transaction."""
    current = reading.current_trial(session)
    if current is None or current.pk != trial.pk or trial.served_at is None:
        raise Refused(
            "This panel is not the one being shown; open your personal link to go on with the right one."
        )
    trial.done_at = session.seen_at = now
    trial.save(update_fields=["done_at"])
    session.save(update_fields=["seen_at"])
    move_on(session=session, now=now)


def move_on(*, session: ReadingSession, now: datetime) -> None:
    """Take a locked session to its next state while its phase has no open trial left."""
    while (phase := reading.phase_of(session)) is not None and reading.current_trial(session) is None:
        session.state = advance(SessionState(session.state), STEP_AFTER[phase])
        if session.state == SessionState.FINISHED:
            session.finished_at = now
        session.save(update_fields=["state", "finished_at"])
        audit.write(
            study=session.study, actor=session.reader.pseudonym, verb=f"session.{STEP_AFTER[phase]}", now=now
        )


def locked(session: ReadingSession) -> ReadingSession:
    """Read a session again and keep other answers to it waiting until this transaction ends."""
    rows = ReadingSession.objects.select_related("invitation__reader__study").select_for_update(of=("self",))
    return rows.get(pk=session.pk)


def _trials(session: ReadingSession) -> list[Trial]:
    """The whole session in the reader's own order, phase by phase."""
    trials = []
    for phase in Phase:
        cases = {case.public_id: case for case in session.study.cases.filter(phase=phase)}
        strata = {public_id: (case.source, case.lesion_class) for public_id, case in cases.items()}
        in_order = randomization.order(session.seed, strata, algorithm=session.algorithm)
        for position, public_id in enumerate(in_order, start=1):
            trials.append(
                Trial(
                    session=session,
                    case=cases[public_id],
                    phase=phase,
                    position=position,
                    token=secrets.token_hex(16),
                )
            )
    return trials
