"""Who may do what when: `check_can_x` raises one sentence, `can_x` is its twin for templates."""

from collections.abc import Callable

from readerstudy.core.errors import Closed, Refused
from readerstudy.core.wording import translatable
from readerstudy.models import Invitation, Study

Status = Study.Status


def check_can_revise(study: Study) -> None:
    """A protocol changes only as a draft."""
    if study.status != Status.DRAFT:
        raise Refused(
            f'The protocol of "{study.name}" is {study.status} and cannot change; make a new study instead.'
        )


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


def check_can_see_results(study: Study) -> None:
    """Nobody sees an answer beside its truth before the study is closed."""
    if study.status != Status.CLOSED:
        raise Refused(f'"{study.name}" is {study.status}; results and trials can be seen once it is closed.')


def check_can_read(invitation: Invitation) -> None:
    """A reader reads while the study is open and the invitation stands."""
    sentence = refusal(status=invitation.reader.study.status, is_revoked=invitation.revoked_at is not None)
    if sentence:
        raise Closed(sentence)


def refusal(*, status: str, is_revoked: bool) -> str:
    """Why a reader may not read; empty while the study is open and the invitation stands."""
    if is_revoked:
        return translatable("This invitation was withdrawn; ask the person who invited you for a new link.")
    if status in {Status.DRAFT, Status.FROZEN}:
        return translatable(
            "This study has not opened yet; come back with the same link when you are told that it has."
        )
    if status == Status.CLOSED:
        return translatable("This study is closed; thank you for your interest.")
    return ""


def _allows(check: Callable[[Study], None], study: Study) -> bool:
    try:
        check(study)
    except Refused:
        return False
    return True


def can_revise(study: Study) -> bool:
    return _allows(check_can_revise, study)


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


def can_see_results(study: Study) -> bool:
    return _allows(check_can_see_results, study)


def can_read(invitation: Invitation) -> bool:
    try:
        check_can_read(invitation)
    except Refused:
        return False
    return True
