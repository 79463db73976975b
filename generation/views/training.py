"""Pages of training runs."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import tasks
from generation.core.errors import InputError
from generation.models import TrainingRun
from generation.selectors import training_runs as selectors
from generation.services import generators, training_runs
from generation.views.forms import SamplingForm, TrainingForm
from generation.views.stopping import ask_to_stop


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """List training runs."""
    rows = list(selectors.all_runs())
    return render(
        request,
        "generation/training_runs.html",
        {"runs": rows, "is_active": any(row.is_active for row in rows)},
    )


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a training, then queue it."""
    form = TrainingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                run = training_runs.create(
                    patch_set=values["patch_set"],
                    preset=values["preset"],
                    seed=values["seed"],
                    name=values["name"],
                    changes=form.changes(),
                    now=timezone.now(),
                )
                tasks.train.delay_on_commit(run.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            return redirect("generation:training_run", run.slug)
    return render(request, "generation/training_new.html", {"form": form})


@require_GET
def run(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one training: progress, losses, what its generator draws."""
    row = get_object_or_404(selectors.all_runs(), slug=slug)
    return render(request, "generation/training_run.html", _context(row, SamplingForm(run=row)))


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a training to stop; it saves a checkpoint first."""
    row = get_object_or_404(TrainingRun, slug=slug)
    ask_to_stop(request, row, kind="training")
    return redirect("generation:training_run", slug)


@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on with a stopped or failed training."""
    row = get_object_or_404(TrainingRun, slug=slug)
    with transaction.atomic():
        if training_runs.requeue(run=row):
            tasks.train.delay_on_commit(row.pk)
        else:
            messages.error(request, "Only a stopped or failed training can be resumed.")
    return redirect("generation:training_run", slug)


@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a training with its checkpoints."""
    row = get_object_or_404(TrainingRun, slug=slug)
    try:
        training_runs.delete(run=row)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("generation:training_run", slug)
    messages.success(request, f'Training run "{row.name}" and its checkpoints were deleted.')
    return redirect("generation:training_runs")


@require_POST
def sample(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue the sampling of a patch set from a checkpoint of this training."""
    row = get_object_or_404(TrainingRun, slug=slug)
    form = SamplingForm(request.POST, run=row)
    if form.is_valid():
        try:
            with transaction.atomic():
                patch_set = generators.queue_sampling(
                    checkpoint=form.cleaned_data["checkpoint"],
                    n_per_class=form.n_per_class(),
                    seed=form.cleaned_data["seed"],
                    now=timezone.now(),
                )
                tasks.sample.delay_on_commit(patch_set.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f'Patch set "{patch_set.name}" is being sampled; it can become a pool when it is finished.',
            )
            return redirect("generation:training_run", slug)
    return render(request, "generation/training_run.html", _context(row, form), status=422)


@require_GET
def run_state(request: HttpRequest, slug: str) -> JsonResponse:
    """Progress of one training as JSON."""
    row = get_object_or_404(TrainingRun, slug=slug)
    return JsonResponse(
        {
            "status": row.status,
            "step": row.n_done,
            "n_steps": row.n_total,
            "images_per_second": row.images_per_second,
            "seconds_left": selectors.seconds_left(row),
            "error": row.error or None,
        }
    )


@require_GET
def sample_grid(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Picture of what the generator drew at a step, or of real patches."""
    path = selectors.grid_file(get_object_or_404(TrainingRun, slug=slug), name)
    if path is None:
        raise Http404("There is no picture of this step.")
    answer = HttpResponse(path.read_bytes(), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=86400, immutable"  # a step's picture never changes
    return answer


def _context(row: TrainingRun, form: SamplingForm) -> dict[str, object]:
    return {
        "run": row,
        "chart": selectors.loss_chart(row),
        "grids": selectors.grids(row),
        "time_left": selectors.time_left(row),
        "facts": selectors.preset_facts(row),
        "patch_sets": [ps for checkpoint in row.checkpoints.all() for ps in checkpoint.patch_sets.all()],
        "form": form,
    }
