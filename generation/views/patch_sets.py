"""The list of patch sets."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from generation.selectors import patch_sets as selectors
from generation.views import lists


@require_GET
def patch_sets(request: HttpRequest) -> HttpResponse:
    """List patch sets in any state, with what they came from."""
    listed = lists.PATCH_SETS.read(request.GET, selectors.everything())
    is_active = any(row.is_active for row in listed.page)
    return render(request, "generation/patch_sets.html", {"list": listed, "is_active": is_active})
