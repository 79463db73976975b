"""Pools: list, get, make."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from generation.core.errors import InputError
from generation.models import PatchSet
from generation.views.api.schemas import Asked, Body, Line, Name, Part, Slug, answers, made, part_of
from readerstudy.models import Pool
from readerstudy.selectors import pools as selectors
from readerstudy.services import pools as services
from readerstudy.views import lists

router = Router(tags=["Pools"])


class PoolOut(Schema):
    """Patches of one source that studies may draw from."""

    slug: str
    name: str
    source: str
    patch_set: str = Field(description="Slug of the patch set that it offers.")
    n_benign: int
    n_malignant: int
    n_no_findings: int
    created_at: datetime


class PoolPart(Part):
    """One page of the list of pools."""

    items: list[PoolOut]


class PoolsAsked(Asked):
    """Which pools."""

    source: Line = ""
    sort: Literal["", "name", "source", "benign", "malignant", "no_findings", "made"] = ""


class PoolIn(Body):
    """A new pool."""

    name: Name
    patch_set: Slug = Field(description="Slug of a finished patch set.")


@router.get("/pools", response=answers(PoolPart), summary="List pools")
def pools(request: HttpRequest, asked: Query[PoolsAsked]) -> Any:
    return part_of(request, lists.POOLS, asked, selectors.pools(), pool_out)


@router.post("/pools", response=answers(PoolOut, 201), summary="Make a pool")
def pool_make(request: HttpRequest, body: PoolIn) -> Any:
    """Offers a finished patch set to studies."""
    patch_set = PatchSet.objects.filter(slug=body.patch_set).first()
    if patch_set is None:
        raise InputError(f'There is no patch set "{body.patch_set}"; list /patch-sets for those there are.')
    pool = services.create(
        name=body.name, patch_set=patch_set, by=request.user.get_username(), now=timezone.now()
    )
    return made(pool_out(pool))


@router.get("/pools/{slug:slug}", response=answers(PoolOut), summary="Get a pool")
def pool(request: HttpRequest, slug: str) -> Any:
    return pool_out(get_object_or_404(selectors.pools(), slug=slug))


def pool_out(row: Pool) -> dict[str, Any]:
    """Describe a pool."""
    return {
        "slug": row.slug,
        "name": row.name,
        "source": row.source,
        "patch_set": row.patch_set.slug,
        "n_benign": row.n_of("benign"),
        "n_malignant": row.n_of("malignant"),
        "n_no_findings": row.n_of("no_findings"),
        "created_at": row.created_at,
    }
