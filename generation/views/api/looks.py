"""Looks at a folder without importing it: begin, follow, stop."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema

from generation import tasks
from generation.core.errors import InputError
from generation.models import DryRun
from generation.services import cohorts as services
from generation.views.api.schemas import Body, Line, Progress, answers, progress_of, queued
from generation.views.api.stopping import stopped

router = Router(tags=["Cohorts"])


class FolderIn(Body):
    """What to look at, and how it would be read."""

    folder: Line = Field(
        description="Absolute path, on the machine that runs the worker, of the folder with the patients."
    )
    without_t2: bool = False
    keep_ids: bool = False
    phase_rule: Line = ""
    phases: Line = Field("", description="Five numbers from 0, such as 0,1,2,3,4. Empty: by time.")


class LookOut(Schema):
    """What was found in a folder."""

    id: int
    layout: str
    n_ignored: int = Field(description="Sub-folders without scans.")
    n_refused: int = Field(description="Patients that cannot be imported as they are.")
    findings: list[dict[str, Any]] = Field(
        description="One for each patient; `error` says why not, in words."
    )
    job: Progress


@router.post("/looks", response=answers(LookOut, 202), summary="Look at a folder")
def look_begin(request: HttpRequest, body: FolderIn) -> Any:
    """Queues a look at a folder: what is there, what is missing, which phase is which. Nothing is imported."""
    folder = Path(body.folder.strip())
    if not folder.is_absolute():
        raise InputError("The folder has to be a whole path, beginning with /.")
    with transaction.atomic():
        row = services.request_dry_run(
            folder=folder, options=body.dict(exclude={"folder"}), now=timezone.now()
        )
        tasks.look.delay_on_commit(row.pk)
    row.refresh_from_db()
    return queued(look_out(row))


@router.get("/looks/{int:pk}", response=answers(LookOut), summary="See what was found")
def look(request: HttpRequest, pk: int) -> Any:
    return look_out(get_object_or_404(DryRun, pk=pk))


@router.post("/looks/{int:pk}/stop", response=answers(LookOut), summary="Stop looking")
def look_stop(request: HttpRequest, pk: int) -> Any:
    """Asks the look to stop after the patient it is at."""
    row = get_object_or_404(DryRun, pk=pk)
    stopped(row, kind="look")
    services.forget_origin(row)
    row.refresh_from_db()
    return look_out(row)


def look_out(row: DryRun) -> dict[str, Any]:
    """Describe a look; the folder stays here, because its name may be the name of a patient."""
    return {
        "id": row.pk,
        "layout": row.layout,
        "n_ignored": row.n_ignored,
        "n_refused": row.n_refused,
        "findings": row.findings,
        "job": progress_of(row),
    }
