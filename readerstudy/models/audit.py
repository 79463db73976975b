"""Who did what, and when."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.db import models

from generation.core.counting import counted
from readerstudy.models.study import Study

# How the audit log tells each verb; {days:day} is a number with its noun, 1 day or 3 days.
SENTENCES: Final[dict[str, str]] = {
    "pool.created": "made a pool",
    "pool.patch_excluded": "took patch {patch} out of the pool {pool}: {reason}",
    "pool.patch_restored": "put patch {patch} back into the pool {pool}",
    "pool.deleted": "deleted the pool {pool}",
    "study.created": "made the study as a draft",
    "study.revised": "revised the protocol",
    "study.frozen": "froze the study",
    "study.opened": "opened the study to readers",
    "study.closed": "closed the study",
    "study.discarded": "discarded the draft {name}, version {version}",
    "study.amendment_discarded": "discarded the draft of version {version}",
    "study.end_set": "set the end of reading to {end}",
    "study.unblinded": "unblinded the results early, before the study was closed: {reason}",
    "study.amended": "began version {version} as an amendment: {reason}",
    "study.made_as_amendment": "made this draft as version {version}, an amendment of version {amended_version}: {reason}",
    "study.superseded": "froze version {version}, which supersedes this one",
    "role.granted": "made {user} {role} of the study",
    "role.withdrawn": "took the role of {role} from {user}",
    "token.made": "made the token {name} ({start}…) for the JSON interface",
    "token.revoked": "revoked the token {name} ({start}…)",
    "account.made": "made the account {user} ({kind})",
    "account.kind_changed": "changed the account {user} to: {kind}",
    "account.link_made": "made a link to set a password for {user}",
    "account.deactivated": "deactivated the account {user}",
    "account.activated": "activated the account {user} again",
    "account.mfa_reset": "removed the second factors of {user}",
    "account.password_set": "set a new password for the own account",
    "account.email_changed": "changed the own e-mail address",
    "account.mfa_added": "added a second factor to the own account: {factor}",
    "account.mfa_removed": "removed a second factor from the own account: {factor}",
    "invitation.made": "invited {reader} ({group})",
    "invitation.revoked": "revoked the invitation of {reader}",
    "invitation.link_replaced": "made a new link for {reader}",
    "invitation.expiry_set": "let the link of {reader} work until {until}",
    "invitation.letter_changed": "changed the words of the e-mails to readers",
    "invitation.sent": "sent the link to {reader} by e-mail",
    "reader.left": "took {reader} out of the study for good, name and address deleted, answers {answers}",
    "reader.left_alone": "left the study for good, name and address deleted, answers {answers}",
    "session.started": "started reading",
    "session.consented": "agreed to take part",
    "session.last_warm_up_seen": "finished the warm-up",
    "session.paused_long": "came back after {days:day} and was shown {n_refresher:warm-up panel} again",
    "session.refreshed": "saw the warm-up panels again",
    "session.last_test_answered": "answered the last panel",
}

DISCARDED: Final = (
    "of_discarded"  # in the data of an event whose study was a draft and is gone: its name and slug
)


class _Counted(int):
    """A number that a sentence tells with its noun."""

    def __format__(self, noun: str) -> str:
        return counted(int(self), noun) if noun else str(int(self))


def tell(verb: str, data: Mapping[str, Any]) -> str:
    """What an event says, in English whatever language is spoken: it also stands in exports."""
    told = {name: _Counted(value) if type(value) is int else value for name, value in data.items()}
    return SENTENCES[verb].format(**told)


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
        told = tell(self.verb, self.data)
        gone = self.data.get(DISCARDED)
        return f'{told} (the draft "{gone["name"]}", discarded since)' if gone else told

    @property
    def details(self) -> str:
        """The data of the event, readable."""
        return json.dumps(self.data, indent=1, sort_keys=True)
