"""Who did what, and when."""

import json
from typing import Final

from django.db import models

from readerstudy.models.study import Study

# How the audit log tells each verb.
SENTENCES: Final[dict[str, str]] = {
    "pool.created": "made a pool",
    "study.created": "made the study as a draft",
    "study.revised": "revised the protocol",
    "study.frozen": "froze the study",
    "study.opened": "opened the study to readers",
    "study.closed": "closed the study",
    "invitation.made": "invited {reader} ({group})",
    "invitation.revoked": "revoked the invitation of {reader}",
    "invitation.link_replaced": "made a new link for {reader}",
    "session.started": "started reading",
    "session.consented": "agreed to take part",
    "session.last_warm_up_seen": "finished the warm-up",
    "session.paused_long": "came back after {days} days and was shown {n_refresher} warm-up panels again",
    "session.refreshed": "saw the warm-up panels again",
    "session.last_test_answered": "answered the last panel",
}


class AuditEvent(models.Model):
    """One line of the audit log, written in the same transaction as what it tells."""

    study = models.ForeignKey(
        Study, null=True, blank=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    actor = models.CharField(max_length=150)  # a study admin's user name, or a reader's pseudonym
    verb = models.CharField(max_length=40)  # such as study.frozen
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["study", "-at"], name="audit_of_study")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb}"

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        return SENTENCES[self.verb].format(**self.data)

    @property
    def details(self) -> str:
        """The data of the event, readable."""
        return json.dumps(self.data, indent=1, sort_keys=True)
