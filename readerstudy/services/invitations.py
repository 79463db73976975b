"""Inviting readers by personal links."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from readerstudy.core.errors import Refused
from readerstudy.core.invitation_csv import Line
from readerstudy.core.names import next_pseudonym, next_pseudonyms, parse_group, parse_reader_name
from readerstudy.core.unblinding import moment
from readerstudy.models import Invitation, Reader, ReadingSession, Study
from readerstudy.selectors import invitation_lists, rules
from readerstudy.services import audit


@transaction.atomic
def invite(
    *,
    study: Study,
    name: str,
    group: str,
    by: str,
    now: datetime,
    email: str = "",
    language: str = "",
    expires_at: datetime | None = None,
) -> Invitation:
    """Give a new reader of a study a pseudonym and a link."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    rules.check_can_invite(study)
    _check_is_later(expires_at, now=now)
    if email and (known := study.readers.filter(email__iexact=email).first()):
        raise Refused(
            f"{email} is already invited to this study, as {known.pseudonym}; send the link again, or make a new one there."
        )
    return _made(
        study,
        next_pseudonym(_pseudonyms_given(study)),
        name,
        group,
        by=by,
        now=now,
        email=email,
        language=language,
        expires_at=expires_at,
    )


@transaction.atomic
def invite_all(
    *, study: Study, lines: Iterable[Line], by: str, now: datetime, expires_at: datetime | None = None
) -> list[Invitation]:
    """Invite everybody on a list who is not invited yet, or nobody where a line is wrong."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    rules.check_can_invite(study)
    _check_is_later(expires_at, now=now)
    plan = invitation_lists.plan(study, lines)
    if plan.faulty:
        first = plan.faulty[0]
        raise Refused(f"Nobody was invited: line {first.line.number} is wrong. {first.faults[0]}")
    return [
        _made(
            study,
            pseudonym,
            line.name,
            line.group,
            by=by,
            now=now,
            email=line.email,
            language=line.language,
            expires_at=expires_at,
        )
        for pseudonym, line in zip(next_pseudonyms(_pseudonyms_given(study)), plan.new, strict=False)
    ]


@transaction.atomic
def revoke(*, invitation: Invitation, by: str, now: datetime) -> Invitation:
    """Withdraw an invitation; answers given so far stay."""
    invitation = locked(invitation)
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        _audit(invitation, "invitation.revoked", by=by, now=now)
    return invitation


@transaction.atomic
def replace_link(*, invitation: Invitation, by: str, now: datetime) -> Invitation:
    """Make a new link; the old one and every browser that used it are shut out, a revoked reader may come back."""
    invitation = locked(invitation)
    rules.check_can_invite(invitation.reader.study)
    check_is_here(invitation)
    invitation.version += 1
    invitation.revoked_at = None
    invitation.save(update_fields=["version", "revoked_at"])
    ReadingSession.objects.filter(invitation=invitation).update(public_id=secrets.token_hex(16))
    _audit(invitation, "invitation.link_replaced", by=by, now=now)
    return invitation


@transaction.atomic
def set_expiry(*, invitation: Invitation, expires_at: datetime | None, by: str, now: datetime) -> Invitation:
    """Let a link work for longer, for a shorter time, or for as long as the study is open."""
    invitation = locked(invitation)
    rules.check_can_invite(invitation.reader.study)
    check_is_here(invitation)
    _check_is_later(expires_at, now=now)
    if invitation.expires_at != expires_at:
        invitation.expires_at = expires_at
        invitation.save(update_fields=["expires_at"])
        until = moment(expires_at) if expires_at else "the end of the study"
        _audit(invitation, "invitation.expiry_set", by=by, now=now, until=until)
    return invitation


def locked(invitation: Invitation) -> Invitation:
    """Read an invitation again and keep other changes of it waiting until this transaction ends."""
    rows = Invitation.objects.select_related("reader__study").select_for_update(of=("self",))
    return rows.get(pk=invitation.pk)


def check_is_here(invitation: Invitation) -> None:
    """Nothing is done any more for somebody who left the study."""
    if invitation.reader.withdrawn_at is not None:
        raise Refused(f"{invitation.reader.pseudonym} left the study; that cannot be undone.")


def _made(
    study: Study,
    pseudonym: str,
    name: str,
    group: str,
    *,
    by: str,
    now: datetime,
    expires_at: datetime | None,
    **fields: str,
) -> Invitation:
    reader = Reader.objects.create(
        study=study,
        pseudonym=pseudonym,
        name=parse_reader_name(name),
        group=parse_group(group),
        **fields,
    )
    invitation = Invitation.objects.create(
        reader=reader, public_id=secrets.token_hex(16), created_at=now, expires_at=expires_at
    )
    _audit(invitation, "invitation.made", by=by, now=now, group=reader.group)
    return invitation


def _pseudonyms_given(study: Study) -> set[str]:
    """Every pseudonym of a study, also of readers whose row support staff deleted: the audit log keeps them."""
    told = study.audit_events.filter(verb="invitation.made").values_list("data__reader", flat=True)
    return {*told, *study.readers.values_list("pseudonym", flat=True)}


def _check_is_later(expires_at: datetime | None, *, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Refused(f"The link would have ended on {moment(expires_at)}; choose a later day.")


def _audit(invitation: Invitation, verb: str, *, by: str, now: datetime, **data: Any) -> None:
    reader = invitation.reader
    audit.write(study=reader.study, actor=by, verb=verb, now=now, reader=reader.pseudonym, **data)
