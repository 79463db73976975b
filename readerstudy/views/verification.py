"""Whether a frozen study is still the one that was frozen."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import verification as selectors


@require_GET
def verify(request: HttpRequest, slug: str) -> HttpResponse:
    """Compute fingerprint and orders again and name what differs."""
    study = get_object_or_404(Study, slug=slug)
    try:
        found = selectors.verification(study)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("readerstudy:study", study.slug)
    return render(request, "readerstudy/study_verify.html", {"study": study, "found": found})
