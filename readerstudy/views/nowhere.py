"""What no view answers: an address that leads nowhere, and a form that cannot be trusted. Readers learn it in their language."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import csrf, defaults

from readerstudy.views import language

_READING_ROOM = "/read/"


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """There is no such page."""
    if not _is_of_reader(request):
        return defaults.page_not_found(request, exception)
    return _told(request, "reading/not_here.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """The form had expired, or cookies are off."""
    if not _is_of_reader(request):
        return csrf.csrf_failure(request, reason=reason)
    return _told(request, "reading/expired.html", status=403)


def _is_of_reader(request: HttpRequest) -> bool:
    return request.path_info.startswith(_READING_ROOM)


def _told(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    with language.of_browser(request):
        response = render(request, template, status=status)
    response["Cache-Control"] = "no-store"
    return response
