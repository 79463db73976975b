"""Work between server and view, left out where the reading room has no use for it: its readers have no account and get no messages."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions import middleware as sessions
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from generation.core.storable import is_storable
from readerstudy import access_table
from readerstudy.selectors import access
from readerstudy.views import operation

_READING_ROOM = "/read/"
_PROBES: Final = {"/health/live": operation.live, "/health/ready": operation.ready}


class ProbeMiddleware:
    """Answers whoever looks after the machine, who comes by its number and without HTTPS, before either would be refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = _PROBES.get(request.path_info, self.get_response)
        return answer(request)


class PrivateMiddleware:
    """No page is kept by a cache, nor by the browser of a shared computer, unless its view says otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SessionMiddleware(sessions.SessionMiddleware):
    """Looks for no session under a key that no database can hold: whoever sends one is not signed in."""

    def process_request(self, request: HttpRequest) -> None:
        if not is_storable(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks the table of routes who may open a page; who somebody is, is looked up only where it matters.

    An address without a row in the table is closed to everybody. One that a view opens without a sign-in still needs
    its row, and one that the table opens still asks for a sign-in unless its view says otherwise.
    """

    def get_login_url(self, view_func: Any) -> str:
        """One sign-in for all pages, those of the support staff too."""
        return str(settings.LOGIN_URL)

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        found = request.resolver_match
        rule = access_table.rule_of(found.namespace, found.view_name) if found else None
        if found is None or rule is None:
            raise Http404("this route has no rule")
        if not getattr(view_func, "login_required", True):
            return None
        if refused := super().process_view(request, view_func, view_args, view_kwargs):
            return refused
        if not rule.is_own_account and access.lacks_second_factor(request.user):
            messages.info(request, "Set up a second factor first: this instance asks for one at the desk.")
            return redirect("account")
        access_table.check_can_open(rule, request, found.kwargs)
        return None


class DeskMessageMiddleware(MessageMiddleware):
    """Messages of the desk."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith(_READING_ROOM):
            super().process_request(request)
