"""The readers page of a study: invite, copy links, follow progress, revoke."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from generation.core.errors import InputError
from readerstudy.core.names import GROUPS
from readerstudy.models import Invitation, Study
from readerstudy.selectors import links, monitoring, rules
from readerstudy.selectors.monitoring import STATES, ReaderLine
from readerstudy.services import invitations as services
from readerstudy.views.forms import InvitationForm

COLUMNS = {
    "reader": "Reader",
    "group": "Group",
    "state": "State",
    "done": "Test trials",
    "pace": "Pace",
    "seen": "Last seen",
    "display": "Display",
    "timeouts": "Time-outs",
    "pauses": "Pauses",
}


@require_http_methods(["GET", "POST"])
def readers(request: HttpRequest, slug: str) -> HttpResponse:
    """List a study's readers with their personal links, and invite another."""
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
            return redirect("readerstudy:study_readers", study.slug)
    lines = monitoring.of_readers(study, now=timezone.now())
    context = {
        "study": study,
        "lines": lines,
        "links": [(line, _link(request, line.invitation)) for line in lines],
        "form": form,
        "groups": GROUPS,
        "can_invite": rules.can_invite(study),
        **_monitored(request, lines),
    }
    return render(request, "readerstudy/study_readers.html", context)


@require_POST
def revoke(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Withdraw an invitation."""
    return _change(
        request, slug, pseudonym, services.revoke, "{name} can no longer read; answers given so far are kept."
    )


@require_POST
def replace_link(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Make a new personal link."""
    return _change(
        request, slug, pseudonym, services.replace_link, "{name} has a new link; the old one no longer works."
    )


def _change(
    request: HttpRequest, slug: str, pseudonym: str, service: Callable[..., Invitation], done: str
) -> HttpResponse:
    invitation = get_object_or_404(Invitation, reader__study__slug=slug, reader__pseudonym=pseudonym)
    try:
        changed = service(invitation=invitation, by=request.user.get_username(), now=timezone.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done.format(name=changed.reader.name))
    return redirect("readerstudy:study_readers", slug)


def _monitored(request: HttpRequest, lines: list[ReaderLine]) -> dict[str, object]:
    """The table of progress as its address asks for it: sorted, and filtered."""
    asked = {name: request.GET.get(name, "") for name in ("group", "state", "words")}
    sort = request.GET.get("sort", "reader")
    is_descending = request.GET.get("order") == "desc"
    columns = []
    for name, title in COLUMNS.items():
        is_sorted = name == sort
        query = {**asked, "sort": name, "order": "desc" if is_sorted and not is_descending else "asc"}
        columns.append(
            {
                "name": name,
                "title": title,
                "query": urlencode({key: value for key, value in query.items() if value}),
                "sorted": ("descending" if is_descending else "ascending") if is_sorted else "",
            }
        )
    return {
        "columns": columns,
        "asked": asked,
        "sort": sort,
        "order": request.GET.get("order", ""),
        "shown": monitoring.arranged(lines, sort=sort, is_descending=is_descending, **asked),
        "groups_here": sorted({line.group for line in lines}),
        "states_here": {
            state: title for state, title in STATES.items() if any(line.state == state for line in lines)
        },
        "is_filtered": any(asked.values()),
    }


def _link(request: HttpRequest, invitation: Invitation) -> str:
    return request.build_absolute_uri(reverse("reading:arrival", args=[links.link_token(invitation)]))
