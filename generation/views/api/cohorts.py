"""Cohorts: list, import, stop, extract."""

from pathlib import Path
from typing import Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from generation import tasks
from generation.core.errors import InputError
from generation.core.extraction_options import (
    HEALTHY_PER_BREAST_SLICE,
    MAX_HEALTHY_PER_BREAST_SLICE,
    ExtractionOptions,
)
from generation.models import Cohort, PatchSet
from generation.selectors import cohorts as selectors
from generation.services import cohorts as services
from generation.services import patch_sets
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
    Text,
    answers,
    part_of,
    progress_of,
    queued,
)
from generation.views.api.stopping import stopped

router = Router(tags=["Cohorts"])


class CohortOut(Schema):
    """Imported scans of patients."""

    slug: str
    name: str
    note: str
    is_phantom: bool
    n_patients: int
    n_benign_lesions: int
    n_malignant_lesions: int
    job: Progress = Field(description="The import.")


class CohortPart(Part):
    """One page of the list of cohorts."""

    items: list[CohortOut]


class CohortsAsked(Asked):
    """Which cohorts."""

    status: Literal["", "queued", "running", "stopping", "stopped", "finished", "failed"] = ""
    sort: Literal["", "name", "status", "patients", "benign", "malignant", "imported", "made"] = ""


class ImportIn(Body):
    """What to import, and how."""

    folder: Line = Field(
        description="Absolute path, on the machine that runs the worker, of the folder with the patients."
    )
    name: Name = Field("", description="No patient's name. Empty: when it was imported.")
    note: Text = ""
    without_t2: bool = False
    keep_ids: bool = False
    phase_rule: Line = ""
    phases: Line = Field("", description="Five numbers from 0, such as 0,1,2,3,4. Empty: by time.")


class ExtractionIn(Body):
    """How patches are cut."""

    seed: Seed = Field(description="The same seed draws the same healthy patches.")
    healthy_per_breast_slice: int = Field(HEALTHY_PER_BREAST_SLICE, ge=0, le=MAX_HEALTHY_PER_BREAST_SLICE)
    intensity_range: Literal["min-max", "percentile"] = "min-max"


@router.get("/cohorts", response=answers(CohortPart), summary="List cohorts")
def cohorts(request: HttpRequest, asked: Query[CohortsAsked]) -> Any:
    return part_of(request, lists.COHORTS, asked, selectors.all_cohorts(), cohort_out)


@router.post("/cohorts", response=answers(CohortOut, 202), summary="Import a cohort")
def cohort_import(request: HttpRequest, body: ImportIn) -> Any:
    """Queues the import of a folder; follow its job until it is finished."""
    folder = Path(body.folder.strip())
    if not folder.is_absolute():
        raise InputError("The folder has to be a whole path, beginning with /.")
    now = timezone.now()
    with transaction.atomic():
        row = services.request_import(
            folder=folder,
            name=body.name or services.default_name(folder, now=now),
            note=body.note,
            options=body.dict(include={"without_t2", "keep_ids", "phase_rule", "phases"}),
            now=now,
        )
        tasks.import_cohort.delay_on_commit(row.pk)
    return queued(cohort_out(_found(row.slug)))


@router.get("/cohorts/{slug:slug}", response=answers(CohortOut), summary="Get a cohort")
def cohort(request: HttpRequest, slug: str) -> Any:
    return cohort_out(_found(slug))


@router.post("/cohorts/{slug:slug}/stop", response=answers(CohortOut), summary="Stop an import")
def cohort_stop(request: HttpRequest, slug: str) -> Any:
    """Asks the import to stop after the patient it is at; nothing of it is kept."""
    row = stopped(get_object_or_404(Cohort, slug=slug), kind="import")
    services.forget_origin(row)
    return cohort_out(_found(slug))


@router.post("/cohorts/{slug:slug}/extract", response=answers(PatchSetOut, 202), summary="Extract patches")
def cohort_extract(request: HttpRequest, slug: str, body: ExtractionIn) -> Any:
    """Queues the extraction of a patch set; follow its job until it is finished."""
    row = get_object_or_404(Cohort, slug=slug)
    with transaction.atomic():
        patch_set: PatchSet = patch_sets.request_extraction(
            cohort=row, options=ExtractionOptions.parse(body.dict()), now=timezone.now()
        )
        tasks.extract.delay_on_commit(patch_set.pk)
    patch_set.refresh_from_db()
    return queued(patch_set_out(patch_set))


def cohort_out(row: Any) -> dict[str, Any]:
    """Describe a cohort; where it came from stays here, because the name of a folder may be the name of a patient."""
    return {
        "slug": row.slug,
        "name": row.name,
        "note": row.note,
        "is_phantom": row.is_phantom,
        "n_patients": row.n_patients,
        "n_benign_lesions": row.n_benign_lesions,
        "n_malignant_lesions": row.n_malignant_lesions,
        "job": progress_of(row),
    }


def _found(slug: str) -> Any:
    return get_object_or_404(selectors.all_cohorts(), slug=slug)
