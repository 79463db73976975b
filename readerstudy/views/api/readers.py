"""Readers of a study: invite, revoke, make a new link, follow progress; never what they answered."""

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Router, Schema

from generation.core.errors import InputError
from generation.views.api.schemas import Body, Line, Name, answers, made
from readerstudy.models import Invitation, Study
from readerstudy.selectors import links, monitoring
from readerstudy.selectors.monitoring import ReaderLine
from readerstudy.services import invitations as services

router = Router(tags=["Readers"])


class InvitationOut(Schema):
    """A reader and the personal link."""

    reader: str = Field(description="Pseudonym, as in every export.")
    name: str
    email: str
    group: str
    link: str = Field(description="Opens the study for whoever has it; give it to this reader only.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class InvitationList(Schema):
    """Every invitation of a study."""

    items: list[InvitationOut]


class InvitationIn(Body):
    """A new reader."""

    name: Name
    group: Line = Field(description="radiologist, layperson, or a group of your own.")
    email: Annotated[str, Field(max_length=254)] = ""


class ProgressOut(Schema):
    """How one reader gets on; nothing in it depends on whether answers are right."""

    reader: str
    group: str
    state: str
    n_done: int
    n_trials: int
    seconds_per_panel: float | None = Field(description="Median of the last 20.")
    seen_at: datetime | None
    display: str
    n_timeouts: int
    n_pauses: int
    n_hidden: int


class ProgressList(Schema):
    """How every reader gets on."""

    items: list[ProgressOut]


@router.get("/studies/{slug:slug}/invitations", response=answers(InvitationList), summary="List invitations")
def invitations(request: HttpRequest, slug: str) -> Any:
    rows = Invitation.objects.filter(reader__study=_study(slug)).select_related("reader")
    return {"items": [invitation_out(row, request) for row in rows.order_by("reader__pseudonym")]}


@router.post(
    "/studies/{slug:slug}/invitations", response=answers(InvitationOut, 201), summary="Invite a reader"
)
def invitation_make(request: HttpRequest, slug: str, body: InvitationIn) -> Any:
    """Gives a new reader a pseudonym and a personal link; nothing is sent."""
    row = services.invite(
        study=_study(slug),
        name=body.name,
        group=body.group,
        email=_address(body.email),
        by=request.user.get_username(),
        now=timezone.now(),
    )
    return made(invitation_out(row, request))


@router.post(
    "/studies/{slug:slug}/invitations/{slug:reader}/revoke",
    response=answers(InvitationOut),
    summary="Revoke an invitation",
)
def invitation_revoke(request: HttpRequest, slug: str, reader: str) -> Any:
    """The reader can no longer read; answers given so far are kept."""
    row = services.revoke(
        invitation=_invitation(slug, reader), by=request.user.get_username(), now=timezone.now()
    )
    return invitation_out(row, request)


@router.post(
    "/studies/{slug:slug}/invitations/{slug:reader}/new-link",
    response=answers(InvitationOut),
    summary="Make a new link",
)
def invitation_new_link(request: HttpRequest, slug: str, reader: str) -> Any:
    """The link before it, and every browser that used it, is shut out."""
    row = services.replace_link(
        invitation=_invitation(slug, reader), by=request.user.get_username(), now=timezone.now()
    )
    return invitation_out(row, request)


@router.get("/studies/{slug:slug}/progress", response=answers(ProgressList), summary="Follow readers")
def progress(request: HttpRequest, slug: str) -> Any:
    return {"items": [progress_out(line) for line in monitoring.of_readers(_study(slug), now=timezone.now())]}


def invitation_out(row: Invitation, request: HttpRequest) -> dict[str, Any]:
    """Describe an invitation."""
    reader = row.reader
    return {
        "reader": reader.pseudonym,
        "name": reader.name,
        "email": reader.email,
        "group": reader.group,
        "link": request.build_absolute_uri(reverse("reading:arrival", args=[links.link_token(row)])),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


def progress_out(line: ReaderLine) -> dict[str, Any]:
    """Describe how a reader gets on."""
    return {
        "reader": line.pseudonym,
        "group": line.group,
        "state": line.state,
        "n_done": line.n_done,
        "n_trials": line.n_trials,
        "seconds_per_panel": line.pace.seconds,
        "seen_at": line.seen_at,
        "display": line.display,
        "n_timeouts": line.n_timeouts,
        "n_pauses": line.pace.n_pauses,
        "n_hidden": line.n_hidden,
    }


def _address(email: str) -> str:
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise InputError(f'"{email[:80]}" is no e-mail address; write one, or leave it empty.') from None
    return email


def _study(slug: str) -> Study:
    return get_object_or_404(Study, slug=slug)


def _invitation(slug: str, reader: str) -> Invitation:
    return get_object_or_404(Invitation, reader__study__slug=slug, reader__pseudonym=reader)
