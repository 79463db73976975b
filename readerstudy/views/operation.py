"""Addresses for programs that look after this instance: alive, ready, metrics."""

import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from readerstudy import health, observation

_NO_STORE = {"Cache-Control": "no-store"}


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; restart it if it does not."""
    return HttpResponse("alive\n", content_type="text/plain", headers=_NO_STORE)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Readers can be sent here: 200, or 503 with what is missing."""
    findings = health.examine()
    is_ready = health.is_ready(findings)
    told = {
        "status": "ready" if is_ready else "not ready",
        "checks": {name: finding.words or "well" for name, finding in findings.items()},
    }
    return JsonResponse(told, status=200 if is_ready else 503, headers=_NO_STORE)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts for Prometheus, for whoever has the token; without one there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    expected = settings.METRICS_TOKEN
    if not expected or not secrets.compare_digest(given.encode(), expected.encode()):
        raise Http404
    content, content_type = observation.exposition()
    return HttpResponse(content, content_type=content_type, headers=_NO_STORE)
