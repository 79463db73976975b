"""Inviting readers by personal links."""

import secrets
from datetime import datetime

from django.db import transaction

from readerstudy.core.errors import Refused
from readerstudy.core.names import parse_group, parse_reader_name, pseudonym
from readerstudy.models import Invitation, Reader, ReadingSession, Study
from readerstudy.selectors import rules
from readerstudy.services import audit


@transaction.atomic
def invite(*, study: Study, name: str, group: str, by: str, now: datetime, email: str = "") -> Invitation:
    """Give a new reader of a study a pseudonym and a link."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    rules.check_can_invite(study)
    if email and study.readers.filter(email__iexact=email).exists():
        raise Refused(
            f"{email} is already invited to this study; copy the link from the list, or make a new one there."
        )
    reader = Reader.objects.create(
        study=study,
        pseudonym=pseudonym(study.readers.count() + 1),
        name=parse_reader_name(name),
        email=email,
        group=parse_group(group),
    )
    invitation = Invitation.objects.create(reader=reader, public_id=secrets.token_hex(16), created_at=now)
    audit.write(
        study=study, actor=by, verb="invitation.made", now=now, reader=reader.pseudonym, group=reader.group
    )
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: str, now: datetime) -> Invitation:
    """Withdraw an invitation; answers given so far stay."""
    invitation = _locked(invitation)
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        audit.write(
            study=invitation.reader.study,
            actor=by,
            verb="invitation.revoked",
            now=now,
            reader=invitation.reader.pseudonym,
        )
    return invitation


@transaction.atomic
def replace_link(*, invitation: Invitation, by: str, now: datetime) -> Invitation:
    """Make a new link; the old one and every browser that used it are shut out, a revoked reader may come back."""
    invitation = _locked(invitation)
    rules.check_can_invite(invitation.reader.study)
    invitation.version += 1
    invitation.revoked_at = None
    invitation.save(update_fields=["version", "revoked_at"])
    ReadingSession.objects.filter(invitation=invitation).update(public_id=secrets.token_hex(16))
    audit.write(
        study=invitation.reader.study,
        actor=by,
        verb="invitation.link_replaced",
        now=now,
        reader=invitation.reader.pseudonym,
    )
    return invitation


def _locked(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("reader__study").select_for_update(of=("self",))
    return rows.get(pk=invitation.pk)
