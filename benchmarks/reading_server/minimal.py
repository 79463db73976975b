"""The smallest view that Django can serve: what a request costs before anything is done. A WSGI application, and its client."""

import http.client
import secrets
import sys
import threading

from django.conf import settings
from django.core import wsgi
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path

N_REQUESTS = 3000  # of each connection, unless told


def smallest_application() -> WSGIHandler:
    """Django with one view and no middleware."""
    settings.configure(
        SECRET_KEY=secrets.token_hex(16),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=(path("", lambda request: HttpResponse(b"ok")),),
        LOGGING_CONFIG=None,
    )
    return wsgi.get_wsgi_application()


def ask(address: str, n_requests: int) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)
    for _ in range(n_requests):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"ok"


def main(address: str, n_connections: int, n_requests: int = N_REQUESTS) -> None:
    threads = [threading.Thread(target=ask, args=[address, n_requests]) for _ in range(n_connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
else:
    application = smallest_application()
