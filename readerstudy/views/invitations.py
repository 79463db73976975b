"""The readers page of a study: invite, copy links, follow progress."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from generation.core.errors import InputError
from readerstudy.core.names import GROUPS
from readerstudy.models import Study
from readerstudy.selectors import letters, monitoring, rules, withdrawals
from readerstudy.selectors.monitoring import STATES, ReaderLine
from readerstudy.services import invitations as services
from readerstudy.views.invitation_forms import InvitationForm

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
            return redirect("readerstudy:study_readers", study.slug)
    now = timezone.now()
    lines = monitoring.of_readers(study, now=now)
    context = {
        "study": study,
        "lines": lines,
        "links": [_linked(request, line, now) for line in lines if line.state != monitoring.LEFT],
        "withdrawals": withdrawals.of_study(study),
        "form": form,
        "groups": _groups_offered(lines),
        "can_invite": rules.can_invite(study),
        **_monitored(request, lines),
    }
    return render(request, "readerstudy/study_readers.html", context, status=422 if form.errors else 200)


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
