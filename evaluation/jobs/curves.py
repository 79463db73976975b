"""Score a checkpoint: draw patches from it, compare them with real ones, keep the scores and not the patches."""

import hashlib
import logging
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evaluation.core import extractors, scoring
from evaluation.core.class_scoring import Depth
from evaluation.core.scoring import ScoreOptions, SetScores
from evaluation.models import ALL_PATIENTS, CheckpointScore
from evaluation.selectors import weights
from evaluation.services import curves
from generation.core import checkpoint as checkpoints
from generation.core import split_use
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetFolder, open_patch_set
from generation.core.patient_split import Part
from generation.core.sampling import sample
from generation.jobs import device as devices
from generation.jobs import sharing
from generation.models import Checkpoint
from generation.services import jobs, recovery

logger = logging.getLogger(__name__)


def follow(checkpoint_id: int) -> None:
    """Score a checkpoint that was just saved, if its training is followed; settings.AFTER_CHECKPOINT names this."""
    checkpoint = Checkpoint.objects.select_related("run").get(pk=checkpoint_id)
    _enqueue_on_commit(curves.follow(checkpoint=checkpoint, now=timezone.now()))


def _enqueue_on_commit(scores: Iterable[CheckpointScore]) -> None:
    for score in scores:
        transaction.on_commit(partial(recovery.enqueue, score))


def run(score_id: int) -> None:
    """Compute one queued score of a checkpoint."""
    row = CheckpointScore.objects.select_related("checkpoint__run", "real_set").get(pk=score_id)
    if not jobs.claim(row, now=timezone.now()):
        return

    def report(n_done: int, n_total: int, step: str) -> None:
        jobs.report(row, n_done=n_done, n_total=n_total, step_name=step, now=timezone.now())

    try:
        scores = _score(row, report)
    except jobs.StoppedByUser:
        jobs.mark_stopped(row, now=timezone.now())
    except Exception as error:
        logger.exception("score %s of checkpoint %s failed", row.pk, row.checkpoint)
        jobs.fail(row, error=error, now=timezone.now())
    else:
        with transaction.atomic():  # killed between the two, it is scored again
            jobs.finish(row, now=timezone.now(), results=scores.to_dict(), step_name="")
            _enqueue_on_commit(curves.report_chosen(score=row, now=timezone.now()))


def _reals(row: CheckpointScore) -> PatchSetFolder:
    """The real patches that a checkpoint is scored against: of all patients, or of one part of them."""
    whole = open_patch_set(sharing.fetch(row.real_set.folder, row), verify=True)
    return whole if row.part == ALL_PATIENTS else split_use.part_of(whole, Part(row.part))


def _score(row: CheckpointScore, report: scoring.Report) -> SetScores:
    device = devices.prepare()
    report(0, 1, "drawing patches")
    real = _reals(row)
    fake = _drawn(row, real)
    extractor = extractors.load(
        row.extractor, weights=weights.of_extractor(row.extractor), device=str(device)
    )
    options = ScoreOptions(n_draws=1, n_per_set=row.n_per_class, seed=row.seed, depth=Depth.FEATURES)
    # One draw with one seed: every checkpoint meets the same reals, whose features are computed once.
    return scoring.score_sets(
        real,
        fake,
        extractor,
        options,
        cache=settings.READERSTUDY_DATA / "features",
        report=report,
    )


def _drawn(row: CheckpointScore, real: PatchSetFolder) -> PatchSetFolder:
    """Patches of a checkpoint as a patch set that lies on no disk."""
    stored = checkpoints.load_generator(sharing.fetch(row.checkpoint.folder, row))
    real_counts = real.counts()
    wanted = {
        LESION_CLASSES[code]: row.n_per_class for code in stored.classes if real_counts[LESION_CLASSES[code]]
    }
    parts, rows = [], []
    for lesion_class, patches in sample(stored, n_per_class=wanted, seed=row.seed, device=devices.prepare()):
        parts.append(patches)
        rows.extend([PatchRow("", lesion_class)] * len(patches))
    patches = np.concatenate(parts) if parts else np.empty((0, 7, 64, 64), dtype=np.int16)
    manifest = {
        "source": row.checkpoint.source,
        "patches_sha256": hashlib.sha256(np.ascontiguousarray(patches).data).hexdigest(),
    }
    return PatchSetFolder(folder=Path(), patches=patches, rows=tuple(rows), manifest=manifest)
