"""Taking everything of a study along."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from evaluation.core import archive, data_dictionary
from evaluation.selectors import exports
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import access, rules, study_files, unblinding

CSV = "text/csv; charset=utf-8"


@require_GET
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files of an export, one by one and all together."""
    study = get_object_or_404(Study, slug=slug)
    if not rules.can_see_results(study):
        is_owner = access.Role.OWNER in access.roles_in(study, request.user)
        return render(request, "evaluation/results_sealed.html", {"study": study, "is_owner": is_owner})
    context = {
        "study": study,
        "files": exports.listed(study, now=timezone.now()),
        "notices": unblinding.notices(study),
    }
    return render(request, "evaluation/results_exports.html", context)


@require_GET
def everything_zip(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send everything as one ZIP while it is made; whoever breaks off the download ends the work."""
    study, now = get_object_or_404(Study, slug=slug), timezone.now()
    try:
        members = exports.members(study, now=now)
    except Refused as error:
        return _refused(error)
    pieces = archive.zip_pieces(members, exports.manifest_of(study, now=now), at=now)
    return _sent(pieces, f"{study.slug}-everything.zip", "application/zip")


@require_GET
def reader_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Download what readers said before the first panel."""
    study = get_object_or_404(Study, slug=slug)
    try:
        return _sent(study_files.reader_lines(study), f"{study.slug}-readers.csv", CSV)
    except Refused as error:
        return _refused(error)


@require_GET
def audit_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Download the audit log."""
    study = get_object_or_404(Study, slug=slug)
    try:
        return _sent(study_files.audit_lines(study), f"{study.slug}-audit.csv", CSV)
    except Refused as error:
        return _refused(error)


@require_GET
def table2_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Download the scores of the study's own pools."""
    study = get_object_or_404(Study, slug=slug)
    try:
        exports.check_can_export(study)
    except Refused as error:
        return _refused(error)
    return _sent(exports.table2_lines(study), f"{study.slug}-table2.csv", CSV)


@require_GET
def dictionary(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Download what every column holds."""
    return _sent(data_dictionary.csv_lines(), "data-dictionary.csv", CSV)


def _sent(pieces: Iterable[str | bytes], name: str, kind: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


def _refused(error: Refused) -> HttpResponse:
    return HttpResponse(f"{error}\n", status=403, content_type="text/plain; charset=utf-8")
