"""The reading room: arrival, instructions, warm-up, test, pause, end.

Every answer to a reader carries `Cache-Control: no-store`, and a page that is not there looks the same whether its
token never existed, belongs to somebody else, or is not up yet.
"""

import secrets
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.core import panel as panels
from readerstudy.core import panel_data as panel_bytes
from readerstudy.core import viewer_log
from readerstudy.core.errors import Conflict, Refused
from readerstudy.core.names import source_title
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.models import Invitation, ReadingSession, Trial
from readerstudy.selectors import links, pixels, rules
from readerstudy.selectors import reading as selectors
from readerstudy.services import responses, sessions
from readerstudy.views import viewer_page

OWNED = "reading_sessions"  # key of the browser's session: ids of the reading sessions it started or resumed
MAX_OWNED = 20
MAX_RT_MS = 24 * 60 * 60 * 1000
SEED_BITS = 62

View = Callable[..., HttpResponse]


def reader_page(view: View) -> View:
    """A page without sign-in that no cache keeps; whatever is not there answers alike."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = render(request, "reading/not_here.html", status=404)
        response["Cache-Control"] = "no-store"
        return response

    return login_not_required(page)


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: HttpRequest, link: str) -> HttpResponse:
    """Greet the owner of a personal link; only pressing Start begins anything, so that a mail scanner does no harm."""
    invitation = links.invitation_behind(link)
    if invitation is None:
        raise Http404
    if request.method == "POST":
        try:
            started = sessions.start(
                invitation=invitation, seed=secrets.randbits(SEED_BITS), now=timezone.now()
            )
        except Refused:
            return redirect("reading:arrival", link)
        _remember(request, started)
        return redirect("reading:session", started.public_id)
    return render(request, "reading/arrival.html", _arrival_context(invitation))


@reader_page
@require_safe
def session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go to where the reader is: instructions, the current trial, the step between the phases, or the end."""
    row = _session(request, public_id)
    context = {
        "session": row,
        "study": row.study,
        "protocol": row.study.rules,
        "progress": selectors.progress_of(row),
    }
    if row.state == SessionState.ARRIVED:
        return render(request, "reading/instructions.html", context)
    if row.state == SessionState.FINISHED:
        return render(request, "reading/finished.html", context)
    current = selectors.current_trial(row)
    if current is None:
        raise Http404
    if row.state == SessionState.TEST and current.position == 1 and current.served_at is None:
        return render(request, "reading/before_test.html", {**context, "trial": current})
    return redirect("reading:trial", current.token)


@reader_page
@require_POST
def begin(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave the instructions."""
    row = sessions.begin(session=_session(request, public_id), now=timezone.now())
    return redirect("reading:session", row.public_id)


@reader_page
@require_safe
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that everything is saved and how to come back."""
    row = _session(request, public_id)
    return render(
        request,
        "reading/pause.html",
        {"session": row, "study": row.study, "progress": selectors.progress_of(row)},
    )


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, token: str) -> HttpResponse:
    """Show the current trial, and take its answer."""
    row = selectors.trial_of_browser(token, _owned(request))
    if row is None or (row.served_at is None and not _is_current(row)):
        raise Http404
    if request.method == "POST":
        return _answered(request, row)
    if row.done_at is not None:
        return redirect("reading:session", row.session.public_id)
    sessions.serve(trial=row, now=timezone.now())
    return _show(request, row)


@reader_page
@require_safe
def panel(request: HttpRequest, token: str, shape: str) -> HttpResponse:
    """The picture of the current trial, for browsers without JavaScript: one length for every case."""
    row = _shown_trial(request, token)
    protocol = row.session.study.rules
    content = panels.render(
        pixels.of_case(row.case, row.session.study),
        panels.LAYOUTS[protocol.layout][shape],
        interpolation=protocol.interpolation,
        own_subtraction=protocol.own_subtraction,
    )
    return _bytes(content, "image/png")


@reader_page
@require_safe
def panel_data(request: HttpRequest, token: str) -> HttpResponse:
    """The frames of the current trial as numbers, for the viewer: one length for every case."""
    row = _shown_trial(request, token)
    study = row.session.study
    content = panel_bytes.encode(pixels.of_case(row.case, study), own_subtraction=study.rules.own_subtraction)
    return _bytes(content, "application/octet-stream")


