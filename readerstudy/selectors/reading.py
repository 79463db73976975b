"""What a reader sees, and how far readers are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from readerstudy.core.session_state import PHASE_OF, Phase, SessionState
from readerstudy.models import Invitation, ReadingSession, Study, Trial
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


def session_of_browser(public_id: str, owned: Collection[str]) -> ReadingSession | None:
    """A session that this browser started or resumed, while reading is allowed or when it is finished; otherwise None."""
    if public_id not in owned:
        return None
    rows = ReadingSession.objects.select_related("invitation__reader__study")
    session = rows.filter(public_id=public_id).first()
    if session is None or not (session.state == SessionState.FINISHED or rules.can_read(session.invitation)):
        return None
    return session


def fresh(session: ReadingSession) -> ReadingSession:
    """The session as it is stored now."""
    return ReadingSession.objects.only("state").get(pk=session.pk)


def trial_of_browser(token: str, owned: Collection[str]) -> Trial | None:
    """A trial of a session of this browser; a stranger's token and a made-up one are the same None."""
    rows = Trial.objects.select_related("case", "session__invitation__reader__study")
    trial = rows.filter(token=token).first()
    if trial is None or trial.session.public_id not in owned or not rules.can_read(trial.session.invitation):
        return None
    return trial


def is_shown(trial: Trial) -> bool:
    """Whether this trial is the current one and was served: then its panel may be fetched."""
    if trial.served_at is None or trial.done_at is not None:
        return False
    current = current_trial(trial.session)
    return current is not None and current.pk == trial.pk


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session is; says nothing about what was answered."""

    n_warm_up: int
    n_warm_up_done: int
    n_test: int
    n_test_done: int


def progress_of(session: ReadingSession) -> Progress:
    """Count a session's trials."""
    return Progress(**session.trials.aggregate(**_counts("")))


@dataclass(frozen=True, slots=True)
class ReaderProgress:
    """One line of the readers page; never holds an answer or its correctness."""

    invitation: Invitation
    progress: Progress
    state: str
    seen_at: datetime | None


def progress_of_readers(study: Study) -> list[ReaderProgress]:
    """Every invited reader of a study with how far they are."""
    rows = Invitation.objects.filter(reader__study=study).select_related("reader__study", "session")
    lines = []
    for invitation in rows.annotate(**_counts("session__trials__")).order_by("reader__pseudonym"):
        session = getattr(invitation, "session", None)
        lines.append(
            ReaderProgress(
                invitation=invitation,
                progress=Progress(
                    **{name: getattr(invitation, name) for name in Progress.__dataclass_fields__}
                ),
                state=session.state if session else "invited",
                seen_at=session.seen_at if session else None,
            )
        )
    return lines


def _counts(trial: str) -> dict[str, Count]:
    """Aggregates over trials; `trial` is the path to them, "" for trials themselves."""
    warm_up, test = Q(**{f"{trial}phase": Phase.WARM_UP}), Q(**{f"{trial}phase": Phase.TEST})
    done = Q(**{f"{trial}done_at__isnull": False})
    return {
        "n_warm_up": Count(f"{trial}pk", filter=warm_up),
        "n_warm_up_done": Count(f"{trial}pk", filter=warm_up & done),
        "n_test": Count(f"{trial}pk", filter=test),
        "n_test_done": Count(f"{trial}pk", filter=test & done),
    }
