"""Page on which automatic breast regions are approved or refused."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from generation.core.errors import InputError
from generation.models import Cohort, Patient
from generation.selectors import cohorts as selectors
from generation.services import regions as services

PER_PAGE = 10
SHOWN = {"": "all", **{str(status): str(status.label) for status in Patient.RegionStatus}}


@require_GET
def regions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the breast region of every patient, or of those in one state."""
    row = get_object_or_404(Cohort, slug=slug, status=Cohort.Status.FINISHED)
    wanted = request.GET.get("show", "")
    patients = row.patients.filter(region_status=wanted) if wanted in SHOWN and wanted else row.patients.all()
    page = Paginator(patients, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "cohort": row,
        "page": page,
        "counts": selectors.region_counts(row),
        "shown": wanted if wanted in SHOWN else "",
        "n_waiting": len(services.waiting(row)),
    }
    return render(request, "generation/cohort_regions.html", context)


@require_POST
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve or refuse one patient's region, or approve all that wait."""
    row = get_object_or_404(Cohort, slug=slug, status=Cohort.Status.FINISHED)
    by, now = request.user.get_username(), timezone.now()
    pseudonym, decision = request.POST.get("pseudonym", ""), request.POST.get("decision", "")
    try:
        if decision == "approve-all":
            n = services.approve_waiting(cohort=row, by=by, now=now)
            messages.success(request, f"{n} breast region{'' if n == 1 else 's'} approved.")
        elif decision == "approve":
            services.approve(cohort=row, pseudonyms=[pseudonym], by=by, now=now)
        elif decision == "refuse":
            services.refuse(cohort=row, pseudonyms=[pseudonym], by=by, now=now)
        else:
            messages.error(request, "Nothing was decided; choose Approve or Refuse.")
    except InputError as error:
        messages.error(request, str(error))
    kept = {name: request.POST[name] for name in ("show", "page") if request.POST.get(name)}
    anchor = f"#{pseudonym}" if pseudonym else ""
    return redirect(f"{reverse('generation:cohort_regions', args=[slug])}?{urlencode(kept)}{anchor}")


@require_GET
def sheet(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Picture of one patient's slices with the automatic breast region."""
    patient = get_object_or_404(Patient, cohort__slug=slug, pseudonym=pseudonym)
    path = selectors.region_sheet(patient)
    if path is None:
        raise Http404("There is no picture of this patient.")
    answer = HttpResponse(path.read_bytes(), content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
