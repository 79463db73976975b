"""Send one e-mail with a personal link: for a row of the database."""

import logging
import smtplib
import ssl
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from generation.services import jobs
from readerstudy.models import InvitationMail
from readerstudy.selectors import letters as selectors
from readerstudy.services import letters as services

logger = logging.getLogger(__name__)

_OF_THE_SETTINGS: Final = (
    ssl.SSLCertVerificationError,
    smtplib.SMTPNotSupportedError,
)  # waiting mends neither
_WANTS_MORE: Final = 530  # STARTTLS (RFC 3207) or a sign-in (RFC 4954) comes first
_PERMANENT: Final = 500  # codes of a mail server from here on will not change by themselves (RFC 5321, 4.2.1)


def run(mail_id: int) -> timedelta | None:
    """Send a queued e-mail; returns after which time to try again, if the mail server asked for that."""
    mail = InvitationMail.objects.select_related("invitation__reader__study").filter(pk=mail_id).first()
    if mail is None or not jobs.claim(
        mail, now=timezone.now()
    ):  # none where the reader left the study meanwhile
        return None
    if obstacle := selectors.obstacle_to_mail(mail.invitation, now=timezone.now()):
        jobs.fail(mail, error=f"Nothing was sent: {obstacle}.", now=timezone.now())
        return None
    if not services.hand_over(mail=mail, now=timezone.now()):
        jobs.fail(mail, error=services.UNKNOWN_OUTCOME, now=timezone.now())
        return None
    server = get_connection()
    try:
        _send(mail, server)
    except (smtplib.SMTPException, OSError) as error:
        if getattr(server, "is_in_doubt", False):
            jobs.fail(mail, error=services.IN_DOUBT, now=timezone.now())
            return None
        if not getattr(server, "is_taken", False):  # it has the message, whatever went wrong when it was left
            return _refused(mail, error)
    except Exception as error:
        logger.exception("e-mail %s failed", mail.pk)
        jobs.fail(mail, error=error, now=timezone.now())
        return None
    services.note_sent(mail=mail, now=timezone.now())
    return None


def _send(mail: InvitationMail, server: BaseEmailBackend) -> None:
    letter = selectors.letter(mail.invitation, site=mail.site)
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[mail.invitation.reader.email],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        connection=server,
        headers={"Content-Language": letter.language, "Auto-Submitted": "auto-generated"},  # RFC 3834
    )
    message.attach_alternative(letter.html, "text/html")
    message.send()


def _refused(mail: InvitationMail, error: Exception) -> timedelta | None:
    """What a failure means, in one sentence without the reader's address."""
    code, words = _told(error)
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    words = words.replace(mail.invitation.reader.email, "the address")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        why = f"The mail server {where} did not accept EMAIL_HOST_USER and EMAIL_HOST_PASSWORD; correct them."
    elif isinstance(error, ssl.SSLCertVerificationError):
        why = f"The certificate of the mail server {where} is not trusted here ({error.verify_message}); write its full name into EMAIL_HOST, or let this machine trust who signed it."
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        why = f"The mail server {where} cannot do what the settings ask for ({words}); correct EMAIL_USE_TLS, EMAIL_HOST_USER or EMAIL_PORT."
    elif code == _WANTS_MORE:
        why = f"The mail server {where} asks for more first ({words}); set EMAIL_USE_TLS=1, or EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."
    elif isinstance(error, smtplib.SMTPRecipientsRefused) and code >= _PERMANENT:
        why = f"The mail server refused the address ({words}); correct it by inviting the reader anew."
    elif isinstance(error, smtplib.SMTPException):
        why = f"The mail server {where} refused the e-mail ({words})."
    else:
        why = f"The mail server {where} could not be reached ({words}); check EMAIL_HOST and EMAIL_PORT."
    if code >= _PERMANENT or isinstance(error, _OF_THE_SETTINGS):
        jobs.fail(mail, error=why, now=timezone.now())
        return None
    return services.put_off(mail=mail, why=why, now=timezone.now())


def _told(error: Exception) -> tuple[int, str]:
    """The mail server's code and words; 0 where it said nothing."""
    code, words = getattr(error, "smtp_code", 0), getattr(error, "smtp_error", "")
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, words = next(iter(error.recipients.values()))
    if isinstance(words, bytes):
        words = words.decode(errors="replace")
    return int(code), " ".join(str(words or error).split())[:200]
