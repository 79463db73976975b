"""What the script of the reading room asks the server: a seat, the window of panels, and where answers go.

Bodies and replies are JSON. A refusal is an object with its kind and, where a person may read it, a sentence. Replies
say of a test panel its token and its position, and nothing else.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from generation.core.storable import is_storable
from readerstudy.core import judgement
from readerstudy.core.errors import Closed, Conflict, Gone, Moved, OutOfTurn, Refused
from readerstudy.selectors import room
from readerstudy.services import responses, sessions, windows
from readerstudy.services.responses import Progress
from readerstudy.services.windows import Item
from readerstudy.views import language
from readerstudy.views.reader_page import owned

MAX_KEY_LENGTH: Final = 64
MAX_BODY_BYTES: Final = 16_384

Reply = dict[str, Any]
View = Callable[[HttpRequest, str], Reply]


def reading_api(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """A service for the browser that owns the session; what is refused becomes a reply with its kind."""

    @wraps(view)
    def call(request: HttpRequest, public_id: str) -> HttpResponse:
        try:
            if public_id not in owned(request):
                raise Gone("Open your personal link to go on reading.")
            return _json(view(request, public_id))
        except Refused as refusal:
            status, reply = _refusal(refusal)
            return _json(reply | {"sentence": _told(request, public_id, refusal)}, status=status)

    return login_not_required(call)


@require_POST
@reading_api
def seat(request: HttpRequest, public_id: str) -> Reply:
    """Read on in this window."""
    return {"seat": sessions.take_seat(public_id=public_id, now=timezone.now())}


@require_GET
@reading_api
def trials(request: HttpRequest, public_id: str) -> Reply:
    """The current panel and those ahead of it."""
    window = windows.ask(public_id=public_id, seat=request.GET.get("seat", ""), now=timezone.now())
    return {
        "state": window.state,
        "n_trials": window.n_trials,
        "n_done": window.n_done,
        "trials": _items(window.trials),
    }


@require_POST
@reading_api
def answers(request: HttpRequest, public_id: str) -> Reply:
    """Store an answer."""
    body = _body(request)
    progress = responses.give(
        public_id=public_id,
        **_addressed(body),
        key=_text(body, "key"),
        judgement=judgement.from_json(body),
        now=timezone.now(),
    )
    return _progress(progress)


@require_POST
@reading_api
def seen(request: HttpRequest, public_id: str) -> Reply:
    """Go on from a warm-up panel whose origin was told."""
    return _progress(responses.see(public_id=public_id, **_addressed(_body(request)), now=timezone.now()))


@require_POST
@reading_api
def undo(request: HttpRequest, public_id: str) -> Reply:
    """Take back the last answer."""
    body = _body(request)
    window = responses.take_back(
        public_id=public_id,
        **_addressed(body),
        key=_text(body, "key"),
        waited_ms=judgement.from_json(body).waited_ms,
        now=timezone.now(),
    )
    return {"n_done": window.n_done, "state": window.state, "trials": _items(window.trials)}


def _progress(progress: Progress) -> Reply:
    reply: Reply = {"n_done": progress.n_done, "state": progress.state, "next": _items(progress.next)}
    if progress.origin is not None:
        reply["origin"] = _origin(progress.origin)
    return reply


def _items(items: Sequence[Item]) -> list[Reply]:
    return [_item(item) for item in items]


def _item(item: Item) -> Reply:
    reply: Reply = {"token": item.token, "position": item.position}
    if item.origin is not None:
        reply["origin"] = _origin(item.origin)
    if item.answer:
        reply["answer"] = item.answer
    return reply


def _origin(origin: windows.Origin) -> Reply:
    return {"is_real": origin.is_real, "title": origin.title}


def _refusal(refusal: Refused) -> tuple[int, Reply]:
    match refusal:
        case Conflict():
            return 409, {"kind": "kept", "answer": refusal.answer}
        case OutOfTurn():
            return 409, {"kind": "order", "token": refusal.token}
        case Moved():
            return 409, {"kind": "moved"}
        case Closed():
            return 403, {"kind": "closed"}
        case Gone():
            return 404, {"kind": "gone"}
    return 400, {"kind": "bad"}


def _told(request: HttpRequest, public_id: str, refusal: Refused) -> str:
    """The sentence of a refusal in the language of its page; only here does a reply have words."""
    with language.of_browser(request):
        if public_id in owned(request):
            with contextlib.suppress(Gone):
                language.follow_protocol(room.session_now(public_id).protocol)
        return language.sentence_of(refusal)


def _body(request: HttpRequest) -> Reply:
    """The JSON object that was sent."""
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY_BYTES:
        raise Refused("The request is longer than {n} bytes; load the page again.", n=MAX_BODY_BYTES)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused("The request is no JSON object; load the page again.")
    return body


def _addressed(body: Reply) -> dict[str, str]:
    """Which trial is meant, and from which window."""
    return {"seat": _text(body, "seat"), "token": _text(body, "token")}


def _text(body: Reply, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_KEY_LENGTH or not is_storable(value):
        raise Refused("The request has no usable {name}; load the page again.", name=name)
    return value


def _json(reply: Reply, *, status: int = 200) -> HttpResponse:
    return HttpResponse(
        json.dumps(reply, separators=(",", ":")),
        content_type="application/json",
        status=status,
        headers={"Cache-Control": "no-store"},
    )
