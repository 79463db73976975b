"""Analyse a closed study: for a row of the database."""

import logging
from collections.abc import Callable

from django.utils import timezone

from evaluation.core.analysis import AnalysisOptions, analyse
from evaluation.models import StudyAnalysis
from evaluation.selectors import designs
from evaluation.services import analyses
from generation.services import jobs
from readerstudy.models import Study
from readerstudy.selectors import trials

logger = logging.getLogger(__name__)


def run(analysis_id: int, *, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Compute one queued analysis and write its files."""
    row = StudyAnalysis.objects.select_related("study").get(pk=analysis_id)
    if not jobs.claim(row, now=timezone.now()):
        return

    def report(n_done: int, n_total: int, step: str) -> None:
        on_progress(n_done, n_total)
        jobs.report(row, n_done=n_done, n_total=n_total, step_name=step, now=timezone.now())

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
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except Exception as error:
        logger.exception("analysis %s failed", row.pk)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        jobs.finish(row, now=timezone.now(), files=list(names), step_name="")


def options_of(row: StudyAnalysis) -> AnalysisOptions:
    """What the protocol fixed before the first answer."""
    protocol = row.study.rules
    return AnalysisOptions(
        margin=protocol.equivalence_margin_points / 100 if protocol.format_version >= 3 else None,
        n_levels=protocol.confidence_levels or None,
        seed=row.seed,
    )


def facts_of(study: Study) -> list[tuple[str, str]]:
    """What identifies the study in its report."""
    closed = f"{study.closed_at:%Y-%m-%d %H:%M} UTC" if study.closed_at else ""
    return [("Protocol and cases, SHA-256", study.fingerprint), ("Closed", closed)]
