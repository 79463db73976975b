"""Training runs and checkpoints: list, start, stop, resume, delete, sample."""

from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from generation import tasks
from generation.core.errors import InputError
from generation.models import Checkpoint, PatchSet, TrainingRun
from generation.selectors import training_runs as selectors
from generation.services import generators
from generation.services import training_runs as services
from generation.views import lists
from generation.views.api.patch_sets import PatchSetOut, patch_set_out
from generation.views.api.schemas import (
    Asked,
    Body,
    Line,
    Name,
    Part,
    Progress,
    Seed,
    Slug,
    answers,
    part_of,
    progress_of,
    queued,
)
from generation.views.api.stopping import Over, stopped
from generation.views.forms import PRESET_WORDS

router = Router(tags=["Training runs"])


class TrainingRunOut(Schema):
    """One training of a generator."""

    slug: str
    name: str
    preset: str
    source: str
    patch_set: str = Field(description="Slug of the patch set it learns from.")
    seed: int
    config: dict[str, Any] = Field(description="Every hyperparameter.")
    device: str
    images_per_second: float | None
    seconds_left: float | None
    n_checkpoints: int
    job: Progress


class TrainingRunPart(Part):
    """One page of the list of training runs."""

    items: list[TrainingRunOut]


class TrainingRunsAsked(Asked):
    """Which training runs."""

    status: Literal["", "queued", "running", "stopping", "stopped", "finished", "failed"] = ""
    preset: Line = ""
    sort: Literal["", "name", "status", "steps", "rate", "checkpoints", "started", "made"] = ""


class TrainingIn(Body):
    """What to train, and on what; what is null is as the preset says."""

    patch_set: Slug = Field(description="Slug of a finished patch set of real patches.")
    preset: Line = Field(description=f"One of {', '.join(PRESET_WORDS)}.")
    seed: Seed
    name: Name = ""
    n_steps: int | None = Field(None, ge=1, le=10_000_000)
    use_split: bool | None = Field(
        None, description="Train on the training patients of the patch set only, where it has a split."
    )
    width: int | None = Field(None, ge=4, le=512)
    class_sampling: Literal["uniform", "shuffle"] | None = None
    shift_pixels: int | None = Field(None, ge=0, le=31)
    ema_decay: float | None = Field(None, gt=0, le=0.99999)


class CheckpointOut(Schema):
    """Saved weights of a training at one step, or of a generator from elsewhere."""

    id: int
    name: str
    source: str
    step: int
    training_run: str | None
    sha256: dict[str, str] = Field(description="Of each file.")
    created_at: Any


class CheckpointPart(Part):
    """One page of the list of checkpoints."""

    items: list[CheckpointOut]


class CheckpointsAsked(Asked):
    """Which checkpoints."""

    source: Line = ""
    training_run: Line = Field("", description="Slug: only the checkpoints of this run.")
    sort: Literal["", "name", "source", "step", "made"] = ""


class SamplingIn(Body):
    """How many patches to draw."""

    benign: int = Field(0, ge=0, le=generators.MAX_PATCHES_PER_CLASS)
    malignant: int = Field(0, ge=0, le=generators.MAX_PATCHES_PER_CLASS)
    no_findings: int = Field(0, ge=0, le=generators.MAX_PATCHES_PER_CLASS)
    seed: Seed
    name: Name = ""
    pool: Name = Field(
        "", description="Name of a pool that is made of the patches as soon as they are drawn."
    )


@router.get("/training-runs", response=answers(TrainingRunPart), summary="List training runs")
def training_runs(request: HttpRequest, asked: Query[TrainingRunsAsked]) -> Any:
    return part_of(request, lists.TRAINING_RUNS, asked, selectors.all_runs(), training_run_out)


@router.post("/training-runs", response=answers(TrainingRunOut, 202), summary="Start a training")
def training_start(request: HttpRequest, body: TrainingIn) -> Any:
    """Queues a training; follow its job, its checkpoints appear while it runs."""
    patch_set = PatchSet.objects.filter(slug=body.patch_set).first()
    if patch_set is None:
        raise InputError(f'There is no patch set "{body.patch_set}"; list /patch-sets for those there are.')
    changes = body.dict(
        include={"n_steps", "use_split", "width", "class_sampling", "shift_pixels", "ema_decay"}
    )
    with transaction.atomic():
        run = services.create(
            patch_set=patch_set,
            preset=body.preset,
            seed=body.seed,
            name=body.name,
            changes={name: value for name, value in changes.items() if value is not None},
            now=timezone.now(),
        )
        tasks.train.delay_on_commit(run.pk)
    return queued(training_run_out(_found(run.slug)))


