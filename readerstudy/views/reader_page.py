"""What every page of the reading room has in common: no sign-in, no cache, and a cookie that says which sessions are the browser's.

The cookie is signed and lists the public ids of the sessions that this browser started or resumed. Nothing about it is
stored on the server, so that a request between two panels costs no look-up for it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils import timezone

from readerstudy.core.errors import Closed
from readerstudy.models import ReadingSession
from readerstudy.selectors import reading as selectors
from readerstudy.views import language

COOKIE: Final = "reading"
MAX_OWNED: Final = 20
_SALT: Final = "readerstudy.reading"
_SEPARATOR: Final = "."

View = Callable[..., HttpResponse]


def reader_page(view: View) -> View:
    """A page without sign-in that no cache keeps, in the reader's language; whatever is not there answers alike."""

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        with language.of_browser(request):
            try:
                response = view(request, *args, **kwargs)
            except Http404:
                # In the browser's language again: that of a study would tell that there is something.
                with language.of_browser(request):
                    response = render(request, "reading/not_here.html", status=404)
            except Closed as refusal:  # of the browser's own session
                context = {"sentence": language.sentence_of(refusal)}
                response = render(request, "reading/not_here.html", context, status=404)
        response["Cache-Control"] = "no-store"
        return response

    return login_not_required(page)


def owned(request: HttpRequest) -> list[str]:
    """Public ids of the sessions that this browser started or resumed, oldest first."""
    value = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=settings.SESSION_COOKIE_AGE)
    return value.split(_SEPARATOR) if value else []


def remember(request: HttpRequest, response: HttpResponse, session: ReadingSession) -> None:
    """Make a session the browser's; of very many it keeps the latest."""
    others = [public_id for public_id in owned(request) if public_id != session.public_id]
    response.set_signed_cookie(
        COOKIE,
        _SEPARATOR.join([*others, session.public_id][-MAX_OWNED:]),
        salt=_SALT,
        max_age=settings.SESSION_COOKIE_AGE,
        path=f"{get_script_prefix()}read/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def session_or_404(request: HttpRequest, public_id: str) -> ReadingSession:
    """A session of this browser, while reading is allowed or when it is finished; its study's language is spoken."""
    row = selectors.session_of_browser(public_id, owned(request), now=timezone.now())
    if row is None:
        raise Http404
    language.follow(row.study)
    return row


def exact_bytes(content: bytes, content_type: str) -> HttpResponse:
    """An answer that nothing on the way shortens: its length must not depend on what it shows."""
    headers = {"Content-Length": str(len(content)), "Content-Encoding": "identity"}
    return HttpResponse(content, content_type=content_type, headers=headers)
