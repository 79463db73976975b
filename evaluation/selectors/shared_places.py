"""Everything that machines share, as the rows of the database name it."""

from collections.abc import Iterator
from pathlib import Path

from evaluation.models import StudyAnalysis
from generation.models import Checkpoint, Job, Neighbours, PatchSet, Patient, TrainingRun
from readerstudy.models import Study


def places() -> Iterator[Path]:
    """Folders and files that a bucket holds, one published thing each."""
    for patient in Patient.objects.filter(cohort__status=Job.Status.FINISHED).select_related("cohort"):
        yield patient.folder
    for patch_set in PatchSet.objects.filter(status=Job.Status.FINISHED):
        yield patch_set.folder
    finished = Neighbours.objects.filter(status=Job.Status.FINISHED)
    for neighbours in finished.select_related("patch_set", "reference"):
        yield neighbours.path
    for run in TrainingRun.objects.filter(checkpoints__isnull=False).distinct():
        yield run.history_path
        yield run.reference_grid_path
    for checkpoint in Checkpoint.objects.select_related("run"):
        if checkpoint.run is not None:
            yield checkpoint.run.grid_path(checkpoint.step)
        yield checkpoint.folder
    for study in Study.objects.exclude(status=Study.Status.DRAFT):
        yield study.pixels_path
    for analysis in StudyAnalysis.objects.filter(status=Job.Status.FINISHED).select_related("study"):
        yield analysis.folder
