"""Cohorts, patch sets, training runs and checkpoints."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from generation.core.labels import LESION_CLASSES, MAX_SOURCE_LENGTH

LESION_CLASS_CHOICES = [(lesion_class.value, lesion_class.words) for lesion_class in LESION_CLASSES]


class Job(models.Model):
    """Something a worker does once: queued, claimed by one conditional UPDATE, then finished, failed or stopped."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        STOPPING = "stopping"
        STOPPED = "stopped"
        FINISHED = "finished"
        FAILED = "failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    n_done = models.PositiveBigIntegerField(default=0)
    n_total = models.PositiveBigIntegerField(default=0)
    step_name = models.CharField(max_length=80, blank=True)  # what is being done now, for the page
    error = models.TextField(blank=True)  # one sentence
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def task_name(self) -> str:
        """Name of the Celery task that can begin this job again after a crash; empty if only a command can."""
        raise NotImplementedError

    @property
    def is_active(self) -> bool:
        return self.status in {self.Status.QUEUED, self.Status.RUNNING, self.Status.STOPPING}

    @property
    def percent(self) -> int:
        if self.status == self.Status.FINISHED:
            return 100
        return int(100 * self.n_done / self.n_total) if self.n_total else 0


class Cohort(Job):
    """Imported scans of patients, kept de-identified below the data folder."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    # Where to import from, until the import has ended: the name of a folder may be the name of a patient.
    origin_folder = models.CharField(max_length=1000, blank=True)
    options = models.JSONField(default=dict, blank=True)  # of the import, as asked for
    is_phantom = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "stopping", "stopped", "finished", "failed"]),
                name="cohort_status_known",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / "cohorts" / self.slug

    @property
    def task_name(self) -> str:
        return "generation.import_cohort"


class DryRun(Job):
    """A look at a folder without importing it: what was found, in words."""

    origin_folder = models.CharField(max_length=1000, blank=True)  # forgotten when the look has ended
    options = models.JSONField(default=dict, blank=True)
    layout = models.CharField(max_length=20, blank=True)
    n_ignored = models.PositiveIntegerField(default=0)  # sub-folders without scans
    findings = models.JSONField(default=list, blank=True)  # one per patient

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"dry run {self.pk}"

    @property
    def task_name(self) -> str:
        return "generation.look"

    @property
    def n_refused(self) -> int:
        return sum(bool(finding["error"]) for finding in self.findings)


class Patient(models.Model):
    """One patient of a cohort, under a pseudonym."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="patients")
    pseudonym = models.CharField(max_length=64)
    geometry = models.JSONField(
        default=dict
    )  # size, spacing_mm of T1 and T2 as scanned, resampled spacing_mm
    sha256 = models.CharField(max_length=64)  # over the voxels of all frames and the lesion mask
    facts = models.JSONField(default=dict, blank=True)  # layout, phases, what was found, in words

    class Meta:
        ordering = ["pseudonym"]
        constraints = [
            models.UniqueConstraint(fields=["cohort", "pseudonym"], name="one_pseudonym_per_cohort")
        ]

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def folder(self) -> Path:
        return self.cohort.folder / self.pseudonym


class Lesion(models.Model):
    """One segmented lesion of a patient."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="lesions")
    number = models.PositiveIntegerField()  # its value in the instance mask
    lesion_class = models.CharField(max_length=12, choices=LESION_CLASS_CHOICES)
    volume_mm3 = models.FloatField()
    n_slices = models.PositiveIntegerField()
    origin = models.CharField(max_length=12, default="mask")  # mask, segmentation, box, point or automatic

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "number"], name="one_number_per_lesion"),
            models.CheckConstraint(
                condition=Q(lesion_class__in=["benign", "malignant"]), name="lesion_is_benign_or_malignant"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient.pseudonym} lesion {self.number}"


class PatchSet(Job):
    """N patches of one source with provenance, memory-mapped on disk."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    source = models.CharField(max_length=MAX_SOURCE_LENGTH)
    cohort = models.ForeignKey(
        Cohort, null=True, blank=True, on_delete=models.PROTECT, related_name="patch_sets"
    )
    checkpoint = models.ForeignKey(
        "Checkpoint", null=True, blank=True, on_delete=models.PROTECT, related_name="patch_sets"
    )
    seed = models.BigIntegerField(null=True, blank=True)
    options = models.JSONField(default=dict)  # extraction or sampling options as asked for
    n_benign = models.PositiveIntegerField(default=0)
    n_malignant = models.PositiveIntegerField(default=0)
    n_no_findings = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)  # of patches.npy, as in manifest.json

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / "patch_sets" / self.slug

    @property
    def task_name(self) -> str:
        if self.checkpoint_id:
            return "generation.sample"
        return "generation.extract" if self.cohort_id else ""

    @property
    def n_patches(self) -> int:
        return self.n_benign + self.n_malignant + self.n_no_findings

    def n_of(self, lesion_class: str) -> int:
        return int(getattr(self, f"n_{lesion_class}"))


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

    class Meta:
        ordering = ["-created_at"]

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
        ordering = ["-created_at", "-step"]
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
