"""Which step before reading a browser comes to next, and whether this browser's display was checked.

A display belongs to a computer, and the nearest thing to a computer that a server knows is a browser: a signed cookie
of the reading room names the sessions whose display check was done in it.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse

from readerstudy.core.arrival_steps import ArrivalStep
from readerstudy.models import ReadingSession
from readerstudy.selectors import arrival as selectors
from readerstudy.selectors.links import link_token

COOKIE = "reading_display"
MAX_SESSIONS = 20
_SALT = "readerstudy.display"
_SEPARATOR = "."


def next_step(request: HttpRequest, session: ReadingSession) -> ArrivalStep | None:
    """The step that this browser comes to; None when reading may go on."""
    return selectors.next_step(session, is_display_checked=session.public_id in _checked(request))


def address(session: ReadingSession, step: ArrivalStep | None) -> str:
    """Where a step is done; without one, where reading goes on."""
    if step is ArrivalStep.CONSENT:
        return reverse("reading:consent", args=[link_token(session.invitation)])
    return reverse(f"reading:{step or 'session'}", args=[session.public_id])


def next_address(request: HttpRequest, session: ReadingSession) -> str | None:
    """Where this browser goes before it reads; None when reading may go on."""
    step = next_step(request, session)
    return None if step is None else address(session, step)


def remember_display(request: HttpRequest, response: HttpResponse, session: ReadingSession) -> None:
    """Note in the browser that its display was checked for this session."""
    others = [public_id for public_id in _checked(request) if public_id != session.public_id]
    response.set_signed_cookie(
        COOKIE,
        _SEPARATOR.join([*others, session.public_id][-MAX_SESSIONS:]),
        salt=_SALT,
        max_age=settings.SESSION_COOKIE_AGE,
        path=f"{get_script_prefix()}read/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _checked(request: HttpRequest) -> list[str]:
    value = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=settings.SESSION_COOKIE_AGE)
    return value.split(_SEPARATOR) if value else []
