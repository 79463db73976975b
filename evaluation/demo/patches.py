"""A phantom cohort and its patches; two generators and the patches they draw."""

import shutil
import time
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from generation.core.errors import InputError
from generation.core.extraction_options import ExtractionOptions
from generation.core.labels import DCGAN, LESION_CLASSES, WGAN
from generation.management.progress import ProgressBar
from generation.models import Checkpoint, Cohort, Job, PatchSet
from generation.services import cohorts, generators, patch_sets, recovery, training_runs

N_PATIENTS: Final = 12
PHANTOM_SEED: Final = 2026
EXTRACTION_SEED: Final = 1
HEALTHY_PER_BREAST_SLICE: Final = 1  # the paper draws 15; one keeps the demonstration quick
SAMPLING_SEED: Final = 1
N_PER_CLASS: Final = 60  # synthetic patches of each class and generator
SHIPPED: Final = Path(settings.BASE_DIR) / "generation" / "demo_generators"
GENERATORS: Final = {DCGAN: "dcgan-small", WGAN: "wgan-small"}  # source -> preset that trains it with --train
COHORT_NAME: Final = "Phantom"
LOOK_AGAIN_SECONDS: Final = 2.0


def ensure_cohort(scans: Path, *, n_processes: int) -> Cohort:
    """Generate the scans of the phantom patients and import them."""
    existing = Cohort.objects.filter(slug="phantom").first()
    if existing is None or existing.status in {Job.Status.FAILED, Job.Status.STOPPED}:
        _make_phantom(scans, n_processes=n_processes)
        note = "Procedural breast phantom; no patient was scanned."
        existing = cohorts.request_import(folder=scans, name=COHORT_NAME, note=note, now=timezone.now())
    if _waits(existing):
        from generation.jobs import importing

        with ProgressBar("patient") as bar:
            importing.run(existing.pk, on_progress=bar.show)
    _check_finished(existing, f'The cohort "{existing.name}"')
    shutil.rmtree(scans, ignore_errors=True)  # the import keeps its own copies
    return existing


def ensure_real_patches(cohort: Cohort, *, n_processes: int) -> PatchSet:
    """Extract the patches of the cohort."""
    row = (
        PatchSet.objects.filter(cohort=cohort, seed=EXTRACTION_SEED)
        .exclude(status__in=[Job.Status.FAILED, Job.Status.STOPPED])
        .first()
    )
    if row is None:
        options = ExtractionOptions(seed=EXTRACTION_SEED, healthy_per_breast_slice=HEALTHY_PER_BREAST_SLICE)
        row = patch_sets.request_extraction(
            cohort=cohort, options=options, name="Phantom patches", now=timezone.now()
        )
    if _waits(row):
        from generation.jobs import extracting

        with ProgressBar("patient") as bar:
            extracting.run(row.pk, n_jobs=n_processes, on_progress=bar.show)
    _check_finished(row, f'The patch set "{row.name}"')
    return row


def shipped_generator(source: str) -> Checkpoint:
    """Register the generator of a source that ships with the project."""
    return generators.register(folder=SHIPPED / source, name=f"demo-{source}", now=timezone.now())


def trained_generator(source: str, real: PatchSet) -> Checkpoint:
    """Train the generator of a source from scratch, or go on with a training that was interrupted."""
    from generation.jobs import training

    name = f"Demo {source.upper()}"
    run = real.training_runs.filter(name=name).first()
    if run is None:
        run = training_runs.create(
            patch_set=real, preset=GENERATORS[source], seed=1, name=name, now=timezone.now()
        )
    training_runs.requeue(run=run)
    _waits(run)
    with ProgressBar("step") as bar:
        training.run(run.pk, on_progress=bar.show)
    _check_finished(run, f'The training "{run.name}"')
    return run.checkpoints.order_by("-step")[0]


def ensure_synthetic_patches(checkpoint: Checkpoint) -> PatchSet:
    """Draw the patches of a generator, under a name that says whether it was trained here."""
    row = (
        PatchSet.objects.filter(checkpoint=checkpoint, seed=SAMPLING_SEED)
        .exclude(status__in=[Job.Status.FAILED, Job.Status.STOPPED])
        .first()
    )
    if row is None:
        row = generators.queue_sampling(
            checkpoint=checkpoint,
            n_per_class={lesion_class.value: N_PER_CLASS for lesion_class in LESION_CLASSES},
            seed=SAMPLING_SEED,
            name=f"{checkpoint.source.upper()} patches{', trained here' if checkpoint.run else ''}",
            now=timezone.now(),
        )
    if _waits(row):
        from generation.jobs import sampling

        with ProgressBar("patch") as bar:
            sampling.run(row.pk, on_progress=bar.show)
    _check_finished(row, f'The patch set "{row.name}"')
    return row


def _make_phantom(scans: Path, *, n_processes: int) -> None:
    """Generate into a folder of another name first: a folder of the right name is complete."""
    if scans.is_dir():
        return
    draft = scans.with_name(f".{scans.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    call_command("make_phantom", str(draft), patients=N_PATIENTS, seed=PHANTOM_SEED, jobs=n_processes)
    draft.rename(scans)


def _waits(row: Job) -> bool:
    """True if a job waits to be done; one that an earlier, killed command seems to run is given a minute to move."""
    while row.status in {Job.Status.RUNNING, Job.Status.STOPPING}:
        recovery.release_silent(started_at=timezone.now(), now=timezone.now())
        row.refresh_from_db()
        if row.is_active and row.status != Job.Status.QUEUED:
            time.sleep(LOOK_AGAIN_SECONDS)
    return row.status == Job.Status.QUEUED


def _check_finished(row: Job, what: str) -> None:
    row.refresh_from_db()
    if row.status != Job.Status.FINISHED:
        why = row.error or f"it is {row.status}; run the command again"
        raise InputError(f"{what} was not finished: {why}")