@router.get("/training-runs/{slug:slug}", response=answers(TrainingRunOut), summary="Get a training run")
def training_run(request: HttpRequest, slug: str) -> Any:
    return training_run_out(_found(slug))


@router.delete("/training-runs/{slug:slug}", response=answers(None, 204), summary="Delete a training run")
def training_delete(request: HttpRequest, slug: str) -> Any:
    """Deletes a run that is not active, with its checkpoints and pictures, for good."""
    services.delete(run=_found(slug))
    return Status(204, None)


@router.post("/training-runs/{slug:slug}/stop", response=answers(TrainingRunOut), summary="Stop a training")
def training_stop(request: HttpRequest, slug: str) -> Any:
    """Asks a training to stop; it saves a checkpoint first."""
    stopped(get_object_or_404(TrainingRun, slug=slug), kind="training")
    return training_run_out(_found(slug))


@router.post(
    "/training-runs/{slug:slug}/resume", response=answers(TrainingRunOut, 202), summary="Resume a training"
)
def training_resume(request: HttpRequest, slug: str) -> Any:
    """Goes on with a stopped or failed training from its newest sound checkpoint."""
    row = _found(slug)
    with transaction.atomic():
        if not services.requeue(run=row):
            raise Over(f"The training is {row.status}; only a stopped or failed one can be resumed.")
        tasks.train.delay_on_commit(row.pk)
    return queued(training_run_out(_found(slug)))


@router.get("/checkpoints", response=answers(CheckpointPart), summary="List checkpoints")
def checkpoints(request: HttpRequest, asked: Query[CheckpointsAsked]) -> Any:
    rows = Checkpoint.objects.select_related("run")
    if asked.training_run:
        rows = rows.filter(run__slug=asked.training_run)
    return part_of(request, lists.CHECKPOINTS, asked, rows, checkpoint_out)


@router.get("/checkpoints/{int:pk}", response=answers(CheckpointOut), summary="Get a checkpoint")
def checkpoint(request: HttpRequest, pk: int) -> Any:
    return checkpoint_out(get_object_or_404(Checkpoint.objects.select_related("run"), pk=pk))


@router.post(
    "/checkpoints/{int:pk}/sample", response=answers(PatchSetOut, 202), summary="Sample a checkpoint"
)
def checkpoint_sample(request: HttpRequest, pk: int, body: SamplingIn) -> Any:
    """Queues the sampling of a patch set; follow its job until it is finished, then a pool can offer it."""
    row = get_object_or_404(Checkpoint, pk=pk)
    with transaction.atomic():
        patch_set = generators.queue_sampling(
            checkpoint=row,
            n_per_class=body.dict(include={"benign", "malignant", "no_findings"}),
            seed=body.seed,
            name=body.name,
            pool=body.pool,
            by=request.user.get_username(),
            now=timezone.now(),
        )
        tasks.sample.delay_on_commit(patch_set.pk)
    patch_set.refresh_from_db()
    return queued(patch_set_out(patch_set))


def training_run_out(row: Any) -> dict[str, Any]:
    """Describe a training run."""
    return {
        "slug": row.slug,
        "name": row.name,
        "preset": row.preset,
        "source": row.source,
        "patch_set": row.patch_set.slug,
        "seed": row.seed,
        "config": row.config,
        "device": row.device,
        "images_per_second": row.images_per_second,
        "seconds_left": selectors.seconds_left(row),
        "n_checkpoints": row.n_checkpoints,
        "job": progress_of(row),
    }


def checkpoint_out(row: Checkpoint) -> dict[str, Any]:
    """Describe a checkpoint."""
    return {
        "id": row.pk,
        "name": row.name,
        "source": row.source,
        "step": row.step,
        "training_run": row.run.slug if row.run else None,
        "sha256": row.sha256,
        "created_at": row.created_at,
    }


def _found(slug: str) -> Any:
    return get_object_or_404(selectors.all_runs(), slug=slug)
