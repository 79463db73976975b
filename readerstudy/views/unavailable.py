"""What no view could answer because the database does not answer or the disk is full: 503, one sentence, and when to ask again.

Nothing was stored then. A browser keeps what it sent and sends it again; with its key it is stored once. The answer says
nothing about what was asked for: it depends on the fault alone.
"""

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views import defaults

from generation.core import durable
from readerstudy.core.wording import translatable
from readerstudy.views import language

_READING_ROOM: Final = "/read/"
_API: Final = "/api/"
_DISK_FULL: Final = "53100"  # PostgreSQL, appendix A: disk_full
# Primary result codes that tell of the machine and not of a statement (sqlite.org/rescode.html).
_OF_MACHINE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing can be stored.

    Attributes
    ----------
    to_reader, to_desk : one sentence each
    wait_seconds : after which it is worth asking again
    """

    to_reader: str
    to_desk: str
    wait_seconds: int


AWAY: Final = Trouble(
    translatable("The server's database does not answer just now; wait a moment, then load this page again."),
    "The database does not answer just now; wait a moment, then try again.",
    wait_seconds=5,
)
FULL: Final = Trouble(
    translatable(
        "The server's disk is full and nothing can be stored; tell the person who invited you, then load this page again."
    ),
    "The disk is full and nothing can be stored; make room where the data folder and the database lie, then try again.",
    wait_seconds=30,
)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """An error that no view caught: 503 where the machine is at fault, otherwise the page of an error of ours."""
    trouble = trouble_of(sys.exc_info()[1])
    if trouble is None:
        return defaults.server_error(request)
    response = _told(request, trouble)
    response["Retry-After"] = str(trouble.wait_seconds)
    response["Cache-Control"] = "no-store"
    return response


def trouble_of(error: BaseException | None) -> Trouble | None:
    """What is wrong with the machine, by an error or those that led to it; None where the fault is the program's."""
    for one in _with_reasons(error):
        if durable.is_no_room(one):
            return FULL
        if isinstance(one, OperationalError | InterfaceError):
            return _of_database(one.__cause__)
    return None


def _of_database(cause: BaseException | None) -> Trouble | None:
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return FULL
        return AWAY if code in _OF_MACHINE else None
    return FULL if getattr(cause, "sqlstate", None) == _DISK_FULL else AWAY


def _with_reasons(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _told(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    if request.path_info.startswith(_API):
        return JsonResponse({"error": trouble.to_desk}, status=503)
    if not request.path_info.startswith(_READING_ROOM):
        return render(request, "503.html", {"sentence": trouble.to_desk}, status=503)
    with language.of_browser(request):
        sentence = translation.gettext(trouble.to_reader)
        if _is_of_script(request):
            return JsonResponse({"kind": "away", "sentence": sentence}, status=503)
        return render(request, "reading/unavailable.html", {"sentence": sentence}, status=503)


def _is_of_script(request: HttpRequest) -> bool:
    return "application/json" in (request.content_type, request.headers.get("Accept"))
