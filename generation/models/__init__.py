"""Cohorts, patch sets, training runs and checkpoints."""

from generation.models.cohort import LESION_CLASS_CHOICES, Cohort, DryRun, Lesion, Patient
from generation.models.foreign import Neighbours, PatchImport
from generation.models.job import Job
from generation.models.patch_set import PatchSet, PatchSetPart
from generation.models.training import Checkpoint, TrainingRun

__all__ = [
    "LESION_CLASS_CHOICES",
    "Checkpoint",
    "Cohort",
    "DryRun",
    "Job",
    "Lesion",
    "Neighbours",
    "PatchImport",
    "PatchSet",
    "PatchSetPart",
    "Patient",
    "TrainingRun",
]
