"""WSGI entry point: `gunicorn readerstudy.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")

application = get_wsgi_application()

# Probes are answered before any address is looked up: load every page now, not while the first reader waits.
get_resolver().url_patterns  # noqa: B018
