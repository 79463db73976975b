"""Who may do what when: `check_can_x` raises one sentence, `can_x` is its twin for templates."""

from collections.abc import Callable
from datetime import datetime

from readerstudy.core.errors import Closed, Refused
from readerstudy.core.wording import translatable
from readerstudy.models import Invitation, Study

Status = Study.Status


def check_can_revise(study: Study) -> None:
    """A protocol changes only as a draft."""
    if study.status != Status.DRAFT:
        raise Refused(
            f'The protocol of "{study.name}" is {study.status} and cannot change; amend the study instead.'
        )


def check_can_discard(study: Study) -> None:
    """What is frozen stays for good; only a draft has nothing that somebody may have relied on."""
    if study.status != Status.DRAFT:
        raise Refused(f'"{study.name}" is {study.status} and stays for good; only a draft can be discarded.')


def check_can_freeze(study: Study) -> None:
    """Only a draft is frozen."""
    if study.status != Status.DRAFT:
        raise Refused(f'"{study.name}" is already {study.status}; only a draft can be frozen.')


def check_can_open(study: Study) -> None:
    """Only a frozen study opens to readers."""
    if study.status != Status.FROZEN:
        raise Refused(f'"{study.name}" is {study.status}; only a frozen study can be opened.')


def check_can_close(study: Study) -> None:
    """Only an open study is closed."""
    if study.status != Status.OPEN:
        raise Refused(f'"{study.name}" is {study.status}; only an open study can be closed.')


def check_can_invite(study: Study) -> None:
    """Readers are invited until the study is closed."""
    if study.status == Status.CLOSED:
        raise Refused(f'"{study.name}" is closed; nobody can be invited to it any more.')


def check_can_verify(study: Study) -> None:
    """A draft has nothing yet that could differ."""
    if study.status == Status.DRAFT:
        raise Refused(f'"{study.name}" is a draft; freeze it first, then it can be verified.')


def check_can_set_end(study: Study) -> None:
    """A study ends when it is closed; until then its end can be moved."""
    if study.status == Status.CLOSED:
        raise Refused(f'"{study.name}" is closed; its end cannot be moved any more.')


def check_can_amend(study: Study) -> None:
    """What is frozen changes only as its next version, and a version has one next one."""
    if study.status == Status.DRAFT:
        raise Refused(f'"{study.name}" is a draft; revise its protocol instead of amending it.')
    if later := Study.objects.filter(amends=study).first():
        raise Refused(
            f'Version {study.version} of "{study.name}" already has an amendment; go on with version {later.version}.'
        )


def check_can_unblind(study: Study) -> None:
    """Only results that are sealed while readers read can be unblinded early, and only once."""
    if study.unblinded_at is not None:
        raise Refused(f'"{study.name}" was already unblinded by {study.unblinded_by}.')
    if study.status != Status.OPEN:
        raise Refused(f'"{study.name}" is {study.status}; only an open study can be unblinded early.')


def check_can_see_results(study: Study) -> None:
    """Nobody sees an answer beside its truth before the study is closed, unless its owner unblinded it early."""
    is_unblinded = study.status == Status.OPEN and study.unblinded_at is not None
    if study.status != Status.CLOSED and not is_unblinded:
        raise Refused(f'"{study.name}" is {study.status}; results and trials can be seen once it is closed.')


def check_can_read(invitation: Invitation, *, now: datetime) -> None:
    """A reader reads while the study is open, its end has not come, and the invitation stands."""
    study = invitation.reader.study
    sentence = refusal(
        status=study.status,
        is_revoked=invitation.revoked_at is not None,
        is_withdrawn=invitation.reader.withdrawn_at is not None,
        ends_at=study.ends_at,
        at=now,
    )
    if sentence:
        raise Closed(sentence)


def check_can_enter(invitation: Invitation, *, now: datetime) -> None:
    """A personal link opens the study until it expires; a browser that is in already reads on."""
    check_can_read(invitation, now=now)
    if is_expired(invitation, now=now):
        raise Closed(
            "This link was valid for a limited time, which is over; ask the person who invited you for more time."
        )


def is_expired(invitation: Invitation, *, now: datetime) -> bool:
    """Whether the time of a personal link is over."""
    return invitation.expires_at is not None and invitation.expires_at < now


def refusal(
    *, status: str, is_revoked: bool, ends_at: datetime | None, at: datetime, is_withdrawn: bool = False
) -> str:
    """Why a reader may not read at a time; empty while the study is open and the invitation stands."""
    if is_withdrawn:
        return translatable(
            "You have left this study. Your name and address were deleted, and nothing more is stored about you."
        )
    if is_revoked:
        return translatable("This invitation was withdrawn; ask the person who invited you for a new link.")
    if status in {Status.DRAFT, Status.FROZEN}:
        return translatable(
            "This study has not opened yet; come back with the same link when you are told that it has."
        )
    if status == Status.CLOSED:
        return translatable("This study is closed; thank you for your interest.")
    if ends_at is not None and ends_at < at:
        return translatable(
            "The time for this study is over: no more answers are taken. What was answered before is kept. Thank you."
        )
    return ""


def _allows(check: Callable[[Study], None], study: Study) -> bool:
    try:
        check(study)
    except Refused:
        return False
    return True


def can_revise(study: Study) -> bool:
    return _allows(check_can_revise, study)


def can_discard(study: Study) -> bool:
    return _allows(check_can_discard, study)


def can_freeze(study: Study) -> bool:
    return _allows(check_can_freeze, study)


def can_open(study: Study) -> bool:
    return _allows(check_can_open, study)


def can_close(study: Study) -> bool:
    return _allows(check_can_close, study)


def can_invite(study: Study) -> bool:
    return _allows(check_can_invite, study)


def can_verify(study: Study) -> bool:
    return _allows(check_can_verify, study)


def can_set_end(study: Study) -> bool:
    return _allows(check_can_set_end, study)


def can_amend(study: Study) -> bool:
    return _allows(check_can_amend, study)


def can_unblind(study: Study) -> bool:
    return _allows(check_can_unblind, study)


def can_see_results(study: Study) -> bool:
    return _allows(check_can_see_results, study)
