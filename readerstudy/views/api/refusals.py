"""Every refusal of the JSON interface is one sentence: {"error": "..."}."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from generation.core.errors import InputError
from generation.views.api.stopping import Over
from readerstudy.core.errors import Refused
from readerstudy.views.api.door import TooMany

NOBODY: Final = "Send a token that is valid, as in “Authorization: Bearer rst_…”; tokens are made on the page of your account."
NOT_THERE: Final = "There is nothing at this address for this account."
_PLACES: Final = frozenset({"body", "query", "path", "header", "form"})


def install(api: NinjaAPI) -> None:
    """Say how each kind of refusal is answered."""

    def answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
        return api.create_response(request, {"error": sentence}, status=status)

    @api.exception_handler(AuthenticationError)
    def no_token(request: HttpRequest, error: Exception) -> HttpResponse:
        response = answer(request, 401, NOBODY)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(TooMany)
    def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
        response = answer(request, 429, str(error))
        response["Retry-After"] = str(error.wait_seconds)
        return response

    @api.exception_handler(Http404)
    def not_there(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(request, 404, NOT_THERE)

    @api.exception_handler(PermissionDenied)
    def denied(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(request, 403, str(error) or "This account may not do that.")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(request, 422, sentence_of(error.errors))

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        sentence = "The body is no JSON that can be read." if error.status_code == 400 else error.message
        return answer(request, error.status_code, sentence)

    @api.exception_handler(SuspiciousOperation)
    def suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(request, 413, "The request is too large or cannot be read; send less.")

    @api.exception_handler(InputError)
    def bad_input(request: HttpRequest, error: InputError) -> HttpResponse:
        return answer(request, 409 if isinstance(error, Refused | Over) else 422, str(error))


def sentence_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """Say the first thing that is wrong with a request, and how many others there are."""
    first, n_more = errors[0], len(errors) - 1
    place = ".".join(str(part) for part in _inside(first.get("loc", ())))
    said = str(first.get("msg", "cannot be used")).rstrip(".")
    more = f" ({n_more} more)" if n_more else ""
    return f"{place or 'The body'}: {said[:300]}{more}."


def _inside(place: Sequence[Any]) -> Sequence[Any]:
    """Leave out where ninja keeps a value: ("body", "body", "seed") is the field seed."""
    start = 0
    while start < len(place) - 1 and place[start] in _PLACES | {"asked"}:
        start += 1
    return place[start:]
