"""Dry run of an import, for its page: every patient is read and checked, nothing is imported."""

import logging
from pathlib import Path

from django.utils import timezone

from generation.core.errors import InputError
from generation.jobs import importing
from generation.models import DryRun
from generation.services import cohorts, jobs

logger = logging.getLogger(__name__)


def run(dry_run_id: int) -> None:
    """Look at one queued folder."""
    row = DryRun.objects.get(pk=dry_run_id)
    if not jobs.claim(row, now=timezone.now()):
        return
    try:
        found, checked = importing.look(Path(row.origin_folder), importing.options_of(row.options))
        findings = []
        for done, finding in enumerate(checked):
            findings.append(finding.as_dict())
            jobs.report(
                row, n_done=done + 1, n_total=len(found.patients), step_name="looking", now=timezone.now()
            )
        jobs.finish(
            row,
            now=timezone.now(),
            layout=found.layout,
            n_ignored=found.n_ignored,
            findings=findings,
            step_name="",
        )
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except InputError as error:
        jobs.fail(row, error=error, now=timezone.now())
    except Exception as error:
        where = importing.place_of(error)
        logger.error("dry run %s failed: %s", row.pk, where)
        jobs.fail(row, error=f"The look failed ({where}).", now=timezone.now())
    finally:
        cohorts.forget_origin(row)
