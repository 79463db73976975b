"""Judgements: each is stored once and never changed."""

from datetime import datetime

from django.db import transaction

from readerstudy.core.errors import Conflict, Refused
from readerstudy.core.session_state import Phase
from readerstudy.models import Response, Trial
from readerstudy.selectors import rules
from readerstudy.services import sessions


@transaction.atomic
def record(
    *,
    trial: Trial,
    answer: str,
    key: str,
    now: datetime,
    confidence: int | None = None,
    rt_ms: int | None = None,
    viewer: dict[str, float] | None = None,
) -> Response:
    """Store the answer to the trial being shown.

    The same answer again returns the stored response; another one is a Conflict and the first is kept.
    """
    session = sessions.locked(trial.session)  # answers to one session come one after the other
    trial = Trial.objects.select_related("response").get(pk=trial.pk)
    stored = getattr(trial, "response", None)
    if stored is not None:
        if (stored.answer, stored.confidence) != (answer, confidence):
            raise Conflict(
                f"This panel was already answered; your first answer ({stored.get_answer_display()}) was kept."
            )
        return stored
    rules.check_can_read(session.invitation)
    if trial.phase != Phase.TEST:
        raise Refused("Panels of the warm-up are not answered; go on to the next one.")
    _check_answer(answer, confidence, levels=session.study.rules.confidence_levels)
    sessions.complete(session=session, trial=trial, now=now)
    return Response.objects.create(
        trial=trial,
        answer=answer,
        confidence=confidence,
        rt_ms=rt_ms,
        viewer=viewer,
        key=key,
        answered_at=now,
    )


def _check_answer(answer: str, confidence: int | None, *, levels: int) -> None:
    if answer not in Response.Answer.values:
        raise Refused("Choose Real or Synthetic.")
    if levels and (confidence is None or not 1 <= confidence <= levels):
        raise Refused(f"Say how sure you are, from 1 to {levels}, then choose Real or Synthetic.")
    if not levels and confidence is not None:
        raise Refused("This study does not ask how sure you are; choose Real or Synthetic only.")
