"""Pages over a bucket that does not answer: said at once, and worth another try."""

import logging
from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from generation import storage

logger = logging.getLogger(__name__)


class SharedFilesMiddleware:
    """Says that files are out of reach for now; not there at all where files lie in the data folder alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not storage.is_shared():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, storage.StorageError):
            return None
        logger.error("%s", exception)
        words = "Files are out of reach at this moment; try again in a minute."
        return HttpResponse(words, status=503, content_type="text/plain", headers={"Retry-After": "5"})
