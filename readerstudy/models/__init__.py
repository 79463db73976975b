"""Pools and studies, readers and what they answered, and who did what."""

from readerstudy.models.audit import AuditEvent
from readerstudy.models.desk import ApiToken, PoolExclusion, StudyRole
from readerstudy.models.letters import InvitationMail
from readerstudy.models.reading import Invitation, Reader, ReadingSession, Response, Trial, WithdrawnResponse
from readerstudy.models.study import Case, Pool, Study

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Case",
    "Invitation",
    "InvitationMail",
    "Pool",
    "PoolExclusion",
    "Reader",
    "ReadingSession",
    "Response",
    "Study",
    "StudyRole",
    "Trial",
    "WithdrawnResponse",
]
