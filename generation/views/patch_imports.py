"""Pages that import patches made elsewhere: what to look at, what was found, how it is stored."""

import hashlib
import json

import numpy as np
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from numpy.typing import NDArray

from generation import storage, tasks
from generation.core.errors import InputError
from generation.core.foreign import mapping as mappings
from generation.core.foreign import preview as drawing
from generation.models import Job, PatchImport
from generation.selectors import patch_sets
from generation.services import patch_imports as services
from generation.views.patch_import_forms import LookForm, MappingForm
from generation.views.stopping import ask_to_stop

N_RECENT = 20


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a folder or a ZIP, then queue a look at it."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = LookForm(*sent, request=request)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            row = services.request_look(
                folder=values["folder"],
                upload=values["archive"],
                pattern=values["pattern"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            tasks.look_at_patches.delay_on_commit(row.pk)
            return redirect("generation:patch_import", row.pk)
    recent = PatchImport.objects.select_related("patch_set")[:N_RECENT]
    return render(
        request,
        "generation/patch_import_new.html",
        {"form": form, "recent": recent},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was found, ask what is what, and import it."""
    row = get_object_or_404(PatchImport.objects.select_related("patch_set"), pk=pk)
    form = _form(request, row)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            mapping = form.mapping()
            if "import" in request.POST:
                with transaction.atomic():
                    made = services.request_copy(
                        row=row,
                        mapping=mapping,
                        source=form.cleaned_data["source"],
                        name=form.cleaned_data["name"],
                        now=timezone.now(),
                    )
                    tasks.copy_patches.delay_on_commit(made.pk)
                return redirect("generation:patch_import", pk)
            for patch in _previews(row):
                mapping.apply(patch)
            services.show(row=row, mapping=mapping)
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    is_refused = form is not None and bool(form.errors)
    return render(
        request, "generation/patch_import.html", _context(row, form), status=422 if is_refused else 200
    )


@require_GET
def preview(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Draw one patch of the preview as it would be stored."""
    row = get_object_or_404(PatchImport, pk=pk)
    previews = _previews(row)
    if number >= len(previews) or not row.mapping:
        raise Http404("There is no such patch.")
    mapping = mappings.from_dict(row.mapping)
    try:
        patch, _ = mapping.apply(previews[number])
    except InputError as error:
        raise Http404(str(error)) from None
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(drawing.draw(patch, mapping.frame_set), content_type="image/png", headers=headers)


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a look or an import to stop."""
    row = get_object_or_404(PatchImport.objects.select_related("patch_set"), pk=pk)
    if row.patch_set is not None:
        ask_to_stop(request, row.patch_set, kind="import")
    else:
        ask_to_stop(request, row, kind="look")
        row.refresh_from_db()
        if row.status == Job.Status.STOPPED:
            services.forget(row)
    return redirect("generation:patch_import", pk)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a look and its files."""
    row = get_object_or_404(PatchImport.objects.select_related("patch_set"), pk=pk)
    try:
        services.discard(row)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("generation:patch_import", pk)
    return redirect("generation:patch_import_new")


def _form(request: HttpRequest, row: PatchImport) -> MappingForm | None:
    """The form, where there is something left to decide."""
    survey, made = row.survey, row.patch_set
    is_open = made is None or made.status in (Job.Status.FAILED, Job.Status.STOPPED)
    if row.status != Job.Status.FINISHED or survey is None or not row.mapping or not is_open:
        return None
    offered = patch_sets.with_size(survey.height, survey.width)
    stored = mappings.from_dict(row.mapping)
    sent = request.POST if request.method == "POST" else None
    return MappingForm(sent, survey=survey, stored=stored, offered=offered)


def _previews(row: PatchImport) -> NDArray[np.generic]:
    """Some found patches as they were given; none once their files are removed."""
    try:
        path = storage.piece(row.preview_path) or row.preview_path
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError):
        return np.zeros((0, 1, 1, 1))


def _context(row: PatchImport, form: MappingForm | None) -> dict[str, object]:
    survey = row.survey
    shown = mappings.from_dict(row.mapping) if row.mapping and form is not None else None
    key = hashlib.sha256(json.dumps(row.mapping, sort_keys=True).encode()).hexdigest()[:12]
    active = row if row.is_active else row.patch_set if row.patch_set and row.patch_set.is_active else None
    return {
        "look": row,
        "survey": survey,
        "form": form,
        "active": active,
        "shown": shown,
        "preview_key": key,
        "previews": list(enumerate(survey.previewed)) if survey and shown else [],
    }
