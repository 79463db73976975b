"""What a reader sees, and how far readers are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from readerstudy.core.session_state import PHASE_OF, Phase, Role, SessionState
from readerstudy.models import (
    ReadingSession,
    Response,
    Trial,
    WithdrawnResponse,
)
from readerstudy.selectors import rules


def phase_of(session: ReadingSession) -> Phase | None:
    """The phase a session is in; None before and after."""
    return PHASE_OF[SessionState(session.state)]


def current_trial(session: ReadingSession) -> Trial | None:
    """The one trial that may be shown and answered: the first open one of the present phase."""
    phase = phase_of(session)
    if phase is None:
        return None
    return session.trials.filter(phase=phase, done_at=None).order_by("position").first()


def session_of_browser(public_id: str, owned: Collection[str], *, now: datetime) -> ReadingSession | None:
    """A session that this browser started or resumed, while reading is allowed or when it is finished; otherwise None.

    Raises
    ------
    Closed
        If the session is the browser's, but nobody may read in it any more.
    """
    if public_id not in owned:
        return None
    try:
        session = ReadingSession.objects.select_related("invitation__reader__study").get(public_id=public_id)
    except ReadingSession.DoesNotExist:
        return None
    if session.state != SessionState.FINISHED:
        rules.check_can_read(session.invitation, now=now)
    return session


def fresh(session: ReadingSession) -> ReadingSession:
    """The session as it is stored now."""
    return ReadingSession.objects.only("state").get(pk=session.pk)


def trial_of_browser(token: str, owned: Collection[str], *, now: datetime) -> Trial | None:
    """A trial of a session of this browser; a stranger's token and a made-up one are the same None.

    Raises
    ------
    Closed
        If the trial is the browser's, but nobody may read in its session any more.
    """
    try:
        trial = Trial.objects.select_related("case", "session__invitation__reader__study").get(token=token)
    except Trial.DoesNotExist:
        return None
    if trial.session.public_id not in owned:
        return None
    rules.check_can_read(trial.session.invitation, now=now)
    return trial


def is_shown(trial: Trial) -> bool:
    """Whether this trial is the current one and was served: then its panel may be fetched."""
    if trial.served_at is None or trial.done_at is not None:
        return False
    current = current_trial(trial.session)
    return current is not None and current.pk == trial.pk


def answer_of(trial: Trial) -> str:
    """What was answered to a trial; empty where nothing was."""
    return Response.objects.filter(trial=trial).values_list("answer", flat=True).first() or ""


def token_before(trial: Trial) -> str:
    """Token of the trial answered last, if it may be taken back; empty otherwise."""
    was_taken_back = WithdrawnResponse.objects.filter(trial=trial).exists()
    rows = Trial.objects.filter(session=trial.session_id, phase=trial.phase, position=trial.position - 1)
    return "" if was_taken_back else rows.values_list("token", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session is; says nothing about what was answered."""

    n_warm_up: int
    n_warm_up_done: int
    n_test: int
    n_test_done: int


def progress_of(session: ReadingSession) -> Progress:
    """Count a session's trials; panels of a refresher do not count."""
    warm_up = Q(phase=Phase.WARM_UP) & ~Q(role=Role.REFRESHER)
    test = Q(phase=Phase.TEST)
    done = Q(done_at__isnull=False)
    counts = session.trials.aggregate(
        n_warm_up=Count("pk", filter=warm_up),
        n_warm_up_done=Count("pk", filter=warm_up & done),
        n_test=Count("pk", filter=test),
        n_test_done=Count("pk", filter=test & done),
    )
    return Progress(**counts)
