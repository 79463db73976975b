"""The audit log; called by the other services inside their transactions."""

from datetime import datetime
from typing import Any

from readerstudy.models import AuditEvent, Study
from readerstudy.models.audit import tell


def write(*, study: Study | None, actor: str, verb: str, now: datetime, **data: Any) -> None:
    """Append one line to the audit log; a verb that the log could not tell in words fails here, not on the page."""
    tell(verb, data)
    AuditEvent.objects.create(study=study, actor=actor, verb=verb, data=data, at=now)
