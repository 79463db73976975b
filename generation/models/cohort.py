"""Scans of patients, and looks at folders of them."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from generation.core.labels import LESION_CLASSES
from generation.models.job import Job
from generation.storage import is_shared

LESION_CLASS_CHOICES = [(lesion_class.value, lesion_class.words) for lesion_class in LESION_CLASSES]


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
        ordering = ["-created_at", "-pk"]
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
        ordering = ["-created_at", "-pk"]

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

    class RegionStatus(models.TextChoices):
        GIVEN = "given", "mask given"
        WAITING = "waiting", "waiting for approval"
        APPROVED = "approved"
        REFUSED = "refused"

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="patients")
    pseudonym = models.CharField(max_length=64)
    geometry = models.JSONField(
        default=dict
    )  # size, spacing_mm of T1 and T2 as scanned, resampled spacing_mm
    sha256 = models.CharField(max_length=64)  # over the voxels of all frames and the lesion mask
    facts = models.JSONField(default=dict, blank=True)  # layout, phases, what was found, in words
    region_status = models.CharField(
        max_length=10, choices=RegionStatus, default=RegionStatus.WAITING
    )  # of the breast region, from which healthy patches are cut
    region_by = models.CharField(max_length=150, blank=True)  # who approved or refused it
    region_at = models.DateTimeField(null=True, blank=True)

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

    @property
    def region_sheet(self) -> Path:
        """Picture of the automatic breast region."""
        return self.folder / "region.jpg"

    @property
    def has_region_sheet(self) -> bool:
        """Whether there is such a picture: of every region that was not given."""
        return self.region_status != self.RegionStatus.GIVEN if is_shared() else self.region_sheet.is_file()

    @property
    def are_lesions_known(self) -> bool:
        return self.facts.get("lesions_known", True) is not False


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
