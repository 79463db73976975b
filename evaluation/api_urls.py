"""Addresses of the JSON interface, below /api/v1/."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from evaluation.views.api import documents
from evaluation.views.api.interface import interface

app_name = "api"


def _answering_in_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Open a view to tokens, and say in JSON that an address does not know a method."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = ", ".join(sorted(response["Allow"].replace(",", " ").split()))
        sentence = f"This address does not know {request.method}; it takes {allowed}."
        return JsonResponse({"error": sentence}, status=405, headers={"Allow": allowed})

    # The door asks for a token instead of a sign-in, and no cookie opens anything here.
    return csrf_exempt(login_not_required(answered))


urlpatterns = [
    *(
        path(str(one.pattern), _answering_in_json(one.callback), name=one.name)
        for one in interface.urls[0]
        if isinstance(one, URLPattern) and one.name != "api-root"
    ),
    path("openapi.json", documents.openapi_json, name="openapi"),
    path("", documents.not_there, name="root"),
    path("<path:rest>", documents.not_there, name="nowhere"),
]
