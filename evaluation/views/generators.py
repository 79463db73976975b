"""Generators against real patches: Table 2 and the runs that fill it."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluation import tasks
from evaluation.core import table2
from evaluation.models import MetricRun
from evaluation.selectors import metric_runs as selectors
from evaluation.services import metric_runs
from evaluation.views import lists
from evaluation.views.forms import ScoreForm
from generation.core.errors import InputError
from generation.views.stopping import ask_to_stop


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show Table 2, the runs under way and the form that starts one."""
    form = ScoreForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                run = metric_runs.start(
                    real=values["real_set"],
                    fake=values["fake_set"],
                    extractor=values["extractor"],
                    n_draws=values["n_draws"],
                    n_per_set=values["n_per_set"],
                    seed=values["seed"],
                    now=timezone.now(),
                )
                tasks.score.delay_on_commit(run.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f'"{run.fake_set.name}" is being scored; Table 2 shows it when it is done.'
            )
            return redirect("evaluation:generators")
    return render(request, "evaluation/generators.html", _context(form), status=422 if form.errors else 200)


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """List every metric run, in any state."""
    listed = lists.METRIC_RUNS.read(request.GET, selectors.everything())
    is_active = any(run.is_active for run in listed.page)
    return render(request, "evaluation/metric_runs.html", {"list": listed, "is_active": is_active})


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a metric run to stop."""
    run = get_object_or_404(MetricRun, pk=pk)
    ask_to_stop(request, run, kind="run")
    return redirect("evaluation:generators")


@require_GET
def table2_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Download Table 2."""
    return StreamingHttpResponse(
        table2.csv_lines(selectors.table2_rows()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="table2.csv"', "Cache-Control": "no-store"},
    )


def _context(form: ScoreForm) -> dict[str, object]:
    runs = selectors.unfinished()
    return {
        "form": form,
        "tables": selectors.tables2(),
        "runs": runs,
        "is_active": any(run.is_active for run in runs),
        "has_sets": selectors.real_sets().exists() and selectors.generated_sets().exists(),
    }
