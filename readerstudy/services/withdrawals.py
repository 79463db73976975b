"""Readers who leave a study for good: who they are is deleted, and their answers where the protocol says so."""

import secrets
from datetime import datetime
from typing import Final

from django.db import transaction

from readerstudy.core.arrival import DELETE
from readerstudy.core.errors import Refused
from readerstudy.models import Reader, ReadingSession, Response, Study, Trial, WithdrawnResponse
from readerstudy.selectors import rules
from readerstudy.services import audit
from readerstudy.signals import trials_changed

_NO_LONGER_SHOWN: Final = ""  # seat of a session that no window reads


@transaction.atomic
def withdraw(*, reader: Reader, now: datetime, by: str = "") -> Reader:
    """Take a reader out of a study; cannot be undone, and a second click changes nothing.

    Without `by` it is the reader's own doing.
    """
    reader = (
        Reader.objects.select_related("study", "invitation").select_for_update(of=("self",)).get(pk=reader.pk)
    )
    if reader.withdrawn_at is not None:
        return reader
    reader.name = reader.email = reader.language = ""
    reader.withdrawn_at = now
    reader.save(update_fields=["name", "email", "language", "withdrawn_at"])
    invitation = reader.invitation
    invitation.mails.all().delete()  # what a mail server said may quote an address
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
    # Every browser that reads is shut out: the session it knows does not exist any more.
    sessions = ReadingSession.objects.filter(invitation=invitation)
    sessions.update(public_id=secrets.token_hex(16), seat=_NO_LONGER_SHOWN)
    is_deleting = reader.study.rules.arrival.withdrawal == DELETE
    if is_deleting:
        _delete_answers(reader)
    audit.write(
        study=reader.study,
        actor=by or reader.pseudonym,
        verb="reader.left" if by else "reader.left_alone",
        now=now,
        answers="deleted" if is_deleting else "kept",
        **({"reader": reader.pseudonym} if by else {}),
    )
    if is_deleting and rules.can_see_results(reader.study):
        trials_changed.send(sender=Study, study=reader.study, now=now)
    return reader


def check_is_confirmed(word: str) -> None:
    """Nothing is deleted by a click alone."""
    if word != "yes":
        sentence = (
            "Nothing was deleted: tick the box that says what will happen, then press the button again."
        )
        raise Refused(sentence)  # said at the desk, which is English


def _delete_answers(reader: Reader) -> None:
    """Delete the session with everything in it: order, answers, questions about the reader, display checks."""
    trials = Trial.objects.filter(session__invitation__reader=reader)
    WithdrawnResponse.objects.filter(trial__in=trials).delete()
    Response.objects.filter(trial__in=trials).delete()
    trials.delete()
    ReadingSession.objects.filter(invitation__reader=reader).delete()
