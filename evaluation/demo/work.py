"""Work for the workers, so that its pages are alive: a short training, and the scores of Table 2."""

from collections.abc import Sequence
from typing import Final

from django.utils import timezone

from evaluation.core import extractor_names
from evaluation.models import MetricRun
from evaluation.services import metric_runs
from generation.models import PatchSet
from generation.services import training_runs

TRAINING_NAME: Final = "Short training"
TRAINING_PRESET: Final = "dcgan-small"
TRAINING_STEPS: Final = 600
CHECKPOINT_EVERY: Final = 100
N_DRAWS: Final = 3


def ensure_training(real: PatchSet) -> None:
    """Queue a short training; it runs once the worker is there."""
    if not real.training_runs.filter(name=TRAINING_NAME).exists():
        changes = {"n_steps": TRAINING_STEPS, "checkpoint_every": CHECKPOINT_EVERY}
        training_runs.create(
            patch_set=real,
            preset=TRAINING_PRESET,
            seed=1,
            name=TRAINING_NAME,
            changes=changes,
            now=timezone.now(),
        )


def ensure_scores(real: PatchSet, synthetic: Sequence[PatchSet]) -> None:
    """Queue the scoring of each generator against the real patches."""
    for fake in synthetic:
        if not MetricRun.objects.filter(real_set=real, fake_set=fake).exists():
            metric_runs.start(
                real=real, fake=fake, extractor=extractor_names.DEFAULT, n_draws=N_DRAWS, now=timezone.now()
            )
