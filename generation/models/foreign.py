"""Jobs about patches made elsewhere and about what patches resemble."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models

from generation.core.foreign import findings
from generation.core.foreign.findings import Survey
from generation.models.job import Job
from generation.models.patch_set import PatchSet


class PatchImport(Job):
    """A look at patches made elsewhere, in a folder or a ZIP that was uploaded; then they become a patch set."""

    token = models.CharField(max_length=32, unique=True)  # names the folder of its files
    # Forgotten when the patches are imported: the name of a folder may be the name of a patient.
    origin_folder = models.CharField(max_length=1000, blank=True)
    pattern = models.CharField(max_length=120, blank=True)  # of file names
    found = models.JSONField(default=dict, blank=True)  # a Survey
    mapping = models.JSONField(default=dict, blank=True)  # as it was last shown in the preview
    patch_set = models.ForeignKey(
        PatchSet, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    created_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"patch import {self.pk}"

    @property
    def task_name(self) -> str:
        return "generation.look_at_patches"

    @property
    def is_upload(self) -> bool:
        return not self.origin_folder

    @property
    def folder(self) -> Path:
        """Its own files, removed when it ends: the archive, what was unpacked, some patches for the preview."""
        return settings.READERSTUDY_DATA / "patch_imports" / self.token

    @property
    def archive_path(self) -> Path:
        return self.folder / "upload.zip"

    @property
    def preview_path(self) -> Path:
        return self.folder / "preview.npy"

    @property
    def survey(self) -> Survey | None:
        return findings.from_dict(self.found) if self.found else None


class Neighbours(Job):
    """For each patch of a set, the one of a real set that lies nearest: to see whether training patches were learnt by heart."""

    patch_set = models.OneToOneField(PatchSet, on_delete=models.CASCADE, related_name="neighbours")
    reference = models.ForeignKey(PatchSet, on_delete=models.CASCADE, related_name="neighbours_of")
    is_training_set = models.BooleanField(default=False)  # the generator was trained on the reference
    summary: "models.JSONField[Any, Any]" = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "neighbours"

    def __str__(self) -> str:
        return f"neighbours of {self.patch_set}"

    @property
    def task_name(self) -> str:
        return "generation.find_neighbours"

    @property
    def path(self) -> Path:
        """Beside the patches, under the sum of the reference: what was found in another one is never read as this."""
        return self.patch_set.folder / f"neighbours-{self.reference.sha256[:16]}.npy"
