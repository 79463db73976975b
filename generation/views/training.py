"""Pages of training runs."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import tasks
from generation.core.errors import InputError
from generation.models import PatchSet, TrainingRun
from generation.selectors import clock
from generation.selectors import training_runs as selectors
from generation.services import generators, training_runs
from generation.views import lists
from generation.views.forms import SamplingForm, TrainingForm
from generation.views.stopping import ask_to_stop

SHEETS_PER_PAGE = 10
UNCONFIRMED = "Nothing was changed: tick the box that says what will happen, then press the button again."


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """List training runs."""
    listed, now = lists.TRAINING_RUNS.read(request.GET, selectors.all_runs()), clock.now()
    rows = list(listed.page)
    context = {
        "list": listed,
        "runs": rows,
        "is_active": any(row.is_active for row in rows),
        "stalled": {row.pk for row in rows if selectors.silent_for(row, now=now)},
        "n_comparable": sum(row.n_done > 0 for row in rows),
    }
    return render(request, "generation/training_runs.html", context)


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
    """Delete a training with its checkpoints, once that was confirmed."""
    row = get_object_or_404(TrainingRun, slug=slug)
    if request.POST.get("confirmed") != "yes":
        messages.error(request, UNCONFIRMED)
        return redirect("generation:training_run", slug)
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
    row = get_object_or_404(selectors.all_runs(), slug=slug)
    form = SamplingForm(request.POST, run=row)
    if form.is_valid():
        try:
            with transaction.atomic():
                patch_set = generators.queue_sampling(
                    checkpoint=form.cleaned_data["checkpoint"],
                    n_per_class=form.n_per_class(),
                    seed=form.cleaned_data["seed"],
                    pool=form.cleaned_data["pool"],
                    by=request.user.get_username(),
                    now=timezone.now(),
                )
                tasks.sample.delay_on_commit(patch_set.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            then = "it is offered as a pool" if form.cleaned_data["pool"] else "it can become a pool"
            messages.success(
                request, f'Patch set "{patch_set.name}" is being sampled; {then} when it is finished.'
            )
            return redirect("generation:training_run", slug)
    return render(request, "generation/training_run.html", _context(row, form), status=422)


@require_POST
def stop_sampling(request: HttpRequest, slug: str, patch_set: str) -> HttpResponse:
    """Ask a sampling to stop; nothing of it is kept."""
    row = get_object_or_404(PatchSet, slug=patch_set, checkpoint__run__slug=slug)
    ask_to_stop(request, row, kind="sampling")
    return redirect("generation:training_run", slug)


@require_GET
def sheets(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the generator drew at each checkpoint, newest first."""
    row = get_object_or_404(TrainingRun, slug=slug)
    page = Paginator(selectors.grids(row), SHEETS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "generation/training_sheets.html", {"run": row, "page": page})


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
            "is_stalled": selectors.silent_for(row, now=clock.now()) is not None,
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
        "silent_for": selectors.silent_for(row, now=clock.now()),
        "facts": selectors.preset_facts(row),
        "patch_sets": (sampled := selectors.sampled_from(row)),
        "is_sampling": any(one.is_active for one in sampled),
        "form": form,
        "delete_words": f"Its {row.checkpoints.count()} checkpoints, losses and pictures are deleted for good. "
        "Nobody can sample from them or resume the run any more.",
    }
