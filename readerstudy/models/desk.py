"""Who works at the desk, in which role, and with which tokens; and patches of a pool that are not offered."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from generation.models import LESION_CLASS_CHOICES
from readerstudy.models.study import Pool, Study


class StudyRole(models.Model):
    """What one account may do in one study; an account may hold several roles."""

    class Role(models.TextChoices):
        OWNER = "owner"  # everything, and the only one who unblinds early
        COORDINATOR = "coordinator"  # invites and follows progress; stays blinded
        ANALYST = "analyst"  # sees results once the study is closed or was unblinded

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="roles")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_roles")
    role = models.CharField(max_length=11, choices=Role)
    granted_by = models.CharField(max_length=150)
    granted_at = models.DateTimeField()

    class Meta:
        ordering = ["study", "user", "role"]
        constraints = [
            models.UniqueConstraint(fields=["study", "user", "role"], name="one_row_per_role"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "coordinator", "analyst"]), name="study_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class PoolExclusion(models.Model):
    """A patch of a pool that no study will draw, and why; studies that were frozen before keep it."""

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="exclusions")
    patch_index = models.PositiveIntegerField()
    lesion_class = models.CharField(max_length=12, choices=LESION_CLASS_CHOICES)  # as the index says
    reason = models.CharField(max_length=200)
    excluded_by = models.CharField(max_length=150)
    excluded_at = models.DateTimeField()

    class Meta:
        ordering = ["pool", "patch_index"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "patch_index"], name="one_exclusion_per_patch")
        ]

    def __str__(self) -> str:
        return f"patch {self.patch_index} of {self.pool}"


class ApiToken(models.Model):
    """A key to the JSON API that acts for one account; only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    start = models.CharField(max_length=12)  # the first characters, to tell tokens apart
    sha256 = models.CharField(max_length=64, unique=True)  # of the whole token
    can_write = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
