"""The results of one study."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from evaluation.selectors import results
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import rules


@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show Table 3 and what follows from it; before the study is closed, say that it is sealed."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        return render(request, "evaluation/results_sealed.html", {"study": study})
    return render(request, "evaluation/results.html", {"study": study, "results": results.of_study(study)})


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
    """Download every statistic with its method."""
    study = get_object_or_404(Study, slug=slug)
    try:
        text = results.statistics_text(study)
    except Refused as error:
        return _refused(error)
    return HttpResponse(
        text, content_type="application/json", headers=_attachment(f"{study.slug}-statistics.json")
    )


def _refused(error: Refused) -> HttpResponse:
    return HttpResponse(f"{error}\n", status=403, content_type="text/plain; charset=utf-8")


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