def _answered(request: HttpRequest, row: Trial) -> HttpResponse:
    """Store what a form sent, then go to the next trial."""
    now = timezone.now()
    try:
        if row.phase == Phase.WARM_UP:
            sessions.see_warm_up(trial=row, now=now)
        else:
            responses.record(
                trial=row,
                answer=request.POST.get("answer", ""),
                confidence=_whole_number(request.POST.get("confidence", ""), largest=99),
                rt_ms=_whole_number(request.POST.get("rt_ms", ""), largest=MAX_RT_MS),
                viewer=viewer_log.parse(request.POST.get("viewer", "")),
                key=request.POST.get("key", "")[:64],
                now=now,
            )
    except Conflict as error:
        return render(
            request,
            "reading/conflict.html",
            {"session": row.session, "study": row.session.study, "error": error},
            status=409,
        )
    except Refused as error:
        if selectors.is_shown(row):
            return _show(request, row, error=str(error), status=400)
        return redirect("reading:session", row.session.public_id)
    current = selectors.current_trial(selectors.fresh(row.session))
    if current is None or current.phase != row.phase:
        return redirect("reading:session", row.session.public_id)
    return redirect("reading:trial", current.token)


def _show(request: HttpRequest, row: Trial, *, error: str = "", status: int = 200) -> HttpResponse:
    """The page of a trial; the truth is in the context of warm-up pages only."""
    protocol = row.session.study.rules
    context = {
        "study": row.session.study,
        "session": row.session,
        "trial": row,
        "n_trials": protocol.n_of(Phase(row.phase)),
        "n_done": row.position - 1,
        "protocol": protocol,
        "viewer": viewer_page.of_layout(protocol.layout),
        "key": secrets.token_hex(16),
        "chosen_level": request.POST.get("confidence", ""),
        "error": error,
    }
    if row.phase == Phase.WARM_UP:
        context |= {"is_real": row.case.source == "real", "source": source_title(row.case.source)}
        return render(request, "reading/warm_up.html", context, status=status)
    levels = range(1, protocol.confidence_levels + 1)
    context |= {
        "question": protocol.question,
        "levels": levels,
        "real_key": protocol.real_key,
        "synthetic_key": protocol.synthetic_key,
    }
    return render(request, "reading/test.html", context, status=status)


def _arrival_context(invitation: Invitation) -> dict[str, object]:
    started = getattr(invitation, "session", None)
    refusal = ""
    try:
        rules.check_can_read(invitation)
    except Refused as error:
        refusal = str(error)
    protocol = invitation.reader.study.rules
    return {
        "invitation": invitation,
        "reader": invitation.reader,
        "study": invitation.reader.study,
        "session": started,
        "progress": selectors.progress_of(started) if started else None,
        "n_test": protocol.n_of(Phase.TEST),
        "n_warm_up": protocol.n_of(Phase.WARM_UP),
        "refusal": refusal,
    }


def _session(request: HttpRequest, public_id: str) -> ReadingSession:
    row = selectors.session_of_browser(public_id, _owned(request))
    if row is None:
        raise Http404
    return row


def _shown_trial(request: HttpRequest, token: str) -> Trial:
    row = selectors.trial_of_browser(token, _owned(request))
    if row is None or not selectors.is_shown(row):
        raise Http404
    return row


def _bytes(content: bytes, content_type: str) -> HttpResponse:
    """An answer that nothing on the way shortens: its length must not depend on what it shows."""
    headers = {"Content-Length": str(len(content)), "Content-Encoding": "identity"}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _is_current(row: Trial) -> bool:
    current = selectors.current_trial(row.session)
    return current is not None and current.pk == row.pk


def _owned(request: HttpRequest) -> list[str]:
    return list(request.session.get(OWNED, []))


def _remember(request: HttpRequest, started: ReadingSession) -> None:
    others = [public_id for public_id in _owned(request) if public_id != started.public_id]
    request.session.cycle_key()  # a cookie planted in this browser before does not come along
    request.session[OWNED] = [*others, started.public_id][-MAX_OWNED:]


def _whole_number(text: str, *, largest: int) -> int | None:
    """Read a number from a form; anything else counts as not given."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= largest else None
