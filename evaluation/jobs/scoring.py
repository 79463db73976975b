"""Score a generated patch set: for a row of the database, or for two folders."""

import logging
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from evaluation.core import extractors, scoring
from evaluation.core.scoring import Report, ScoreOptions, SetScores
from evaluation.models import MetricRun
from evaluation.selectors import weights
from generation import storage
from generation.core.patch_set import open_patch_set
from generation.jobs import device as devices
from generation.jobs import sharing
from generation.models import PatchSet
from generation.services import jobs

logger = logging.getLogger(__name__)


def run(run_id: int, *, on_progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Compute one queued metric run."""
    rows = MetricRun.objects.select_related("real_set", "fake_set__checkpoint__run__patch_set")
    row = rows.get(pk=run_id)
    if not jobs.claim(row, now=timezone.now()):
        return

    def report(n_done: int, n_total: int, step: str) -> None:
        on_progress(n_done, n_total)
        jobs.report(row, n_done=n_done, n_total=n_total, step_name=step, now=timezone.now())

    try:
        scores = score_folders(
            sharing.fetch(row.real_set.folder, row),
            sharing.fetch(row.fake_set.folder, row),
            extractor=row.extractor,
            weights=weights.of_extractor(row.extractor),
            training=trained_on(row.fake_set),
            options=ScoreOptions(row.n_draws, row.n_per_set, row.seed),
            report=report,
        )
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except Exception as error:
        logger.exception("metric run %s failed", row.pk)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        jobs.finish(row, now=timezone.now(), results=scores.to_dict(), step_name="")


def score_folders(
    real: Path,
    fake: Path,
    *,
    extractor: str,
    weights: Path | None,
    options: ScoreOptions,
    report: Report,
    training: Path | None = None,
) -> SetScores:
    """Score one patch set folder against another; features are kept below the data folder."""
    device = devices.prepare()
    network = extractors.load(extractor, weights=weights, device=str(device))
    return scoring.score_sets(
        open_patch_set(real, verify=True),
        open_patch_set(fake, verify=True),
        network,
        options,
        training=open_patch_set(training) if training else None,
        cache=settings.READERSTUDY_DATA / "features",
        report=report,
    )


def trained_on(fake_set: PatchSet) -> Path | None:
    """Folder of the patches that the generator of a patch set was trained on, where this instance trained it."""
    run = fake_set.checkpoint.run if fake_set.checkpoint else None
    return storage.fetch(run.patch_set.folder) if run else None
