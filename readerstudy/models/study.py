"""Pools, studies and cases."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from generation.core import frame_set_json
from generation.core.frame_set import FrameSet, paper_json
from generation.core.labels import MAX_SOURCE_LENGTH
from generation.models import LESION_CLASS_CHOICES, PatchSet
from readerstudy.core import protocol as protocols
from readerstudy.core.names import MAX_SUBJECT_LENGTH
from readerstudy.core.session_state import Phase

PHASE_CHOICES = [(phase.value, phase.value.replace("_", "-")) for phase in Phase]


class Pool(models.Model):
    """Patches of one source offered to studies."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    patch_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="pools")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def source(self) -> str:
        return self.patch_set.source

    def n_of(self, lesion_class: str) -> int:
        """Number of patches of a class that studies may draw."""
        return self.patch_set.n_of(lesion_class) - self.n_excluded(lesion_class)

    def n_excluded(self, lesion_class: str) -> int:
        """Number of patches of a class that were taken out."""
        return sum(one.lesion_class == lesion_class for one in self.exclusions.all())


class Study(models.Model):
    """A protocol and its cases; what a reader meets is fixed when it is frozen."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        FROZEN = "frozen"
        OPEN = "open"
        CLOSED = "closed"

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    protocol = models.JSONField()
    pools: "models.ManyToManyField[Pool, Any]" = models.ManyToManyField(Pool, related_name="studies")
    fingerprint = models.CharField(
        max_length=64, blank=True
    )  # SHA-256 over protocol and cases, from freezing on
    shared_patients = models.JSONField(default=list)  # in warm-up and test, where the pools left no other way
    frame_set = models.JSONField(default=paper_json)  # what the frames of all its pools are
    created_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)  # no answer is taken after it
    letter_subject = models.CharField(max_length=MAX_SUBJECT_LENGTH, blank=True)  # of e-mails to readers;
    letter_note = models.TextField(blank=True)  # both empty for the built-in words
    version = models.PositiveIntegerField(default=1)  # an amendment is a new study of the next version
    amends = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="amended_by"
    )
    amendment_reason = models.TextField(blank=True)
    unblinded_at = models.DateTimeField(
        null=True, blank=True
    )  # early, by the owner, while readers still read
    unblinded_by = models.CharField(max_length=150, blank=True)
    unblinding_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["draft", "frozen", "open", "closed"]), name="study_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", fingerprint="", frozen_at=None)
                | (~Q(status="draft") & ~Q(fingerprint="") & Q(frozen_at__isnull=False)),
                name="study_has_fingerprint_once_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False),
                name="closed_study_has_closing_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rules(self) -> protocols.Protocol:
        """The protocol, checked."""
        return protocols.from_json(self.protocol)

    @property
    def frames(self) -> FrameSet:
        """What the frames of its cases are."""
        return frame_set_json.read(self.frame_set)

    @property
    def folder(self) -> Path:
        return settings.READERSTUDY_DATA / "studies" / self.slug

    @property
    def pixels_path(self) -> Path:
        """One array for all cases in the order of their random ids: serving never depends on a case's source."""
        return self.folder / "cases.npy"


class Case(models.Model):
    """One patch drawn into a study, with its truth, under a random id."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="cases")
    public_id = models.CharField(max_length=16)
    phase = models.CharField(max_length=7, choices=PHASE_CHOICES)
    source = models.CharField(max_length=MAX_SOURCE_LENGTH)
    lesion_class = models.CharField(max_length=12, choices=LESION_CLASS_CHOICES)
    is_check = models.BooleanField(default=False)  # an attention check, made from the patch named below
    patch_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="cases")
    patch_index = models.PositiveIntegerField()
    pixel_index = models.PositiveIntegerField()  # in the study's own array
    pixels_sha256 = models.CharField(max_length=64, blank=True)  # of its pixels when the study was frozen

    class Meta:
        ordering = ["public_id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "public_id"], name="one_public_id_per_study"),
            models.UniqueConstraint(fields=["study", "pixel_index"], name="one_case_per_pixel_index"),
            models.UniqueConstraint(
                fields=["study", "patch_set", "patch_index"],
                condition=Q(is_check=False),
                name="one_case_per_patch",
            ),
            models.CheckConstraint(condition=Q(phase__in=["warm_up", "test"]), name="case_phase_known"),
            models.CheckConstraint(
                condition=Q(lesion_class__in=["benign", "malignant", "no_findings"]), name="case_class_known"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
