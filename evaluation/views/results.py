"""The results of one study."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evaluation.selectors import analyses, results
from evaluation.services import study_analyses
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import rules

_SHOWN: Final = {".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}
_OWN_STYLE_ONLY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show Table 3 and what follows from it; before the study is closed, say that it is sealed."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        return render(request, "evaluation/results_sealed.html", {"study": study})
    analysis = analyses.of_study(study)
    context = {
        "study": study,
        "results": results.of_study(study),
        "analysis": analysis,
        "page": analyses.page_of(analysis) if analysis else None,
        "downloads": analyses.downloads_of(analysis) if analysis else [],
    }
    return render(request, "evaluation/results.html", context)


@require_GET
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every statistic with its method, section by section."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        return render(request, "evaluation/results_sealed.html", {"study": study})
    analysis = analyses.of_study(study)
    page = analyses.page_of(analysis) if analysis else None
    if page is None:
        return redirect("evaluation:results", study.slug)
    return render(request, "evaluation/statistics.html", {"study": study, "page": page})


@require_POST
def analyse(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the analysis of a closed study, or begin it again."""
    study = get_object_or_404(Study, slug=slug)
    try:
        study_analyses.start(study=study, now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
    return redirect("evaluation:results", study.slug)


@require_GET
def file(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Send a file of the analysis; figures and the report are shown, the others saved."""
    study = get_object_or_404(Study, slug=slug)
    try:
        path = analyses.file_of(study, name)
    except Refused as error:
        return _refused(error)
    if path is None:
        raise Http404
    content_type = _SHOWN.get(path.suffix)
    # The report and the figures carry their own style; nothing in them may run or load anything.
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _OWN_STYLE_ONLY}
    if content_type is None:
        headers["Content-Disposition"] = f'attachment; filename="{study.slug}-{name}"'
    return HttpResponse(
        path.read_bytes(), content_type=content_type or "application/octet-stream", headers=headers
    )


@require_GET
def table3_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Download Table 3."""
    study = get_object_or_404(Study, slug=slug)
    try:
        lines = results.table3_lines(study)
    except Refused as error:
        return _refused(error)
    return StreamingHttpResponse(
        lines, content_type="text/csv; charset=utf-8", headers=_attachment(f"{study.slug}-table3.csv")
    )


@require_GET
def statistics_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Download every statistic with its method; before the analysis is done, those of accuracy alone."""
    study = get_object_or_404(Study, slug=slug)
    try:
        path = analyses.file_of(study, analyses.STATISTICS)
        text = path.read_text(encoding="utf-8") if path else results.statistics_text(study)
    except Refused as error:
        return _refused(error)
    return HttpResponse(
        text, content_type="application/json", headers=_attachment(f"{study.slug}-statistics.json")
    )


def _refused(error: Refused) -> HttpResponse:
    return HttpResponse(f"{error}\n", status=403, content_type="text/plain; charset=utf-8")


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
