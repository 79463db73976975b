"""What an operator watches: how many requests by route and how long they took, and what the database counts.

A route is counted by its name, never by its address: an address holds what opens a reader's session.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Final

from django.apps import apps
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from generation.models import Job
from readerstudy import health
from readerstudy.models import ReadingSession, Response, Study

MULTIPROCESS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported
_NOWHERE: Final = "none"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_REQUESTS = Counter(
    "readerstudy_http_requests", "Requests answered.", ["route", "method", "status"], registry=None
)
_DURATIONS = Histogram(
    "readerstudy_http_request_seconds",
    "Seconds from the first middleware to the answer.",
    ["route"],
    buckets=_SECONDS,
    registry=None,
)


class ObservationMiddleware:
    """Counts and times requests; not there at all where nobody watches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        route = (found.view_name or _NOWHERE) if found else _NOWHERE
        _DURATIONS.labels(route).observe(time.perf_counter() - begun)
        _REQUESTS.labels(route, request.method or "", str(response.status_code)).inc()
        return response


class InstanceCollector(Collector):
    """Counts of the database at this moment; the same whichever process is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family after another."""
        yield _family("studies", "Studies by status.", ["status"], _by(Study, "status"))
        yield _family("sessions", "Reading sessions by state.", ["state"], _by(ReadingSession, "state"))
        yield _family("responses", "Responses stored.", [], {(): Response.objects.count()})
        jobs = {
            (model._meta.model_name or "", *key): n
            for model in apps.get_models()
            if issubclass(model, Job)
            for key, n in _by(model, "status").items()
        }
        yield _family("jobs", "Jobs of workers by kind and status.", ["kind", "status"], jobs)
        yield _family(
            "disk_free_bytes",
            "Bytes free where the data folder lies.",
            [],
            {(): health.free_bytes(settings.READERSTUDY_DATA)},
        )


def exposition() -> tuple[bytes, str]:
    """Everything in the text format of Prometheus, over all processes of the web server, with its content type."""
    registry = CollectorRegistry()
    if folder := os.environ.get(MULTIPROCESS_FOLDER):
        multiprocess.MultiProcessCollector(registry, path=folder)
    else:
        registry.register(_REQUESTS)
        registry.register(_DURATIONS)
    registry.register(InstanceCollector())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _by(model: type, field: str) -> dict[tuple[str, ...], int]:
    rows = model._default_manager.order_by().values_list(field).annotate(n=Count("pk"))  # type: ignore[attr-defined]
    return {(str(value),): n for value, n in rows}


def _family(name: str, words: str, labels: list[str], found: dict[tuple[str, ...], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"readerstudy_{name}", words, labels=labels)
    for key, n in found.items():
        family.add_metric(list(key), n)
    return family
