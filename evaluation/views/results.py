"""The results of one study."""

from collections.abc import Container
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evaluation.core.report import whose
from evaluation.models import StudyAnalysis
from evaluation.selectors import analyses, metric_runs, reader_detection, results
from evaluation.services import study_analyses
from generation.views.listing import PER_PAGE
from generation.views.stopping import ask_to_stop
from readerstudy.core.errors import Refused
from readerstudy.models import Reader, Study
from readerstudy.selectors import access, rules, unblinding, withdrawals

_SHOWN: Final = {".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}
_OWN_STYLE_ONLY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show Table 3 and what follows from it; before the study is closed, say that it is sealed."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        return _sealed(request, study)
    analysis, accuracy = analyses.of_study(study), results.accuracy_of(study)
    readers = Paginator(accuracy.readers, PER_PAGE).get_page(request.GET.get("page"))
    shown = tuple(readers)
    page = analyses.page_of(analysis) if analysis else None
    context = {
        "study": study,
        "readers": readers,
        "notices": unblinding.notices(study),
        "withdrawals": withdrawals.of_study(study),
        "results": results.of_accuracy(accuracy, shown),
        "tables": metric_runs.tables2(metric_runs.of_study(study)),
        "detection": reader_detection.of_study(study, accuracy),
        "analysis": analysis,
        "page": _of_readers(page, {reader.name for reader in shown}) if page else None,
        "downloads": analyses.downloads_of(analysis) if analysis else [],
    }
    return render(request, "evaluation/results.html", context)


@require_GET
def statistics(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every statistic with its method, section by section: the panel's, a reader's or everybody's."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        return _sealed(request, study)
    analysis = analyses.of_study(study)
    page = analyses.page_of(analysis) if analysis else None
    if page is None:
        return redirect("evaluation:results", study.slug)
    chosen = whose.choose(
        page["sections"],
        readers=set(Reader.objects.filter(study=study).values_list("pseudonym", flat=True)),
        whose=request.GET.get("whose", ""),
    )
    return render(
        request,
        "evaluation/statistics.html",
        {"study": study, "page": page, "chosen": chosen, "notices": unblinding.notices(study)},
    )


@require_POST
def analyse(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the analysis of a study whose results can be seen, or begin it again."""
    study = get_object_or_404(Study, slug=slug)
    try:
        study_analyses.start(study=study, now=timezone.now())
    except Refused as error:
        messages.error(request, str(error))
    return redirect("evaluation:results", study.slug)


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask an analysis to stop; the files of an earlier one stay."""
    row = get_object_or_404(StudyAnalysis, study__slug=slug)
    ask_to_stop(request, row, kind="analysis")
    return redirect("evaluation:results", slug)


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


def _of_readers(page: dict[str, Any], names: Container[str]) -> dict[str, Any]:
    """What a page shows of the analysis: of lines that are a reader's own, those of the readers on it."""
    return {**page, "chance": [one for one in page["chance"] if one["reader"]["name"] in names]}


def _sealed(request: HttpRequest, study: Study) -> HttpResponse:
    is_owner = access.Role.OWNER in access.roles_in(study, request.user)
    return render(request, "evaluation/results_sealed.html", {"study": study, "is_owner": is_owner})


def _refused(error: Refused) -> HttpResponse:
    return HttpResponse(f"{error}\n", status=403, content_type="text/plain; charset=utf-8")


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
