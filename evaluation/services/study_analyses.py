"""Queue the analysis of a study whose results can be seen."""

from datetime import datetime
from typing import Any

from django.db import transaction

from evaluation.models import StudyAnalysis
from generation.models import Job
from generation.services import recovery
from readerstudy.models import Study
from readerstudy.selectors import rules


@transaction.atomic
def start(*, study: Study, now: datetime) -> StudyAnalysis:
    """Queue the analysis, or begin it again unless it is at work; the files of before stay until it is done."""
    rules.check_can_see_results(study)
    row, is_new = StudyAnalysis.objects.select_for_update().get_or_create(
        study=study, defaults={"created_at": now}
    )
    if not is_new:
        if row.is_active:
            return row
        row.status, row.error, row.created_at = Job.Status.QUEUED, "", now
        row.n_done, row.n_total, row.started_at, row.finished_at = 0, 0, None, None
        row.save()
    transaction.on_commit(lambda: recovery.enqueue(row))
    return row


def renew_if_closed_meanwhile(row: StudyAnalysis, *, was_closed: bool, now: datetime) -> None:
    """An analysis of an unblinded study that was at work when the study was closed has missed the last answers."""
    study = Study.objects.get(pk=row.study_id)
    if study.closed_at is not None and not was_closed:
        start(study=study, now=now)


def on_closed(*, study: Study, now: datetime, **_: Any) -> None:
    """Begin when a study is closed."""
    start(study=study, now=now)
