"""Pages of cohorts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import tasks
from generation.core.errors import InputError
from generation.models import Cohort, DryRun, PatchSet
from generation.selectors import clock, dry_runs
from generation.selectors import cohorts as selectors
from generation.selectors import patch_sets as patch_set_selectors
from generation.services import cohorts as services
from generation.services import extractions, patch_sets, regions
from generation.views import lists
from generation.views.cohort_forms import ExtractionForm, ImportForm
from generation.views.stopping import ask_to_stop

QC_PER_PAGE = 10
FINDINGS_PER_PAGE = 50


@require_GET
def cohorts(request: HttpRequest) -> HttpResponse:
    """List cohorts."""
    listed = lists.COHORTS.read(request.GET, selectors.all_cohorts())
    is_active = any(row.is_active for row in listed.page)
    return render(request, "generation/cohorts.html", {"list": listed, "is_active": is_active})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a folder, then queue its import."""
    form = ImportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                if "look" in request.POST:
                    look = services.request_dry_run(
                        folder=values["folder"], options=values, now=timezone.now()
                    )
                    tasks.look.delay_on_commit(look.pk)
                    return redirect("generation:dry_run", look.pk)
                row = services.request_import(
                    folder=values["folder"],
                    name=values["name"] or services.default_name(values["folder"], now=timezone.now()),
                    note=values["note"],
                    options=values,
                    now=timezone.now(),
                )
                tasks.import_cohort.delay_on_commit(row.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            return redirect("generation:cohort", row.slug)
    return render(request, "generation/cohort_new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a look at a folder found; what cannot be imported first."""
    row = get_object_or_404(DryRun, pk=pk)
    page = Paginator(dry_runs.findings(row), FINDINGS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"look": row, "page": page, "summary": dry_runs.summary(row)}
    return render(request, "generation/dry_run.html", context)


@require_POST
def stop_dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a look to stop after the patient it is at."""
    row = get_object_or_404(DryRun, pk=pk)
    ask_to_stop(request, row, kind="look")
    services.forget_origin(row)
    return redirect("generation:dry_run", pk)


@require_GET
def cohort(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one cohort: Table 1, extractions, patients."""
    return render(
        request, "generation/cohort.html", _context(get_object_or_404(Cohort, slug=slug), ExtractionForm())
    )


@require_POST
def extract(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue an extraction."""
    row = get_object_or_404(Cohort, slug=slug)
    form = ExtractionForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                patch_set = patch_sets.request_extraction(
                    cohort=row, options=form.options(), now=timezone.now()
                )
                tasks.extract.delay_on_commit(patch_set.pk)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            return redirect("generation:cohort", slug)
    return render(request, "generation/cohort.html", _context(row, form), status=422)


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask an import to stop after the patient it is at."""
    row = get_object_or_404(Cohort, slug=slug)
    ask_to_stop(request, row, kind="import")
    services.forget_origin(row)
    return redirect("generation:cohort", slug)


@require_POST
def stop_extraction(request: HttpRequest, slug: str, patch_set: str) -> HttpResponse:
    """Ask an extraction to stop after the patient it is at."""
    row = get_object_or_404(PatchSet, slug=patch_set, cohort__slug=slug)
    ask_to_stop(request, row, kind="extraction")
    return redirect("generation:cohort", slug)


@require_POST
def resume_extraction(request: HttpRequest, slug: str, patch_set: str) -> HttpResponse:
    """Queue an extraction again that was stopped or failed; patients that are done are kept."""
    row = get_object_or_404(PatchSet, slug=patch_set, cohort__slug=slug)
    try:
        with transaction.atomic():
            extractions.resume(patch_set=row, now=clock.now())
            tasks.extract.delay_on_commit(row.pk)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("generation:cohort", slug)


@require_POST
def discard_extraction(request: HttpRequest, slug: str, patch_set: str) -> HttpResponse:
    """Remove an extraction that was stopped or failed."""
    row = get_object_or_404(PatchSet, slug=patch_set, cohort__slug=slug)
    try:
        extractions.discard(patch_set=row)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("generation:cohort", slug)


@require_GET
def qc(request: HttpRequest, slug: str, patch_set: str) -> HttpResponse:
    """Show where patches were cut, a page of patients at a time."""
    row = get_object_or_404(PatchSet, slug=patch_set, cohort__slug=slug)
    parts = patch_set_selectors.parts_of(row)
    sheets = [(pseudonym, parts.get(pseudonym, "")) for pseudonym in patch_set_selectors.qc_patients(row)]
    page = Paginator(sheets, QC_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "generation/cohort_qc.html", {"cohort": row.cohort, "patch_set": row, "page": page}
    )


@require_GET
def qc_sheet(request: HttpRequest, slug: str, patch_set: str, pseudonym: str) -> HttpResponse:
    """Picture of one patient's slices with breast region and centres."""
    row = get_object_or_404(PatchSet, slug=patch_set, cohort__slug=slug)
    path = patch_set_selectors.qc_file(row, pseudonym)
    if path is None:
        raise Http404("There is no sheet of this patient.")
    answer = HttpResponse(path.read_bytes(), content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_GET
def table1_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Download Table 1 as CSV."""
    row = get_object_or_404(Cohort, slug=slug)
    answer = HttpResponse("".join(selectors.table1_csv(row)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="table1-{row.slug}.csv"'
    return answer


def _context(row: Cohort, form: ExtractionForm) -> dict[str, object]:
    extractions = list(patch_set_selectors.all_of(row))
    return {
        "cohort": row,
        "table1": selectors.table1(row),
        "extractions": extractions,
        "patients": selectors.patients_of(row),
        "region_counts": selectors.region_counts(row),
        "waiting": [patient.pseudonym for patient in regions.waiting(row)],
        "form": form,
        "is_active": row.is_active or any(extraction.is_active for extraction in extractions),
    }
