"""The readers page of a study: invite, copy links, follow progress."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from generation.core.errors import InputError
from generation.views.listing import PER_PAGE, WORDS
from readerstudy.core.names import GROUPS
from readerstudy.models import Invitation, Study
from readerstudy.selectors import letters, monitoring, rules, withdrawals
from readerstudy.selectors.monitoring import ReaderLine
from readerstudy.services import invitations as services
from readerstudy.views import reader_list
from readerstudy.views.invitation_forms import InvitationForm


@require_http_methods(["GET", "POST"])
def readers(request: HttpRequest, slug: str) -> HttpResponse:
    """List a study's readers with how they get on and their personal links, and invite another."""
    study = get_object_or_404(Study, slug=slug)
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = services.invite(
                study=study, **form.cleaned_data, by=request.user.get_username(), now=timezone.now()
            )
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f"{invitation.reader.name} is {invitation.reader.pseudonym}; copy the personal link below and send it.",
            )
            return redirect(_page_with(invitation))
    now = timezone.now()
    readers_found = reader_list.read(request.GET, study, now=now)
    lines = readers_found.everybody
    shown = readers_found.shown(study, now=now)
    context = {
        "study": study,
        "list": readers_found.listed,
        "n_readers": len(lines),
        "shown": shown,
        "links": [_linked(request, line, now) for line in shown if line.state != monitoring.LEFT],
        "has_links": any(line.state != monitoring.LEFT for line in lines),
        "withdrawals": withdrawals.of_study(study),
        "form": form,
        "groups": _groups_offered(lines),
        "can_invite": rules.can_invite(study),
    }
    return render(request, "readerstudy/study_readers.html", context, status=422 if form.errors else 200)


def _page_with(invitation: Invitation) -> str:
    """The page that shows a reader: of many, only this one."""
    study = invitation.reader.study
    address = reverse("readerstudy:study_readers", args=[study.slug])
    is_on_first = study.readers.count() <= PER_PAGE
    return address if is_on_first else f"{address}?{urlencode({WORDS: invitation.reader.pseudonym})}"


def _linked(request: HttpRequest, line: ReaderLine, now: datetime) -> dict[str, object]:
    """A line of the table of links."""
    return {
        "line": line,
        "link": letters.link_of(line.invitation, site_of(request)),
        "is_expired": rules.is_expired(line.invitation, now=now),
    }


def site_of(request: HttpRequest) -> str:
    """Where this instance is reached, as the browser that asks reaches it."""
    return request.build_absolute_uri("/").rstrip("/")


def _groups_offered(lines: list[ReaderLine]) -> list[str]:
    return sorted({*GROUPS, *(line.group for line in lines)})
