"""Looking at results before a study is closed: once, by its owner, with a reason that stays."""

from datetime import datetime

from django.db import transaction

from readerstudy.core.reasons import parse_reason
from readerstudy.models import Study
from readerstudy.selectors import access, rules
from readerstudy.selectors import unblinding as selectors
from readerstudy.services import audit


@transaction.atomic
def unblind(*, study: Study, reason: str, by: str, now: datetime) -> Study:
    """Let owner and analysts see results while readers still read; every later result tells it."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    access.check_owns(study, by, doing="Unblinding early")
    rules.check_can_unblind(study)
    study.unblinded_at, study.unblinded_by = now, by
    study.unblinding_reason = parse_reason(reason, of="unblinding early")
    study.save(update_fields=["unblinded_at", "unblinded_by", "unblinding_reason"])
    told = selectors.of_study(study)
    audit.write(
        study=study,
        actor=by,
        verb="study.unblinded",
        now=now,
        reason=study.unblinding_reason,
        n_responses=told.n_before if told else 0,
    )
    return study
