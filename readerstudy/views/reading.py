"""The reading room: arrival, instructions, warm-up, test, pause, end.

Every answer to a reader carries `Cache-Control: no-store`, and a page that is not there looks the same whether its
token never existed, belongs to somebody else, or is not up yet.
"""

import contextlib
import secrets
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation.core.storable import is_storable
from readerstudy.core import judgement, refresher
from readerstudy.core import panel as panels
from readerstudy.core import panel_data as panel_bytes
from readerstudy.core.conduct import ANSWER_THEN_REVEAL
from readerstudy.core.errors import Conflict, Refused
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase, Role, SessionState
from readerstudy.models import ReadingSession, Study, Trial
from readerstudy.selectors import pixels, room
from readerstudy.selectors import reading as selectors
from readerstudy.selectors.links import link_token
from readerstudy.services import refreshers, responses, sessions
from readerstudy.services.responses import Progress
from readerstudy.views import arrival_gate, language, viewer_page
from readerstudy.views.reader_page import exact_bytes, owned, reader_page, session_or_404

MAX_KEY_LENGTH: Final = 64


@reader_page
@require_safe
def session(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go to where the reader is: a step of arrival, the current trial, the step between the phases, or the end."""
    row = _resumed(session_or_404(request, public_id))
    if before := arrival_gate.next_address(request, row):
        return redirect(before)
    context = {
        "session": row,
        "study": row.study,
        "protocol": row.study.rules,
        "progress": selectors.progress_of(row),
        "link": link_token(row.invitation),
    }
    if row.state == SessionState.FINISHED:
        return render(request, "reading/finished.html", context)
    current = selectors.current_trial(row)
    if current is None:
        raise Http404
    if row.state == SessionState.TEST and current.position == 1 and current.served_at is None:
        return render(request, "reading/before_test.html", {**context, "trial": current})
    return redirect("reading:trial", current.token)


@reader_page
@require_safe
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that everything is saved and how to come back."""
    row = session_or_404(request, public_id)
    context = {
        "session": row,
        "study": row.study,
        "progress": selectors.progress_of(row),
        "link": link_token(row.invitation),
    }
    return render(request, "reading/pause.html", context)


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, token: str) -> HttpResponse:
    """Show the current trial, and take its answer."""
    row = selectors.trial_of_browser(token, owned(request), now=timezone.now())
    if row is None or (row.served_at is None and not _is_current(row)):
        raise Http404
    language.follow(row.session.study)
    if request.method == "POST":
        return _answered(request, row)
    if row.done_at is not None or not _is_current(row) or refreshers.is_due(row.session, now=timezone.now()):
        return redirect("reading:session", row.session.public_id)
    sessions.serve(trial=row, now=timezone.now())
    return _show(request, row)


@reader_page
@require_safe
def panel(request: HttpRequest, token: str, shape: str) -> HttpResponse:
    """The picture of the current trial, for browsers without JavaScript: one length for every case."""
    row = _shown_trial(request, token)
    study, protocol = row.session.study, row.session.study.rules
    content = panels.render(
        pixels.of_case(row.case, study),
        panels.layout(protocol.layout, shape, study.frames),
        interpolation=protocol.interpolation,
        own_subtraction=protocol.own_subtraction,
    )
    return exact_bytes(content, "image/png")


@reader_page
@require_safe
def panel_data(request: HttpRequest, token: str) -> HttpResponse:
    """The frames of a panel of the window as numbers, for the viewer: one length for every case."""
    found = room.panel_now(token, owned(request), now=timezone.now())
    if found is None:
        raise Http404
    content = panel_bytes.encode(
        found.patch, own_subtraction=found.protocol.own_subtraction, frame_set=found.frame_set
    )
    return exact_bytes(content, "application/octet-stream")


@reader_page
@require_safe
def take_a_break(request: HttpRequest, public_id: str) -> HttpResponse:
    """Offer a break, to readers without JavaScript."""
    row = session_or_404(request, public_id)
    context = {"session": row, "study": row.study, "progress": selectors.progress_of(row)}
    return render(request, "reading/break.html", context)


@reader_page
@require_POST
def take_back(request: HttpRequest, token: str) -> HttpResponse:
    """Take back the last answer, for readers without JavaScript."""
    row = selectors.trial_of_browser(token, owned(request), now=timezone.now())
    if row is None:
        raise Http404
    with contextlib.suppress(Refused):  # then the session goes on where it is
        responses.take_back(
            public_id=row.session.public_id,
            token=token,
            key=_key(request),
            now=timezone.now(),
        )
    return redirect("reading:session", row.session.public_id)


def _answered(request: HttpRequest, row: Trial) -> HttpResponse:
    """Store what a form sent, then go to the next trial."""
    try:
        progress = _store(request, row)
    except Conflict as error:
        context = {
            "session": row.session,
            "study": row.session.study,
            "error": language.sentence_of(error),
        }
        return render(request, "reading/conflict.html", context, status=409)
    except Refused as error:
        if selectors.is_shown(row):
            return _show(request, row, error=language.sentence_of(error), status=400)
        return redirect("reading:session", row.session.public_id)
    if progress.origin is not None:
        return redirect("reading:trial", row.token)
    current = selectors.current_trial(selectors.fresh(row.session))
    if current is None or current.phase != row.phase or progress.state != row.session.state:
        return redirect("reading:session", row.session.public_id)
    if row.phase == Phase.TEST and _is_time_for_a_break(row, progress):
        return redirect("reading:break", row.session.public_id)
    return redirect("reading:trial", current.token)


def _store(request: HttpRequest, row: Trial) -> Progress:
    where = {"public_id": row.session.public_id, "token": row.token}
    if request.POST.get("seen"):
        return responses.see(**where, now=timezone.now())
    return responses.give(
        **where,
        judgement=judgement.from_form(request.POST),
        key=_key(request),
        now=timezone.now(),
    )


def _key(request: HttpRequest) -> str:
    """What tells one press of a button from another."""
    key = request.POST.get("key", "")[:MAX_KEY_LENGTH]
    if not is_storable(key):
        raise Refused("The request has no usable {name}; load the page again.", name="key")
    return key


def _is_time_for_a_break(row: Trial, progress: Progress) -> bool:
    every = row.session.study.rules.conduct.break_every
    return bool(every) and progress.n_done % every == 0


def _show(request: HttpRequest, row: Trial, *, error: str = "", status: int = 200) -> HttpResponse:
    """The page of a trial; the truth is in the context only of warm-up pages that tell it."""
    study, protocol = row.session.study, row.session.study.rules
    is_refresher = row.role == Role.REFRESHER
    position = refresher.place(row.position, protocol) if is_refresher else row.position
    context: dict[str, object] = {
        "study": study,
        "session": row.session,
        "trial": row,
        "position": position,
        "n_done": position - 1,
        "n_trials": refresher.n_panels(protocol) if is_refresher else protocol.n_trials(Phase(row.phase)),
        "is_refresher": is_refresher,
        "protocol": protocol,
        "conduct": protocol.conduct,
        "viewer": viewer_page.of_layout(protocol.layout, study.frames),
        "key": secrets.token_hex(16),
        "error": error,
    }
    is_revealing = _is_revealing(row)
    answer = selectors.answer_of(row) if is_revealing else ""
    is_asked = row.phase == Phase.TEST or (is_revealing and not answer)
    if is_asked or is_revealing:
        context |= _question(request, protocol, study)
    if not is_asked:
        is_real = row.case.source == "real"
        context |= {"is_real": is_real, "source": "" if is_real else source_title(row.case.source)}
    if row.phase == Phase.WARM_UP:
        context |= {"is_asked": is_asked, "is_revealing": is_revealing, "answer": answer}
        return render(request, "reading/warm_up.html", context, status=status)
    context["last_token"] = selectors.token_before(row) if protocol.conduct.undo else ""
    return render(request, "reading/test.html", context, status=status)


def _question(request: HttpRequest, protocol: Protocol, study: Study) -> dict[str, object]:
    """What the form of an answer needs."""
    return {
        "question": language.question_of(study),
        "levels": range(1, protocol.confidence_levels + 1),
        "real_key": protocol.real_key,
        "synthetic_key": protocol.synthetic_key,
        "chosen_level": request.POST.get("confidence", ""),
        "comment": request.POST.get("comment", ""),
    }


def _is_revealing(row: Trial) -> bool:
    """Whether a panel has to be answered before its origin is told."""
    if row.phase != Phase.WARM_UP or row.role == Role.REFRESHER:
        return False
    return row.session.study.rules.conduct.warm_up_mode == ANSWER_THEN_REVEAL


def _shown_trial(request: HttpRequest, token: str) -> Trial:
    row = selectors.trial_of_browser(token, owned(request), now=timezone.now())
    if row is None or not selectors.is_shown(row):
        raise Http404
    return row


def _resumed(row: ReadingSession) -> ReadingSession:
    """A session as it goes on after a pause: perhaps with a refresher."""
    now = timezone.now()
    if refreshers.is_due(row, now=now):
        row.state = refreshers.resume(public_id=row.public_id, now=now)
    return row


def _is_current(row: Trial) -> bool:
    current = selectors.current_trial(row.session)
    return current is not None and current.pk == row.pk
