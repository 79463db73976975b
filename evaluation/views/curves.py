"""Metrics over the checkpoints of a training."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluation import tasks
from evaluation.selectors import curves as selectors
from evaluation.services import curves
from evaluation.views.forms import CurveForm
from generation.core.errors import InputError
from generation.models import TrainingRun
from generation.selectors.training_runs import trained_on
from generation.views.stopping import ask_to_stop


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List trainings whose checkpoints can be scored."""
    return render(request, "evaluation/curves.html", {"runs": selectors.training_runs()})


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the curves of a training and the form that asks for more."""
    run = get_object_or_404(TrainingRun.objects.select_related("patch_set"), slug=slug)
    reals = "split" if selectors.can_use_split(run) else "all"
    form = CurveForm(request.POST or None, initial={"real_set": run.patch_set, "reals": reals})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                queued = curves.start(
                    run=run,
                    real=values["real_set"],
                    extractor=values["extractor"],
                    n_per_class=values["n_per_class"],
                    seed=values["seed"],
                    by_split=values["reals"] == "split",
                    now=timezone.now(),
                )
                for score in queued:
                    tasks.score_checkpoint.delay_on_commit(score.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _said(len(queued)))
            return redirect("evaluation:curve", slug)
    active = list(selectors.active_scores(run))
    context = {
        "run": run,
        "trained_on": trained_on(run),
        "chosen": selectors.chosen(run),
        "curves": selectors.of_run(run),
        "active": active,
        "form": form,
    }
    return render(request, "evaluation/curve.html", context, status=422 if form.errors else 200)


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask every waiting or running score of a training to stop."""
    run = get_object_or_404(TrainingRun, slug=slug)
    for score in selectors.active_scores(run):
        ask_to_stop(request, score, kind="score")
    return redirect("evaluation:curve", slug)


def _said(n: int) -> str:
    if not n:
        return "Every checkpoint was scored like this already."
    scores = "score is" if n == 1 else "scores are"
    return f"{n} {scores} being computed; checkpoints to come follow by themselves."
