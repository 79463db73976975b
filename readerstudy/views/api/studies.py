"""Studies: list, design, freeze, open, close, verify, audit log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from generation.core.errors import InputError
from generation.views.api.schemas import Asked, Body, Line, Name, Part, Slug, answers, made, part_of
from readerstudy.models import AuditEvent, Pool, Study
from readerstudy.selectors import access, rules, verification
from readerstudy.selectors import studies as selectors
from readerstudy.services import studies as services
from readerstudy.views import lists
from readerstudy.views.api.protocols import ProtocolIn

router = Router(tags=["Studies"])


class StudyOut(Schema):
    """A study; nothing in it says which case is which."""

    slug: str
    name: str
    status: Literal["draft", "frozen", "open", "closed"]
    version: int
    roles: list[str] = Field(description="What this account may do in it.")
    fingerprint: str | None
    n_cases: int
    n_readers: int
    n_finished: int
    pools: list[str] = Field(description="Slugs.")
    can_see_results: bool
    created_at: datetime
    frozen_at: datetime | None
    opened_at: datetime | None
    ends_at: datetime | None
    closed_at: datetime | None


class StudyDetails(StudyOut):
    """A study with its protocol."""

    protocol: dict[str, Any]


class StudyPart(Part):
    """One page of the list of studies."""

    items: list[StudyOut]


class StudiesAsked(Asked):
    """Which studies."""

    status: Literal["", "draft", "frozen", "open", "closed"] = ""
    sort: Literal["", "name", "status", "cases", "readers", "finished", "made"] = ""


class DesignIn(Body):
    """What a draft is made of."""

    protocol: ProtocolIn
    pools: list[Slug] = Field(max_length=100, description="Slugs, one pool for each source of the protocol.")

    def chosen_pools(self) -> list[Pool]:
        """The pools by their slugs."""
        found = {pool.slug: pool for pool in Pool.objects.filter(slug__in=self.pools)}
        for slug in self.pools:
            if slug not in found:
                raise InputError(f'There is no pool "{slug}"; list /pools for those there are.')
        return list(found.values())


class StudyIn(DesignIn):
    """A new study."""

    name: Name


class Difference(Schema):
    """What differs from what was frozen."""

    is_same: bool
    sentences: list[str]


class AuditOut(Schema):
    """One line of the audit log."""

    at: datetime
    actor: str
    verb: str
    sentence: str
    data: dict[str, Any]


class AuditPart(Part):
    """One page of the audit log."""

    items: list[AuditOut]


class AuditAsked(Asked):
    """Which lines."""

    verb: Line = ""
    actor: Line = ""
    sort: Literal["", "when", "who", "what"] = ""


@router.get("/studies", response=answers(StudyPart), summary="List your studies")
def studies(request: HttpRequest, asked: Query[StudiesAsked]) -> Any:
    rows = selectors.studies().filter(pk__in=access.studies_of(request.user).values("pk"))
    return part_of(request, lists.STUDIES, asked, rows, lambda row: study_out(row, request))


@router.post("/studies", response=answers(StudyDetails, 201), summary="Design a study")
def study_make(request: HttpRequest, body: StudyIn) -> Any:
    """Makes a draft that this account owns."""
    row = services.create(
        name=body.name,
        protocol=body.protocol.checked(),
        pools=body.chosen_pools(),
        by=request.user.get_username(),
        now=timezone.now(),
    )
    return made(study_details(_found(row.slug), request))


@router.get("/studies/{slug:slug}", response=answers(StudyDetails), summary="Get a study")
def study(request: HttpRequest, slug: str) -> Any:
    return study_details(_found(slug), request)


@router.post("/studies/{slug:slug}/revise", response=answers(StudyDetails), summary="Revise a draft")
def study_revise(request: HttpRequest, slug: str, body: DesignIn) -> Any:
    """Replaces protocol and pools of a draft."""
    services.revise(
        study=_found(slug),
        protocol=body.protocol.checked(),
        pools=body.chosen_pools(),
        by=request.user.get_username(),
        now=timezone.now(),
    )
    return study_details(_found(slug), request)


@router.delete("/studies/{slug:slug}", response=answers(None, 204), summary="Discard a draft")
def study_discard(request: HttpRequest, slug: str) -> Any:
    """Deletes a draft with its roles and invitations; the audit log is kept. What is frozen stays for good."""
    row = get_object_or_404(Study, slug=slug)
    services.discard(study=row, by=request.user.get_username(), now=timezone.now())
    return Status(204, None)


@router.post("/studies/{slug:slug}/freeze", response=answers(StudyDetails), summary="Freeze a study")
def study_freeze(request: HttpRequest, slug: str) -> Any:
    """Draws the cases and fixes the protocol for good; nothing but a new version can change it afterwards."""
    return _moved_on(request, slug, services.freeze)


@router.post("/studies/{slug:slug}/open", response=answers(StudyDetails), summary="Open a study")
def study_open(request: HttpRequest, slug: str) -> Any:
    """Lets invited readers in."""
    return _moved_on(request, slug, services.open_to_readers)


@router.post("/studies/{slug:slug}/close", response=answers(StudyDetails), summary="Close a study")
def study_close(request: HttpRequest, slug: str) -> Any:
    """Ends reading for good, and begins the analysis."""
    return _moved_on(request, slug, services.close)


@router.get("/studies/{slug:slug}/verify", response=answers(Difference), summary="Verify a frozen study")
def study_verify(request: HttpRequest, slug: str) -> Any:
    """Computes fingerprint and orders again and says what differs."""
    found = verification.verification(get_object_or_404(Study, slug=slug))
    return {"is_same": found.is_same, "sentences": [one.sentence for one in found.differences]}


@router.get("/studies/{slug:slug}/audit", response=answers(AuditPart), summary="Read the audit log")
def study_audit(request: HttpRequest, slug: str, asked: Query[AuditAsked]) -> Any:
    rows = selectors.audit_events(get_object_or_404(Study, slug=slug))
    return part_of(request, lists.AUDIT, asked, rows, audit_out)


def study_out(row: Any, request: HttpRequest) -> dict[str, Any]:
    """Describe a study."""
    return {
        "slug": row.slug,
        "name": row.name,
        "status": row.status,
        "version": row.version,
        "roles": sorted(access.roles_in(row, request.user)),
        "fingerprint": row.fingerprint or None,
        "n_cases": row.n_cases,
        "n_readers": row.n_readers,
        "n_finished": row.n_finished,
        "pools": sorted(pool.slug for pool in row.pools.all()),
        "can_see_results": rules.can_see_results(row),
        "created_at": row.created_at,
        "frozen_at": row.frozen_at,
        "opened_at": row.opened_at,
        "ends_at": row.ends_at,
        "closed_at": row.closed_at,
    }


def study_details(row: Any, request: HttpRequest) -> dict[str, Any]:
    """Describe a study with its protocol."""
    return {**study_out(row, request), "protocol": row.protocol}


def audit_out(row: AuditEvent) -> dict[str, Any]:
    """Describe a line of the audit log."""
    return {"at": row.at, "actor": row.actor, "verb": row.verb, "sentence": row.sentence, "data": row.data}


def _found(slug: str) -> Any:
    return get_object_or_404(selectors.studies().prefetch_related("pools"), slug=slug)


def _moved_on(request: HttpRequest, slug: str, service: Callable[..., Study]) -> dict[str, Any]:
    """Call a service that moves a study on."""
    service(study=get_object_or_404(Study, slug=slug), by=request.user.get_username(), now=timezone.now())
    return study_details(_found(slug), request)
