"""Judgements: each is stored once; what is taken back is kept beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from readerstudy.core import judgement as judgements
from readerstudy.core.errors import Closed, Conflict, OutOfTurn, Refused
from readerstudy.core.judgement import FAKE, REAL, Judgement
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.core.wording import translatable
from readerstudy.models import Response, Trial, WithdrawnResponse
from readerstudy.models.reading import Judgement as JudgementModel
from readerstudy.selectors import room
from readerstudy.selectors.room import N_AHEAD, OpenTrial, Origin, SessionNow
from readerstudy.selectors.statements import MARK_DONE, change
from readerstudy.services import refreshers, sessions, windows
from readerstudy.services.windows import Item, Window

_NOT_THIS_ONE: Final = translatable(
    "This panel is not the one being shown; open your personal link to go on with the right one."
)
_KEPT: Final = {
    REAL: translatable("This panel was already answered; your first answer (Real) was kept."),
    FAKE: translatable("This panel was already answered; your first answer (Synthetic) was kept."),
    "": translatable("This panel was already counted as not answered, because time was up."),
}
_LATEST: Final = timedelta(days=1)  # that an answer from before the end of a study may arrive after it
_SAID: Final = tuple(field.name for field in JudgementModel._meta.fields)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a session stands after an answer.

    Attributes
    ----------
    n_done : panels done of the part of the session that the answer belongs to
    state : of the session; another one than before where that part is through
    next : panels that may be fetched from now on; after a repeated request the whole window
    origin : of a warm-up panel that was answered
    """

    n_done: int
    state: SessionState
    next: tuple[Item, ...] = ()
    origin: Origin | None = None


@transaction.atomic
def give(
    *, public_id: str, token: str, judgement: Judgement, key: str, now: datetime, seat: str | None = None
) -> Progress:
    """Store the answer to the current trial, or see a warm-up panel that shows its origin.

    The same answer again changes nothing; another one is a Conflict and the first is kept. Without a seat, as from a
    form, the answer counts whichever window reads now. An answer given before the end of the study counts when it
    arrives later: it waited for the network in the browser, for a day at most, and no panel is let out after the end.
    """
    given_at = now - timedelta(milliseconds=judgement.waited_ms or 0)
    session = sessions.claim(public_id=public_id, seat=seat, seen_at=given_at)
    turn = _turn(session, token, is_ahead=seat is not None)
    if turn is None:
        return _again(session, token, judgement, key, now=now)
    if refusal := session.refusal(at=max(given_at, now - _LATEST)):
        raise Closed(refusal)
    current = turn.current
    ms_since_served = (now - current.served_at).total_seconds() * 1000 if current.served_at else 0.0
    judgements.check_viewing(judgement, session.protocol, ms_since_served=ms_since_served)
    if turn.phase is Phase.WARM_UP:
        if session.is_revealing:
            return _reveal(session, current, judgement, key, now=now)
        _check_only_seen(judgement)
    else:
        judgements.check(judgement, session.protocol, is_limited=True)
        version = _next_version(session, current, key)
        if version is None:
            return _again(session, token, judgement, key, now=now)
        _store(current.pk, judgement, key, now=now, version=version)
    return _go_on(turn, given_at=given_at, now=now)


@transaction.atomic
def see(*, public_id: str, token: str, now: datetime, seat: str | None = None) -> Progress:
    """Go on from a warm-up panel whose origin is told; a second click changes nothing."""
    session = sessions.claim(public_id=public_id, seat=seat, seen_at=now)
    turn = _turn(session, token, is_ahead=seat is not None)
    if turn is None or turn.phase is not Phase.WARM_UP:
        trial = Trial.objects.filter(session_id=session.pk, token=token).first()
        if trial is not None and trial.phase == Phase.TEST:
            raise Refused("This panel belongs to the test; answer it.")
        if trial is None or trial.done_at is None:
            raise _out_of_turn(session, now=now)
        return _as_it_stands(session, now=now)
    if refusal := session.refusal(at=now):
        raise Closed(refusal)
    if session.is_revealing and not room.warm_up_answer(turn.current.pk):
        raise Refused("Choose Real or Synthetic first; then the origin is told.")
    return _go_on(turn, given_at=now, now=now)


@transaction.atomic
def take_back(
    *,
    public_id: str,
    token: str,
    key: str,
    now: datetime,
    seat: str | None = None,
    waited_ms: int | None = None,
) -> Window:
    """Open the last answered test trial again; the answer moves to those withdrawn."""
    asked_at = now - timedelta(milliseconds=waited_ms or 0)
    session = sessions.claim(public_id=public_id, seat=seat, seen_at=now)
    again = WithdrawnResponse.objects.filter(
        trial__session_id=session.pk, trial__token=token, withdrawal_key=key
    )
    if again.exists():
        return windows.of_session(session, now=now)
    if refusal := session.refusal(at=max(asked_at, now - _LATEST)):
        raise Closed(refusal)
    if not session.protocol.conduct.undo:
        raise Refused("In this study an answer cannot be taken back.")
    if session.state is not SessionState.TEST:
        raise Refused("An answer can be taken back only during the test.")
    current = room.open_trials(session.pk, Phase.TEST)[0]
    last = Response.objects.filter(
        trial__session_id=session.pk, trial__phase=Phase.TEST, trial__position=current.position - 1
    )
    response = last.select_related("trial").first()
    if response is None or response.trial.token != token or _was_taken_back(current.pk):
        raise OutOfTurn("Only the last answer can be taken back.", token=current.token)
    said = {name: getattr(response, name) for name in _SAID}
    WithdrawnResponse.objects.create(
        trial=response.trial, version=response.version, withdrawn_at=now, withdrawal_key=key, **said
    )
    response.delete()
    Trial.objects.filter(pk=response.trial_id).update(done_at=None)
    return windows.of_session(session, now=now)


@transaction.atomic
def record(
    *,
    trial: Trial,
    answer: str,
    key: str,
    now: datetime,
    confidence: int | None = None,
    rt_ms: int | None = None,
) -> Response:
    """Store the answer to a trial and return it; for programs that hold the trial already."""
    said = Judgement(answer=answer, confidence=confidence, rt_ms=rt_ms)
    give(public_id=trial.session.public_id, token=trial.token, judgement=said, key=key, now=now)
    return Response.objects.get(trial=trial)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The current trial of a claimed session, and what lies behind it."""

    session: SessionNow
    phase: Phase
    current: OpenTrial
    following: list[OpenTrial]
    is_ahead: bool  # a script reads ahead; a form fetches each panel with its page


def _turn(session: SessionNow, token: str, *, is_ahead: bool) -> _Turn | None:
    """The turn of the trial with this token; nothing if it is not the current one, or was never let out.

    While a refresher is read, test panels let out before the pause can still be answered: their answers waited in the
    browser.
    """
    phases = [session.phase] if session.phase else []
    if session.state is SessionState.REFRESHER:
        phases.append(Phase.TEST)
    for phase in phases:
        trials = room.open_trials(session.pk, phase)
        if trials and trials[0].token == token and trials[0].served_at is not None:
            return _Turn(session, phase, trials[0], trials[1:], is_ahead)
    return None


def _go_on(turn: _Turn, *, given_at: datetime, now: datetime) -> Progress:
    """Mark the current trial as done, let out the next panel, and take the session on where a part is through."""
    session, current = turn.session, turn.current
    change(MARK_DONE, now, current.pk)
    if turn.phase is not session.phase:
        return Progress(current.position, session.state)
    n_done = windows.place(session, current.position)
    if not turn.following:
        return Progress(n_done, sessions.move_on(session_pk=session.pk, now=now))
    if session.refusal(at=now):  # the end came while the answer waited for the network
        return Progress(n_done, session.state)
    after = refreshers.after_pause(session=session, now=given_at)
    if after.state is not session.state or not turn.is_ahead:
        return Progress(n_done, after.state)
    new = windows.let_out(turn.following[: N_AHEAD + 1], now=now)
    return Progress(n_done, session.state, windows.items(session, new))


def _reveal(
    session: SessionNow, current: OpenTrial, judgement: Judgement, key: str, *, now: datetime
) -> Progress:
    """Store the answer to a warm-up panel, once; only then is its origin told."""
    stored = Response.objects.filter(trial_id=current.pk).first()
    if stored is not None:
        _check_same(stored, judgement)
    else:
        judgements.check(judgement, session.protocol, is_limited=False)
        _store(current.pk, judgement, key, now=now, version=1)
    origin = room.origins([current])[current.pk]
    return Progress(current.position - 1, session.state, (), origin)


def _again(session: SessionNow, token: str, judgement: Judgement, key: str, *, now: datetime) -> Progress:
    """Answer a request for a trial that is not the current one: it is a repetition, a conflict, or out of turn."""
    trial = Trial.objects.filter(session_id=session.pk, token=token).select_related("response").first()
    if trial is None:
        raise _out_of_turn(session, now=now)
    if session.protocol.conduct.undo and trial.withdrawn_responses.filter(key=key).exists():
        return _as_it_stands(session, now=now)  # a late repetition of what was taken back since
    stored = getattr(trial, "response", None)
    if stored is not None:
        _check_same(stored, judgement)
    elif trial.done_at is None:
        raise _out_of_turn(session, now=now)
    return _as_it_stands(session, now=now)


def _as_it_stands(session: SessionNow, *, now: datetime) -> Progress:
    if session.refusal(at=now):
        return Progress(windows.n_done(session, None), session.state)
    window = windows.of_session(session, now=now)
    return Progress(window.n_done, window.state, window.trials)


def _out_of_turn(session: SessionNow, *, now: datetime) -> Refused:
    if refusal := session.refusal(at=now):
        return Closed(refusal)
    trials = room.open_trials(session.pk, session.phase) if session.phase else []
    return OutOfTurn(_NOT_THIS_ONE, token=trials[0].token if trials else "")


def _check_same(stored: Response, judgement: Judgement) -> None:
    if (stored.answer, stored.is_timeout, stored.confidence) != judgement.verdict:
        raise Conflict(_KEPT[stored.answer], answer=stored.answer)


def _check_only_seen(judgement: Judgement) -> None:
    if judgement.answer or judgement.is_timeout:
        raise Refused("Panels of the warm-up are not answered; go on to the next one.")


def _next_version(session: SessionNow, current: OpenTrial, key: str) -> int | None:
    """The number of the answer to a trial; nothing if this very request was stored and taken back."""
    if not session.protocol.conduct.undo:
        return 1
    withdrawn = list(WithdrawnResponse.objects.filter(trial_id=current.pk).values_list("key", flat=True))
    return None if key in withdrawn else len(withdrawn) + 1


def _was_taken_back(trial_pk: int) -> bool:
    return WithdrawnResponse.objects.filter(trial_id=trial_pk).exists()


def _store(trial_pk: int, judgement: Judgement, key: str, *, now: datetime, version: int) -> None:
    Response.objects.create(
        trial_id=trial_pk,
        version=version,
        answer=judgement.answer,
        is_timeout=judgement.is_timeout,
        confidence=judgement.confidence,
        comment=judgement.comment,
        rt_ms=judgement.rt_ms,
        hidden_ms=judgement.hidden_ms,
        n_hidden=judgement.n_hidden,
        waited_ms=judgement.waited_ms,
        viewer=judgement.viewer,
        key=key,
        answered_at=now,
    )
