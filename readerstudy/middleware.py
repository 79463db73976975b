"""Work between server and view, left out where the reading room has no use for it: its readers have no account and get no messages."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponseBase

_READING_ROOM = "/read/"


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page asks for a sign-in unless it says otherwise; who somebody is, is looked up only then."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class DeskMessageMiddleware(MessageMiddleware):
    """Messages of the desk."""

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith(_READING_ROOM):
            super().process_request(request)
