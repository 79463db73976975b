"""Pools and studies, readers and what they answered, and who did what."""

from readerstudy.models.audit import AuditEvent
from readerstudy.models.reading import Invitation, Reader, ReadingSession, Response, Trial, WithdrawnResponse
from readerstudy.models.study import Case, Pool, Study

__all__ = [
    "AuditEvent",
    "Case",
    "Invitation",
    "Pool",
    "Reader",
    "ReadingSession",
    "Response",
    "Study",
    "Trial",
    "WithdrawnResponse",
]
