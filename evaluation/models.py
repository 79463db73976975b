"""Metric runs: a generated patch set, or a checkpoint of a training, scored against real patches."""

from pathlib import Path

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from evaluation.core import extractor_names
from evaluation.core.extractor_names import ExtractorName
from generation.core.patient_split import Part
from generation.models import Checkpoint, Job, PatchSet
from readerstudy.models import Study

ALL_PATIENTS = "all"
PART_CHOICES = [
    (ALL_PATIENTS, "all patients"),
    (Part.VALIDATION.value, "validation patients"),
    (Part.TEST.value, "test patients"),
]
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
    def work_kind(self) -> str:
        return "scoring"

    def get_absolute_url(self) -> str:
        return reverse("evaluation:metric_run", args=[self.pk])

    @property
    def about(self) -> ExtractorName:
        """The extractor and what its distance is called; an own encoder by the file that was used."""
        about = extractor_names.named(self.extractor)
        title = self.results.get("extractor_title")
        return extractor_names.own(title, 0) if about is extractor_names.OWN and title else about


class CheckpointScore(Job):
    """One checkpoint of a training, scored by patches that are drawn from it and not kept."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="scores")
    real_set = models.ForeignKey(PatchSet, on_delete=models.PROTECT, related_name="checkpoint_scores")
    # Reals of which patients of that set: all, or the validation or test patients of its split.
    part = models.CharField(max_length=10, choices=PART_CHOICES, default=ALL_PATIENTS)
    extractor = models.CharField(max_length=40, choices=EXTRACTOR_CHOICES)
    n_per_class = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    results = models.JSONField(default=dict, blank=True)  # SetScores.to_dict()

    class Meta:
        ordering = ["checkpoint__step", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Job.Status.values), name="checkpoint_score_status_known"
            ),
            models.CheckConstraint(condition=Q(n_per_class__gte=2), name="checkpoint_score_has_patches"),
            models.UniqueConstraint(
                fields=["checkpoint", "real_set", "part", "extractor", "n_per_class", "seed"],
                name="a_checkpoint_is_scored_once_like_this",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint} against {self.real_set}"

    @property
    def task_name(self) -> str:
        return "evaluation.score_checkpoint"

    @property
    def work_kind(self) -> str:
        return "scoring of a checkpoint"

    def get_absolute_url(self) -> str:
        run = self.checkpoint.run
        return reverse("evaluation:curve", args=[run.slug]) if run else reverse("evaluation:curves")


class StudyAnalysis(Job):
    """Every statistic of one closed study, computed once by a worker and kept as files."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="analysis")
    seed = models.PositiveBigIntegerField(default=1)  # of the bootstraps
    files = models.JSONField(default=list, blank=True)  # names of what was written

    class Meta:
        verbose_name_plural = "study analyses"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Job.Status.values), name="study_analysis_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"analysis of {self.study}"

    @property
    def task_name(self) -> str:
        return "evaluation.analyse"

    @property
    def work_kind(self) -> str:
        return "analysis"

    def get_absolute_url(self) -> str:
        return reverse("evaluation:results", args=[self.study.slug])

    @property
    def folder(self) -> Path:
        """Files of the analysis, beside the pixels of the study."""
        return self.study.folder / "analysis"
