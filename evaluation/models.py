"""Metric runs: a generated patch set scored against a real one."""

from django.db import models
from django.db.models import F, Q

from evaluation.core import extractor_names
from evaluation.core.extractor_names import ExtractorName
from generation.models import Job, PatchSet

EXTRACTOR_CHOICES = [(one.name, one.title) for one in extractor_names.EXTRACTORS.values()]


class MetricRun(Job):
    """One scoring: which sets, which extractor, which draws, and what came out."""

    real_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="metric_runs_as_real")
    fake_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="metric_runs_as_fake")
    extractor = models.CharField(max_length=40, choices=EXTRACTOR_CHOICES)
    n_draws = models.PositiveIntegerField()
    n_per_set = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    results = models.JSONField(default=dict, blank=True)  # SetScores.to_dict()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Job.Status.values), name="metric_run_status_known"),
            models.CheckConstraint(condition=~Q(real_set=F("fake_set")), name="metric_run_compares_two_sets"),
            models.CheckConstraint(
                condition=Q(n_draws__gte=1, n_per_set__gte=2), name="metric_run_has_draws"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fake_set} against {self.real_set}, {self.about.title}"

    @property
    def task_name(self) -> str:
        return "evaluation.score"

    @property
    def about(self) -> ExtractorName:
        """The extractor and what its distance is called."""
        return extractor_names.named(self.extractor)
