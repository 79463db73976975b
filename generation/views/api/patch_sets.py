"""Patch sets: list, get, stop what fills one."""

from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from generation.models import PatchSet
from generation.selectors import patch_sets as selectors
from generation.views import lists
from generation.views.api.schemas import Asked, Line, Part, Progress, answers, part_of, progress_of
from generation.views.api.stopping import stopped

router = Router(tags=["Patch sets"])


class PatchSetOut(Schema):
    """Patches of one source, with what they came from."""

    slug: str
    name: str
    source: str
    n_benign: int
    n_malignant: int
    n_no_findings: int
    sha256: str | None = Field(description="Of patches.npy.")
    seed: int | None
    cohort: str | None = Field(description="Slug of the cohort it was cut from.")
    checkpoint: str | None = Field(description="Name of the checkpoint it was sampled from.")
    job: Progress = Field(description="The extraction, sampling or copying.")


class PatchSetPart(Part):
    """One page of the list of patch sets."""

    items: list[PatchSetOut]


class PatchSetsAsked(Asked):
    """Which patch sets."""

    source: Line = ""
    status: Literal["", "queued", "running", "stopping", "stopped", "finished", "failed"] = ""
    sort: Literal["", "name", "source", "status", "benign", "malignant", "no_findings", "made"] = ""


@router.get("/patch-sets", response=answers(PatchSetPart), summary="List patch sets")
def patch_sets(request: HttpRequest, asked: Query[PatchSetsAsked]) -> Any:
    return part_of(request, lists.PATCH_SETS, asked, selectors.everything(), patch_set_out)


@router.get("/patch-sets/{slug:slug}", response=answers(PatchSetOut), summary="Get a patch set")
def patch_set(request: HttpRequest, slug: str) -> Any:
    return patch_set_out(get_object_or_404(selectors.everything(), slug=slug))


@router.post(
    "/patch-sets/{slug:slug}/stop", response=answers(PatchSetOut), summary="Stop filling a patch set"
)
def patch_set_stop(request: HttpRequest, slug: str) -> Any:
    """Asks the extraction, sampling or copying to stop; nothing of it is kept."""
    row = get_object_or_404(selectors.everything(), slug=slug)
    return patch_set_out(stopped(row, kind="making of the patch set"))


def patch_set_out(row: PatchSet) -> dict[str, Any]:
    """Describe a patch set."""
    return {
        "slug": row.slug,
        "name": row.name,
        "source": row.source,
        "n_benign": row.n_benign,
        "n_malignant": row.n_malignant,
        "n_no_findings": row.n_no_findings,
        "sha256": row.sha256 or None,
        "seed": row.seed,
        "cohort": row.cohort.slug if row.cohort else None,
        "checkpoint": row.checkpoint.name if row.checkpoint else None,
        "job": progress_of(row),
    }
