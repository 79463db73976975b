"""Metric runs: list, start, get, stop."""

from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from evaluation import tasks
from evaluation.core import draws, extractor_names
from evaluation.models import MetricRun
from evaluation.selectors import metric_runs as selectors
from evaluation.services import metric_runs as services
from evaluation.views import lists
from generation.core.errors import InputError
from generation.models import PatchSet
from generation.views.api.schemas import (
    Asked,
    Body,
    Line,
    Part,
    Progress,
    Seed,
    Slug,
    answers,
    part_of,
    progress_of,
    queued,
)
from generation.views.api.stopping import stopped

router = Router(tags=["Metric runs"])


class MetricRunOut(Schema):
    """A generated patch set scored against a real one."""

    id: int
    real_set: str
    fake_set: str
    extractor: str
    n_draws: int
    n_per_set: int
    seed: int
    job: Progress


class MetricRunDetails(MetricRunOut):
    """What a run found, as `score_patches` writes it; null until it is finished."""

    results: dict[str, Any] | None


class MetricRunPart(Part):
    """One page of the list of metric runs."""

    items: list[MetricRunOut]


class MetricRunsAsked(Asked):
    """Which metric runs."""

    status: Literal["", "queued", "running", "stopping", "stopped", "finished", "failed"] = ""
    extractor: Line = ""
    sort: Literal["", "scored", "status", "made"] = ""


class MetricRunIn(Body):
    """What to score."""

    real_set: Slug
    fake_set: Slug
    extractor: Line = Field(
        extractor_names.DEFAULT, description=f"One of {', '.join(extractor_names.EXTRACTORS)}."
    )
    n_draws: int = Field(draws.N_DRAWS, ge=1, le=services.MAX_DRAWS)
    n_per_set: int = Field(draws.N_PER_SET, ge=draws.MIN_PER_SET, le=services.MAX_PER_SET)
    seed: Seed = 0


@router.get("/metric-runs", response=answers(MetricRunPart), summary="List metric runs")
def metric_runs(request: HttpRequest, asked: Query[MetricRunsAsked]) -> Any:
    return part_of(request, lists.METRIC_RUNS, asked, _rows(), metric_run_out)


@router.post("/metric-runs", response=answers(MetricRunOut, 202), summary="Score a generator")
def metric_run_start(request: HttpRequest, body: MetricRunIn) -> Any:
    """Queues the scoring of a generated patch set against a real one; follow its job."""
    if body.extractor not in extractor_names.EXTRACTORS:
        raise InputError(
            f'The extractor "{body.extractor}" is unknown; choose one of {", ".join(extractor_names.EXTRACTORS)}.'
        )
    with transaction.atomic():
        run = services.start(
            real=_patch_set(body.real_set),
            fake=_patch_set(body.fake_set),
            extractor=body.extractor,
            n_draws=body.n_draws,
            n_per_set=body.n_per_set,
            seed=body.seed,
            now=timezone.now(),
        )
        tasks.score.delay_on_commit(run.pk)
    return queued(metric_run_out(_rows().get(pk=run.pk)))


@router.get("/metric-runs/{int:pk}", response=answers(MetricRunDetails), summary="Get a metric run")
def metric_run(request: HttpRequest, pk: int) -> Any:
    row = get_object_or_404(_rows(), pk=pk)
    return {**metric_run_out(row), "results": row.results or None}


@router.post("/metric-runs/{int:pk}/stop", response=answers(MetricRunOut), summary="Stop a metric run")
def metric_run_stop(request: HttpRequest, pk: int) -> Any:
    return metric_run_out(stopped(get_object_or_404(_rows(), pk=pk), kind="metric run"))


def metric_run_out(row: MetricRun) -> dict[str, Any]:
    """Describe a metric run."""
    return {
        "id": row.pk,
        "real_set": row.real_set.slug,
        "fake_set": row.fake_set.slug,
        "extractor": row.extractor,
        "n_draws": row.n_draws,
        "n_per_set": row.n_per_set,
        "seed": row.seed,
        "job": progress_of(row),
    }


def _rows() -> Any:
    return selectors.everything()


def _patch_set(slug: str) -> PatchSet:
    row = PatchSet.objects.filter(slug=slug).first()
    if row is None:
        raise InputError(f'There is no patch set "{slug}"; list /patch-sets for those there are.')
    return row
