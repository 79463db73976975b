"""A trial as readers will see it, on warm-up panels only; nothing done here is stored."""

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET
from numpy.typing import NDArray

from generation.core.errors import InputError
from readerstudy.core import panel as panels
from readerstudy.core import panel_data as panel_bytes
from readerstudy.core.protocol import BY_READER
from readerstudy.models import Study
from readerstudy.selectors import preview as selectors
from readerstudy.views import viewer_page
from readerstudy.views.language import question_of
from readerstudy.views.reader_page import exact_bytes


@require_GET
def show(request: HttpRequest, slug: str, number: int = 1) -> HttpResponse:
    """Show one panel with the controls of the test."""
    study = get_object_or_404(Study, slug=slug)
    try:
        n_panels = selectors.n_panels(study)
    except InputError as error:
        return _back(request, study, str(error))
    if not n_panels:
        return _back(
            request, study, "The preview shows warm-up panels, but the warm-up has none; give it some first."
        )
    if not 1 <= number <= n_panels:
        raise Http404
    protocol = study.rules
    context = {
        "study": study,
        "protocol": protocol,
        "conduct": protocol.conduct,
        "viewer": viewer_page.of_layout(protocol.layout, study.frames),
        "number": number,
        "next_number": number % n_panels + 1,
        "n_panels": n_panels,
        "levels": range(1, protocol.confidence_levels + 1),
        "real_key": protocol.real_key,
        "synthetic_key": protocol.synthetic_key,
    }
    language = translation.get_language() if protocol.language == BY_READER else protocol.language
    with translation.override(language):
        context["question"] = question_of(study)
        return render(request, "readerstudy/preview.html", context)


@require_GET
def data(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The frames of a preview panel as numbers, in the form of every panel."""
    study = get_object_or_404(Study, slug=slug)
    own_subtraction = study.rules.own_subtraction
    content = panel_bytes.encode(
        _patch(study, number), own_subtraction=own_subtraction, frame_set=study.frames
    )
    return exact_bytes(content, "application/octet-stream")


@require_GET
def picture(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A preview panel as a picture, for browsers without JavaScript."""
    study = get_object_or_404(Study, slug=slug)
    protocol = study.rules
    content = panels.render(
        _patch(study, number),
        panels.layout(protocol.layout, "wide", study.frames),
        interpolation=protocol.interpolation,
        own_subtraction=protocol.own_subtraction,
    )
    return exact_bytes(content, "image/png")


def _patch(study: Study, number: int) -> NDArray[np.int16]:
    try:
        patch = selectors.patch(study, number) if number else None
    except InputError:
        patch = None
    if patch is None:
        raise Http404
    return patch


def _back(request: HttpRequest, study: Study, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("readerstudy:study", study.slug)
