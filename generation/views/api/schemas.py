"""What every part of the JSON interface shares: errors, jobs, lists, and how bodies are read."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import ConfigDict, StringConstraints

from generation.core.errors import InputError
from generation.models import Job
from generation.views.listing import Listing

MAX_SEED: Final = 2**31 - 1
MAX_PER_PAGE: Final = 200
# A database refuses a zero byte in a text, so that no text has one.
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Line = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=r"^[-a-zA-Z0-9_]+$")]


class Error(Schema):
    """Why a request was refused."""

    error: str = Field(description="One sentence: what is wrong, the limit, and the mend.")


REFUSED: Final = {frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429}): Error}


def answers(schema: Any, status: int = 200) -> dict[Any, Any]:
    """What an address may answer."""
    return {status: schema, **REFUSED}


def made(described: Any) -> Status[Any]:
    """Answer with what was made."""
    return Status(201, described)


def queued(described: Any) -> Status[Any]:
    """Answer with what a worker will do."""
    return Status(202, described)


class Body(Schema):
    """What is sent: a field that is not known is refused, and a number in quotes is no number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(Schema):
    """Which part of a list."""

    words: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = Field(
        "", description="Only rows in which each of these words occurs."
    )
    order: Literal["", "asc", "desc"] = ""
    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(50, ge=1, le=MAX_PER_PAGE)


class Progress(Schema):
    """How far long work is."""

    status: Literal["queued", "running", "stopping", "stopped", "finished", "failed"]
    percent: int
    n_done: int
    n_total: int
    step_name: str = Field(description="What is being done now.")
    error: str | None = Field(description="One sentence, where it failed.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Part(Schema):
    """One page of a list."""

    n_found: int
    page: int
    n_pages: int


Row = TypeVar("Row")


def part_of(
    request: HttpRequest,
    listing: Listing,
    asked: Asked,
    rows: "QuerySet[Any]",
    described: Callable[[Any], Any],
) -> dict[str, Any]:
    """Give the part of a list that was asked for; a name that nothing is asked for by is a slip of the pen."""
    if unknown := sorted(set(request.GET) - set(type(asked).model_fields)):
        known = ", ".join(sorted(type(asked).model_fields))
        raise InputError(
            f"The address asks for {unknown[0][:80]!r}, which is unknown here; it may ask for {known}."
        )
    found = listing.read(asked.dict(), rows, per_page=asked.per_page)
    return {
        "items": [described(row) for row in found.page],
        "n_found": found.n_found,
        "page": found.page.number,
        "n_pages": found.page.paginator.num_pages,
    }


def progress_of(row: Job) -> dict[str, Any]:
    """Describe how far a job is."""
    return {
        "status": row.status,
        "percent": row.percent,
        "n_done": row.n_done,
        "n_total": row.n_total,
        "step_name": row.step_name,
        "error": row.error or None,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }
