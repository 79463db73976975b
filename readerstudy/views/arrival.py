"""From the personal link to the first panel: welcome, consent, expertise, display check, instructions.

Opening a link changes nothing, however often and by whatever machine it is done; only pressing Start begins. Where
consent is asked for, nothing about the reader is stored before it is given.
"""

import secrets
from collections.abc import Mapping

import numpy as np
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.core import display_check, markdown, panel_data, practice
from readerstudy.core import expertise as answers
from readerstudy.core import panel as panels
from readerstudy.core.arrival import Arrival
from readerstudy.core.arrival_steps import ArrivalStep, asked
from readerstudy.core.display_check import Pattern
from readerstudy.core.errors import Refused
from readerstudy.core.session_state import Phase, SessionState
from readerstudy.models import Invitation, ReadingSession
from readerstudy.selectors import arrival as selectors
from readerstudy.selectors import letters, links, rules
from readerstudy.selectors import reading as reading_selectors
from readerstudy.services import arrival as services
from readerstudy.services import sessions
from readerstudy.views import arrival_gate, language, viewer_page
from readerstudy.views.reader_page import exact_bytes, reader_page, remember, session_or_404

SEED_BITS = 62
PATTERN_AGE = 12 * 60 * 60  # seconds for which an open page of the display check can be sent
N_CONTROLS = 7  # to try, see templates/reading/practice.html
_PATTERN_SALT = "readerstudy.display.pattern"


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: HttpRequest, link: str) -> HttpResponse:
    """Greet the owner of a personal link; only pressing Start begins anything, so that a mail scanner does no harm."""
    invitation = _invitation(link)
    if request.method != "POST":
        return render(request, "reading/arrival.html", _arrival_context(invitation))
    if _refusal(invitation):
        return redirect("reading:arrival", link)
    if _is_consent_open(invitation):
        return redirect("reading:consent", link)
    return _seated(request, sessions.start(invitation=invitation, seed=_seed(), now=timezone.now()))


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, link: str) -> HttpResponse:
    """Ask for consent; the session starts when it is given."""
    invitation = _invitation(link)
    if _refusal(invitation) or not _is_consent_open(invitation):
        return redirect("reading:arrival", link)
    if request.method == "POST":
        return _seated(request, services.agree(invitation=invitation, seed=_seed(), now=timezone.now()))
    study = invitation.reader.study
    context = {
        "study": study,
        "reader": invitation.reader,
        "link": link,
        "text": markdown.to_html(study.rules.arrival.consent),
        **_place(study.rules.arrival, ArrivalStep.CONSENT),
    }
    return render(request, "reading/consent.html", context)


@reader_page
@require_safe
def declined(request: HttpRequest, link: str) -> HttpResponse:
    """Take leave of somebody who does not agree; nothing is stored, and the link still works."""
    invitation = _invitation(link)
    return render(request, "reading/declined.html", {"study": invitation.reader.study, "link": link})


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def expertise(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask about the reader's expertise, once."""
    row = session_or_404(request, public_id)
    step = arrival_gate.next_step(request, row)
    if step is not ArrivalStep.EXPERTISE:
        return redirect("reading:session", public_id)
    questions = row.study.rules.arrival.questions
    form = answers.read(questions, request.POST.dict()) if request.method == "POST" else None
    if form and not form.faults:
        services.answer_questions(session=row, answers=form.values, now=timezone.now())
        return redirect("reading:session", public_id)
    names = [answers.field_name(number) for number in range(1, len(questions) + 1)]
    fields = [
        {
            "name": name,
            "question": question,
            "label": language.built_in(question.label),
            "choices": [(choice, language.built_in(choice)) for choice in question.choices],
            "value": request.POST.get(name, ""),
            "fault": form.faults.get(name, "") if form else "",
        }
        for name, question in zip(names, questions, strict=True)
    ]
    context = {
        "fields": fields,
        "limits": answers.LIMITS,
        "faults": form.faults if form else {},
        **_page(row, ArrivalStep.EXPERTISE),
    }
    return render(request, "reading/expertise.html", context, status=400 if form else 200)


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def display(request: HttpRequest, public_id: str) -> HttpResponse:
    """Check the display; it may be checked again at any time, and nobody is kept from reading by the result."""
    row = session_or_404(request, public_id)
    if not _may_check_display(request, row):
        return redirect("reading:session", public_id)
    pattern = _signed_pattern(request.POST.get("pattern", ""), public_id)
    if request.method != "POST" or pattern is None:
        pattern = display_check.draw_pattern(np.random.default_rng())
        is_stale = request.method == "POST"
        return _show_display(request, row, pattern, is_stale=is_stale, status=400 if is_stale else 200)
    form = display_check.read(request.POST.dict(), pattern)
    if form.check is None:
        return _show_display(request, row, pattern, faults=form.faults, status=400)
    services.store_display_check(session=row, check=form.check, now=timezone.now())
    response = redirect("reading:session" if form.check.is_passed else "reading:display_result", public_id)
    arrival_gate.remember_display(request, response, row)
    return response


@reader_page
@require_safe
def display_result(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what stands against a display and what would help."""
    row = session_or_404(request, public_id)
    checks = selectors.checks_of(row)
    if not checks or checks[0].is_passed or not _may_check_display(request, row):
        return redirect("reading:session", public_id)
    return render(
        request, "reading/display_result.html", {"check": checks[0], **_page(row, ArrivalStep.DISPLAY)}
    )


@reader_page
@require_safe
def instructions(request: HttpRequest, public_id: str) -> HttpResponse:
    """Explain the task, and let the controls be tried on a panel that is neither real nor generated."""
    row = session_or_404(request, public_id)
    if arrival_gate.next_step(request, row) is not ArrivalStep.INSTRUCTIONS:
        return redirect("reading:session", public_id)
    protocol = row.study.rules
    context = {
        "protocol": protocol,
        "progress": reading_selectors.progress_of(row),
        "text": markdown.to_html(protocol.arrival.instructions),
        "viewer": viewer_page.of_layout(protocol.layout),  # the practice panel has the paper's frames
        "frame_set": row.study.frames,
        "n_controls": N_CONTROLS,
        "levels": range(1, protocol.confidence_levels + 1),
        "real_key": protocol.real_key,
        "synthetic_key": protocol.synthetic_key,
        "question": language.question_of(row.study),
        **_page(row, ArrivalStep.INSTRUCTIONS),
    }
    return render(request, "reading/instructions.html", context)


@reader_page
@require_POST
def begin(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave the instructions; whoever comes here before the other steps is led to them."""
    row = session_or_404(request, public_id)
    if arrival_gate.next_step(request, row) is ArrivalStep.INSTRUCTIONS:
        services.leave_instructions(session=row, now=timezone.now())
    return redirect("reading:session", public_id)


@reader_page
@require_safe
def practice_data(request: HttpRequest) -> HttpResponse:
    """The practice panel as numbers, in the form and under the headers of every panel."""
    return exact_bytes(panel_data.encode(practice.patch()), "application/octet-stream")


@reader_page
@require_safe
def practice_picture(request: HttpRequest, public_id: str, shape: str) -> HttpResponse:
    """The practice panel as a picture, for browsers without JavaScript."""
    protocol = session_or_404(request, public_id).study.rules
    layout = panels.layout(protocol.layout, shape)
    content = panels.render(practice.patch(), layout, interpolation=protocol.interpolation)
    return exact_bytes(content, "image/png")


def _invitation(link: str) -> Invitation:
    invitation = links.invitation_behind(link)
    if invitation is None:
        raise Http404
    language.follow(invitation.reader.study)
    return invitation


def _refusal(invitation: Invitation) -> str:
    """Why this reader cannot read now; "" if nothing speaks against it."""
    try:
        rules.check_can_enter(invitation, now=timezone.now())
    except Refused as error:
        return language.sentence_of(error)
    return ""


def _is_consent_open(invitation: Invitation) -> bool:
    session = getattr(invitation, "session", None)
    is_given = session is not None and session.consented_at is not None
    return ArrivalStep.CONSENT in asked(invitation.reader.study.rules.arrival) and not is_given


def _seed() -> int:
    return secrets.randbits(SEED_BITS)


def _seated(request: HttpRequest, session: ReadingSession) -> HttpResponse:
    """Make a session the browser's and go to where its reader is."""
    response = redirect("reading:session", session.public_id)
    remember(request, response, session)
    return response


def _arrival_context(invitation: Invitation) -> dict[str, object]:
    started = getattr(invitation, "session", None)
    study = invitation.reader.study
    steps = asked(study.rules.arrival)
    return {
        "invitation": invitation,
        "reader": invitation.reader,
        "group": language.built_in(invitation.reader.group),
        "study": study,
        "session": started,
        "progress": reading_selectors.progress_of(started) if started else None,
        "n_test": study.rules.n_trials(Phase.TEST),
        "n_warm_up": study.rules.n_trials(Phase.WARM_UP),
        "warm_up_mode": study.rules.conduct.warm_up_mode,
        "asks_consent": ArrivalStep.CONSENT in steps,
        "n_questions": len(study.rules.arrival.questions),
        "checks_display": ArrivalStep.DISPLAY in steps,
        "refusal": _refusal(invitation),
        "link": links.link_token(invitation),
        "ends": letters.told(study.ends_at) if study.ends_at else "",
    }


def _place(steps_of: Arrival, step: ArrivalStep) -> dict[str, object]:
    """Which step of how many a page is."""
    steps = asked(steps_of)
    return {"step_number": steps.index(step) + 1 if step in steps else 0, "n_steps": len(steps)}


def _page(row: ReadingSession, step: ArrivalStep) -> dict[str, object]:
    place = _place(row.study.rules.arrival, step) if row.state == SessionState.ARRIVED else {}
    return {"session": row, "study": row.study, **place}


def _may_check_display(request: HttpRequest, row: ReadingSession) -> bool:
    """The display is checked where the study asks for it, after what comes before it, until reading is over."""
    if row.state == SessionState.FINISHED or ArrivalStep.DISPLAY not in asked(row.study.rules.arrival):
        return False
    return arrival_gate.next_step(request, row) not in {ArrivalStep.CONSENT, ArrivalStep.EXPERTISE}


def _show_display(
    request: HttpRequest,
    row: ReadingSession,
    pattern: Pattern,
    *,
    faults: Mapping[str, display_check.Fault] | None = None,
    is_stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    signed = [row.public_id, pattern.dark_place, pattern.bright_place, pattern.n_steps]
    kept = {} if is_stale else {name: request.POST.get(name, "") for name in display_check.QUESTIONS}
    context = {
        "pattern": pattern,
        "signed_pattern": signing.dumps(signed, salt=_PATTERN_SALT),
        "places": [str(place) for place in display_check.PLACES],
        "counts": [str(count) for count in display_check.COUNTS],
        "measures": display_check.MEASURES,
        "kept": kept,
        "faults": faults or {},
        "is_stale": is_stale,
        "ramp": f"display/ramp-{pattern.n_steps}.svg",
        **_page(row, ArrivalStep.DISPLAY),
    }
    return render(request, "reading/display.html", context, status=status)


def _signed_pattern(text: str, public_id: str) -> Pattern | None:
    """The pattern that a form was shown with; None if it is forged, of another session, or too old."""
    try:
        owner, *numbers = signing.loads(text, salt=_PATTERN_SALT, max_age=PATTERN_AGE)
    except signing.BadSignature:
        return None
    return Pattern(*numbers) if owner == public_id else None
