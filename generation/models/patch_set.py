"""Patches with their provenance, and the parts that an extraction makes them of."""

from pathlib import Path

from django.conf import settings
from django.db import models

from generation.core import frame_set_json
from generation.core.frame_set import FrameSet, paper_json
from generation.core.labels import MAX_SOURCE_LENGTH
from generation.models.cohort import Cohort
from generation.models.job import Job


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
    assembling_at = models.DateTimeField(
        null=True, blank=True
    )  # since when one worker sorts the parts, or joins them
    frame_set = models.JSONField(default=paper_json)  # what the frames are, as in manifest.json

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def frames(self) -> FrameSet:
        """What the frames of its patches are."""
        return frame_set_json.read(self.frame_set)

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / "patch_sets" / self.slug

    @property
    def parts_folder(self) -> Path:
        """Hidden folder of the parts of an extraction that is not finished."""
        return self.folder.with_name(f".{self.slug}.parts")

    @property
    def task_name(self) -> str:
        if self.checkpoint_id:
            return "generation.sample"
        if "patch_import" in self.options:
            return "generation.copy_patches"
        return "generation.extract" if self.cohort_id else ""

    @property
    def n_patches(self) -> int:
        return self.n_benign + self.n_malignant + self.n_no_findings

    def n_of(self, lesion_class: str) -> int:
        return int(getattr(self, f"n_{lesion_class}"))


class PatchSetPart(models.Model):
    """One patient's share of an extraction: claimed by one conditional UPDATE, then trusted by its hash alone."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        FINISHED = "finished"

    patch_set = models.ForeignKey(PatchSet, on_delete=models.CASCADE, related_name="parts")
    pseudonym = models.CharField(max_length=64)
    has_region = models.BooleanField(default=True)  # False: its breast region was refused
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    sha256 = models.CharField(max_length=64, blank=True)  # over the files of the part

    class Meta:
        ordering = ["pseudonym"]
        constraints = [
            models.UniqueConstraint(fields=["patch_set", "pseudonym"], name="one_part_per_patient")
        ]

    def __str__(self) -> str:
        return f"{self.patch_set} {self.pseudonym}"
