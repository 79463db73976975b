"""Several trainings side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from generation.selectors import run_comparison, training_runs
from generation.selectors.run_comparison import MAX_RUNS

_OFFERED = 50  # newest runs to choose from


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Show recipes, losses and what the generators draw of the chosen runs."""
    asked = [slug for slug in request.GET.getlist("run") if "\x00" not in slug]
    compared = run_comparison.of_runs(asked)
    context = {
        "offered": training_runs.all_runs()[:_OFFERED],
        "chosen": [one.run.slug for one in compared],
        "compared": compared,
        "lines": run_comparison.lines(compared),
        "is_active": any(one.run.is_active for one in compared),
        "max_runs": MAX_RUNS,
        "n_left_out": len(set(asked)) - len(compared),
    }
    return render(request, "generation/training_compare.html", context)
