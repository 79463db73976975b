"""Trainings of generators, and what they saved."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from generation.core.labels import MAX_SOURCE_LENGTH
from generation.models.job import Job
from generation.models.patch_set import PatchSet


class TrainingRun(Job):
    """One training of a generator on a patch set."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    patch_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="training_runs")
    preset = models.CharField(max_length=40)
    config = models.JSONField(default=dict)  # every hyperparameter, as the checkpoint repeats it
    seed = models.BigIntegerField()
    device = models.CharField(max_length=40, blank=True)
    images_per_second = models.FloatField(null=True, blank=True)
    # Step of the newest checkpoint when it last resumed by itself; losing its worker there again fails it.
    resumed_at_step = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / "training_runs" / self.slug

    @property
    def task_name(self) -> str:
        return "generation.train"

    @property
    def history_path(self) -> Path:
        """CSV of losses, appended while the run trains."""
        return self.folder / "history.csv"

    @property
    def source(self) -> str:
        return str(self.config.get("source", ""))

    def checkpoint_folder(self, step: int) -> Path:
        """Folder of the checkpoint at a step."""
        return self.folder / "checkpoints" / f"step-{step:07d}"

    def grid_path(self, step: int) -> Path:
        """Picture of what the generator drew at a step."""
        return self.folder / "grids" / f"step-{step:07d}.png"

    @property
    def reference_grid_path(self) -> Path:
        """Picture of real patches under the same window."""
        return self.folder / "grids" / "real.png"


class Checkpoint(models.Model):
    """Saved weights, config and random state of a training run at one step; or a generator that came from elsewhere."""

    run = models.ForeignKey(
        TrainingRun, null=True, blank=True, on_delete=models.CASCADE, related_name="checkpoints"
    )
    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(max_length=MAX_SOURCE_LENGTH)
    step = models.PositiveBigIntegerField()
    path = models.CharField(max_length=1000)  # relative to the data folder
    sha256 = models.JSONField(default=dict)  # file name -> SHA-256
    summary = models.JSONField(default=dict)  # config, losses
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-step", "-pk"]
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="one_checkpoint_per_step")]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / self.path

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.summary.get("config", {}))

    @property
    def generator_sha256(self) -> str:
        return str(self.sha256.get("generator.safetensors", ""))
