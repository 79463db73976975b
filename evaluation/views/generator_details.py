"""Pages about single metric runs, about several side by side, and about readers beside metrics."""

import io

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from evaluation.core import pair_picture
from evaluation.models import MetricRun
from evaluation.selectors import comparisons, metric_runs, reader_detection, run_details
from generation.core import contact_sheet
from generation.core.errors import InputError
from readerstudy.selectors import access


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything a metric run found, or how far it is."""
    run = get_object_or_404(MetricRun.objects.select_related("real_set", "fake_set"), pk=pk)
    context = {"run": run, "classes": run_details.classes_of(run), "fidelity": run_details.fidelity_of(run)}
    return render(request, "evaluation/metric_run.html", context)


@require_GET
def metrics_json(request: HttpRequest, pk: int) -> JsonResponse:
    """Download what a run found, as score_patches writes it."""
    run = get_object_or_404(metric_runs.finished(), pk=pk)
    name = f"metrics-{run.pk}.json"
    return JsonResponse(
        run.results,
        json_dumps_params={"indent": 1, "allow_nan": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_GET
def pair(request: HttpRequest, pk: int, tissue: str, space: int, number: int) -> HttpResponse:
    """Draw a generated patch above the training patch nearest to it, under one window."""
    run = get_object_or_404(metric_runs.finished(), pk=pk)
    try:
        patches = run_details.patches_of_pair(run, tissue, space, number)
    except InputError as error:
        raise Http404(str(error)) from error
    if patches is None:
        raise Http404("There is no such pair.")
    fake, real = patches
    if run.real_set.frames.is_paper:
        groups = [("generated", fake), ("nearest training patch", real)]
        picture = contact_sheet.draw(groups, white=contact_sheet.window(real), zoom=1)
    else:
        picture = pair_picture.draw(fake[0], real[0], run.real_set.frames)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(buffer.getvalue(), content_type="image/png", headers=headers)


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Put chosen runs side by side."""
    chosen = [int(text) for text in request.GET.getlist("run") if text.isdecimal() and len(text) < 18]
    context = {
        "runs": metric_runs.finished()[:50],
        "chosen": chosen,
        "comparison": comparisons.of_runs(chosen),
        "max_runs": comparisons.MAX_RUNS,
    }
    return render(request, "evaluation/compare.html", context)


@require_GET
def readers(request: HttpRequest) -> HttpResponse:
    """Show how often readers of closed studies found generators out, beside the metrics."""
    studies = access.studies_with_results_for(request.user)
    return render(
        request, "evaluation/detection.html", {"studies": reader_detection.of_closed_studies(studies)}
    )
