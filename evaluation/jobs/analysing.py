"""Analyse a closed study: for a row of the database."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.models import StudyAnalysis
from evaluation.selectors import designs
from evaluation.services import analyses, study_analyses
from generation.jobs import sharing
from generation.services import jobs
from readerstudy.core.unblinding import moment
from readerstudy.models import Study
from readerstudy.selectors import trials, unblinding, withdrawals

logger = logging.getLogger(__name__)


def run(analysis_id: int, *, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Compute one queued analysis and write its files."""
    row = StudyAnalysis.objects.select_related("study").get(pk=analysis_id)
    if not jobs.claim(row, now=timezone.now()):
        return

    def report(n_done: int, n_total: int, step: str) -> None:
        on_progress(n_done, n_total)
        jobs.report(row, n_done=n_done, n_total=n_total, step_name=step, now=timezone.now())

    was_closed = (
        row.study.closed_at is not None
    )  # told by the row: the clocks of web server and worker may differ
    try:
        found = analyse(trials.trial_rows(row.study), options_of(row), report=report)
        names = analyses.write(
            found,
            row.folder,
            title=row.study.name,
            facts=facts_of(row.study),
            made_on=timezone.localdate(),
            design=designs.of_study(row.study),
        )
        sharing.publish(row.folder, row)
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except Exception as error:
        logger.exception("analysis %s failed", row.pk)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        with transaction.atomic():  # killed between the two, it is begun again
            jobs.finish(row, now=timezone.now(), files=list(names), step_name="")
            study_analyses.renew_if_closed_meanwhile(row, was_closed=was_closed, now=timezone.now())


def options_of(row: StudyAnalysis) -> AnalysisOptions:
    """What the protocol fixed before the first answer."""
    protocol = row.study.rules
    return AnalysisOptions(
        margin=protocol.equivalence_margin_points / 100 if protocol.format_version >= 3 else None,
        n_levels=protocol.confidence_levels or None,
        seed=row.seed,
        notices=unblinding.notices(row.study),
    )


def facts_of(study: Study) -> list[tuple[str, str]]:
    """What identifies the study in its report."""
    closed = moment(study.closed_at) if study.closed_at else "not yet; readers may still read"
    version = (
        [("Version", f"{study.version}, an amendment of version {study.amends.version}")]
        if study.amends
        else []
    )
    left = withdrawals.of_study(study).sentence
    return [
        *version,
        ("Protocol and cases, SHA-256", study.fingerprint),
        ("Closed", closed),
        *([("Withdrawals", left)] if left else []),
    ]
