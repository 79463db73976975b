"""E-mails with personal links: their words, who is sent one, and what became of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from generation.models import Job
from generation.services import jobs
from readerstudy.core.errors import Refused
from readerstudy.core.names import MAX_NOTE_LENGTH, MAX_SUBJECT_LENGTH
from readerstudy.models import Invitation, InvitationMail, Study
from readerstudy.selectors import letters as selectors
from readerstudy.selectors import rules
from readerstudy.services import audit, invitations

# What a mail server refuses for a while is tried again after these times, as mail servers do among themselves.
DELAYS: Final = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
OPEN: Final = [Job.Status.QUEUED, Job.Status.RUNNING, Job.Status.STOPPING]
UNKNOWN_OUTCOME: Final = (
    "The worker ended while the mail server was taking this e-mail, so it may have arrived or not; "
    "ask the reader, and send it again only if it did not."
)

IN_DOUBT: Final = (
    "The connection ended while the mail server was taking this e-mail, so it may have arrived or not; "
    "ask the reader, and send it again only if it did not."
)


@transaction.atomic
def change_words(*, study: Study, subject: str, note: str, by: str, now: datetime) -> Study:
    """Set the subject and the covering note of a study's e-mails; empty ones take the built-in words."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    rules.check_can_invite(study)
    subject, note = " ".join(subject.split()), "\n".join(note.splitlines()).strip()
    for title, text, limit in (("subject", subject, MAX_SUBJECT_LENGTH), ("note", note, MAX_NOTE_LENGTH)):
        if len(text) > limit:
            raise Refused(f"The {title} has {len(text)} characters; write at most {limit}.")
    if (study.letter_subject, study.letter_note) != (subject, note):
        study.letter_subject, study.letter_note = subject, note
        study.save(update_fields=["letter_subject", "letter_note"])
        audit.write(
            study=study, actor=by, verb="invitation.letter_changed", now=now, subject=subject, note=note
        )
    return study


@transaction.atomic
def queue(
    *, wanted: Iterable[Invitation], site: str, by: str, now: datetime, reply_to: str = ""
) -> list[InvitationMail]:
    """Queue an e-mail for each invitation that may be sent one and has none under way."""
    rows = []
    for one in wanted:
        invitation = invitations.locked(one)
        if obstacle := selectors.obstacle_to_mail(invitation, now=now):
            raise Refused(f"{invitation.reader.pseudonym} cannot be sent an e-mail: {obstacle}.")
        if not invitation.mails.filter(status__in=OPEN).exists():
            rows.append(
                InvitationMail.objects.create(
                    invitation=invitation,
                    site=site,
                    reply_to=reply_to,
                    asked_by=by,
                    created_at=now,
                    n_total=1,
                )
            )
    return rows


def queue_first(
    *, study: Study, site: str, by: str, now: datetime, reply_to: str = ""
) -> list[InvitationMail]:
    """Queue an e-mail for everybody who may be sent one and was not sent one yet."""
    wanted = [one.invitation for one in selectors.addressees(study, now=now) if one.is_new]
    return queue(wanted=wanted, site=site, by=by, now=now, reply_to=reply_to)


def stop(*, study: Study, now: datetime) -> int:
    """Stop what waits to be sent; what the mail server has is gone."""
    waiting = InvitationMail.objects.filter(invitation__reader__study=study, status=Job.Status.QUEUED)
    return sum(jobs.request_stop(mail, now=now) for mail in waiting)


def hand_over(*, mail: InvitationMail, now: datetime) -> bool:
    """Note, before a mail server is asked, that it is; False if it was asked before and its answer is not known."""
    rows = InvitationMail.objects.filter(pk=mail.pk, status=Job.Status.RUNNING, handed_at=None)
    return rows.update(handed_at=now, n_attempts=F("n_attempts") + 1, beat_at=Now()) == 1


@transaction.atomic
def note_sent(*, mail: InvitationMail, now: datetime) -> None:
    """Note that the mail server took an e-mail."""
    jobs.finish(mail, now=now, n_done=1, step_name="")
    Invitation.objects.filter(pk=mail.invitation_id).update(sent_at=now, n_sent=F("n_sent") + 1)
    reader = mail.invitation.reader
    audit.write(
        study=reader.study, actor=mail.asked_by, verb="invitation.sent", now=now, reader=reader.pseudonym
    )


def put_off(*, mail: InvitationMail, why: str, now: datetime) -> timedelta | None:
    """Queue an e-mail again that the mail server refused for a while; None once it was tried often enough."""
    mail.refresh_from_db()
    if mail.n_attempts > len(DELAYS):
        InvitationMail.objects.filter(pk=mail.pk).update(handed_at=None)
        jobs.fail(mail, error=why, now=now)
        return None
    delay = DELAYS[mail.n_attempts - 1]
    still = InvitationMail.objects.filter(pk=mail.pk, status=Job.Status.RUNNING)
    step = f"tried {mail.n_attempts} of {len(DELAYS) + 1} times; the next try follows by itself"
    if still.update(status=Job.Status.QUEUED, handed_at=None, step_name=step, error=why, beat_at=Now()) == 1:
        return delay
    jobs.mark_stopped(mail, now=now)
    return None
