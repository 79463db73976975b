"""What readers get by e-mail or on paper: their link, until when it works, and the inviter's own words.

Nothing in a letter depends on a case, an answer or another reader.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from readerstudy.core.names import pseudonym_order
from readerstudy.core.protocol import BY_READER
from readerstudy.models import Invitation, InvitationMail, Reader, Study
from readerstudy.selectors.links import link_token
from readerstudy.selectors.rules import Status, is_expired

_MAIL_SERVERS = "django.core.mail.backends.smtp."


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail, in both forms."""

    subject: str
    text: str
    html: str
    language: str


@dataclass(frozen=True, slots=True)
class Card:
    """One reader's part of the printed sheet, in the reader's language."""

    reader: Reader
    link: str
    language: str
    title: str
    purpose: str
    how: str
    limits: list[str]


@dataclass(frozen=True, slots=True)
class Addressee:
    """A line of the table of e-mails.

    Attributes
    ----------
    obstacle : why this reader cannot be sent an e-mail; empty if nothing speaks against it
    latest : the last e-mail that was asked for
    """

    invitation: Invitation
    obstacle: str
    latest: InvitationMail | None

    @property
    def reader(self) -> Reader:
        return self.invitation.reader

    @property
    def is_new(self) -> bool:
        """Whether the reader waits for a first e-mail."""
        return not self.obstacle and self.invitation.n_sent == 0 and not self.is_at_work

    @property
    def is_at_work(self) -> bool:
        return self.latest is not None and self.latest.is_active


def link_of(invitation: Invitation, site: str) -> str:
    """A personal link, such as https://study.example/read/i/…/."""
    return site.rstrip("/") + reverse("reading:arrival", args=[link_token(invitation)])


def language_of(reader: Reader) -> str:
    """The language of a reader's letters: what the study fixes, else what was noted for the reader, else English."""
    fixed = reader.study.rules.language
    return (reader.language or settings.LANGUAGE_CODE) if fixed == BY_READER else fixed


def obstacle_to_mail(invitation: Invitation, *, now: datetime) -> str:
    """Why a reader cannot be sent the link, for the desk; empty if nothing speaks against it."""
    reader, study = invitation.reader, invitation.reader.study
    if reader.withdrawn_at is not None:
        return "left the study"
    if invitation.revoked_at is not None:
        return "revoked"
    if not reader.email:
        return "no address"
    if is_expired(invitation, now=now):
        return "link expired"
    if study.status != Status.OPEN:
        return f"the study is {study.status}"
    return "the study has ended" if study.ends_at is not None and study.ends_at < now else ""


def addressees(study: Study, *, now: datetime) -> list[Addressee]:
    """Everybody invited to a study, with what became of the last e-mail."""
    rows = Invitation.objects.filter(reader__study=study).select_related("reader__study")
    latest: dict[int, InvitationMail] = {}
    for mail in InvitationMail.objects.filter(invitation__reader__study=study).order_by("created_at", "pk"):
        latest[mail.invitation_id] = mail
    return [
        Addressee(row, obstacle_to_mail(row, now=now), latest.get(row.pk))
        for row in sorted(rows, key=lambda one: pseudonym_order(one.reader.pseudonym))
    ]


def reaches_anybody() -> bool:
    """Whether e-mails leave this machine at all; without a mail server they are printed where the worker runs."""
    return settings.EMAIL_BACKEND.startswith(_MAIL_SERVERS)


def usual_words(language: str) -> tuple[str, str]:
    """Subject and covering note of a study that has none of its own; {study} stands for its name."""
    with _speaking(language):
        return (
            gettext("Invitation to the reader study “{study}”"),
            gettext(
                "You are invited to take part in the reader study “{study}”. You will see panels of small breast MRI "
                "images and say of each whether it is real or synthetic."
            ),
        )


def letter(invitation: Invitation, *, site: str) -> Letter:
    """Write the e-mail with a reader's link."""
    reader, study = invitation.reader, invitation.reader.study
    language = language_of(reader)
    subject, note = usual_words(language)
    subject, note = (
        one.replace("{study}", study.name)
        for one in (study.letter_subject or subject, study.letter_note or note)
    )
    with _speaking(language):
        context = {
            "language": language,
            "subject": subject,
            "greeting": gettext("Dear {name},").format(name=reader.name),
            "note": note,
            "before_link": gettext("This is your personal link:"),
            "button": gettext("Open the study"),
            "link": link_of(invitation, site),
            "after_link": [
                gettext(
                    "It works in any current browser on a large screen, and brings you back later to where you left. "
                    "Opening it commits you to nothing."
                ),
                *_limits(invitation),
                gettext("The link is yours alone: please do not pass it on."),
            ],
        }
        return Letter(
            subject,
            render_to_string("mail/invitation.txt", context),
            render_to_string("mail/invitation.html", context),
            language,
        )


def card(invitation: Invitation, *, site: str) -> Card:
    """Write a reader's part of the printed sheet."""
    language = language_of(invitation.reader)
    with _speaking(language):
        return Card(
            reader=invitation.reader,
            link=link_of(invitation, site),
            language=language,
            title=gettext("Your personal link"),
            purpose=gettext("Reader study “{study}”").format(study=invitation.reader.study.name),
            how=gettext(
                "Scan the code, or type the address into a browser on a large screen. The link is yours alone: please "
                "do not pass it on."
            ),
            limits=_limits(invitation),
        )


def _limits(invitation: Invitation) -> list[str]:
    """Until when a link works and answers are taken, where that is limited."""
    ends_at, expires_at = invitation.reader.study.ends_at, invitation.expires_at
    found = []
    if expires_at is not None and (ends_at is None or expires_at < ends_at):
        found.append(gettext("The link works until {moment}.").format(moment=told(expires_at)))
    if ends_at is not None:
        found.append(gettext("Answers are taken until {moment}.").format(moment=told(ends_at)))
    return found


def told(moment: datetime) -> str:
    """A time in words of the language spoken now, with its zone."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'DATE_FORMAT')}, {local:%H:%M} {local.tzname()}"


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    with translation.override(language):
        yield
