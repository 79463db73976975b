"""Pages of studies: list, design, overview, audit log, trial CSV."""

from collections.abc import Callable, Iterable, Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES
from readerstudy.core.session_state import Phase
from readerstudy.core.trial_csv import TrialRow, write_json_lines, write_rows
from readerstudy.models import Study
from readerstudy.selectors import access, familiarity, monitoring, rules, trials, unblinding, versions
from readerstudy.selectors import studies as selectors
from readerstudy.selectors.access import Role
from readerstudy.services import studies as services
from readerstudy.views import lists
from readerstudy.views.decision_forms import EndForm
from readerstudy.views.study_form import PRESETS, StudyForm, initial_of_preset, initial_of_protocol


@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    """List the studies in which the account has a role."""
    listed = lists.STUDIES.read(request.GET, selectors.of_account(request.user))
    return render(request, "readerstudy/studies.html", {"list": listed})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Design a study."""
    preset = request.GET.get("preset", "paper")
    form = StudyForm(request.POST or None, initial=initial_of_preset(preset))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            row = services.create(
                name=values["name"],
                protocol=values["protocol"],
                pools=values["pools"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except InputError as error:
            form.refuse(error)
        else:
            return _saved(request, row)
    return _designer(request, form, presets=PRESETS, chosen=preset)


@require_http_methods(["GET", "POST"])
def revise(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the design of a draft."""
    row = get_object_or_404(Study, slug=slug)
    if not rules.can_revise(row):
        return _refused(request, row, rules.check_can_revise)
    pools = {pool.source: pool for pool in row.pools.select_related("patch_set")}
    form = StudyForm(
        request.POST or None, initial={"name": row.name, **initial_of_protocol(row.rules, pools)}
    )
    form.fields["name"].disabled = True
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.revise(
                study=row,
                protocol=values["protocol"],
                pools=values["pools"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except InputError as error:
            form.refuse(error)
        else:
            return _saved(request, row)
    return _designer(request, form, study=row)


@require_GET
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's protocol, what can be done next, and how far readers are."""
    return overview(request, slug)


def overview(request: HttpRequest, slug: str, *, end_form: EndForm | None = None) -> HttpResponse:
    """The page of a study; with a form that was refused it answers 422."""
    row = get_object_or_404(selectors.studies(), slug=slug)
    protocol, held = row.rules, access.roles_in(row, request.user)
    context = {
        "study": row,
        "protocol": protocol,
        "conduct": protocol.conduct,
        "arrival": protocol.arrival,
        "lines": selectors.quota_lines(row, protocol),
        "familiarities": familiarity.of_study(row),
        "lesion_classes": LESION_CLASSES,
        "n_test": protocol.n_of(Phase.TEST),
        "n_trials": protocol.n_trials(Phase.TEST),
        "n_warm_up": protocol.n_of(Phase.WARM_UP),
        "n_warm_up_real": protocol.n_real(Phase.WARM_UP),
        "n_warm_up_synthetic": protocol.n_synthetic(Phase.WARM_UP),
        "readers": monitoring.of_readers(row, now=timezone.now()),
        **_life_of(row, request.user),
        "can_invite": rules.can_invite(row) and bool(held & {Role.OWNER, Role.COORDINATOR}),
        "can_revise": rules.can_revise(row) and Role.OWNER in held,
        "can_discard": rules.can_discard(row) and Role.OWNER in held,
        "can_freeze": rules.can_freeze(row) and Role.OWNER in held,
        "can_open": rules.can_open(row) and Role.OWNER in held,
        "can_close": rules.can_close(row) and Role.OWNER in held,
        "can_see_results": rules.can_see_results(row) and bool(held & {Role.OWNER, Role.ANALYST}),
    }
    if end_form is None:
        return render(request, "readerstudy/study.html", context)
    return render(request, "readerstudy/study.html", {**context, "end_form": end_form}, status=422)


@require_POST
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a draft."""
    return _change(
        request, slug, services.discard, "The draft is discarded; the audit log keeps what was done."
    )


@require_POST
def freeze(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the cases and fix the protocol."""
    return _change(
        request, slug, services.freeze, "The study is frozen: its cases are drawn and its protocol is fixed."
    )


@require_POST
def open_to_readers(request: HttpRequest, slug: str) -> HttpResponse:
    """Let readers in."""
    return _change(
        request, slug, services.open_to_readers, "The study is open: personal links work from now on."
    )


@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End reading for good."""
    return _change(request, slug, services.close, "The study is closed: its results can be seen.")


@require_GET
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who did what and when."""
    row = get_object_or_404(Study, slug=slug)
    listed = lists.AUDIT.read(request.GET, selectors.audit_events(row))
    return render(request, "readerstudy/study_audit.html", {"study": row, "list": listed})


@require_GET
def trial_csv(request: HttpRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """Download every trial of a study whose results can be seen, line by line."""
    return _trials(request, slug, write_rows, "trials.csv", "text/csv; charset=utf-8")


@require_GET
def trial_ndjson(request: HttpRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """The same as JSON, one object a line."""
    return _trials(request, slug, write_json_lines, "trials.ndjson", "application/x-ndjson")


def _trials(
    request: HttpRequest,
    slug: str,
    write: Callable[[Iterable[TrialRow]], Iterator[str]],
    name: str,
    kind: str,
) -> HttpResponse | StreamingHttpResponse:
    row = get_object_or_404(Study, slug=slug)
    try:
        lines = write(trials.trial_rows(row))
    except InputError as error:
        messages.error(request, str(error))
        return redirect("readerstudy:study", row.slug)
    headers = {
        "Content-Disposition": f'attachment; filename="{row.slug}-{name}"',
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(lines, content_type=kind, headers=headers)


def _saved(request: HttpRequest, row: Study) -> HttpResponse:
    """To the draft, or straight to one of its panels as readers will see it."""
    return redirect(
        "readerstudy:study_preview" if request.POST.get("then") == "preview" else "readerstudy:study",
        row.slug,
    )


def _life_of(row: Study, user: access.Account) -> dict[str, object]:
    """Amendments, early unblinding and the end of reading."""
    return {
        "version": versions.of_study(row),
        "chain": versions.chain(row),
        "next_version": versions.next_version(row),
        "notices": unblinding.notices(row),
        "made_knowing": unblinding.made_knowing(row),
        "is_owner": Role.OWNER in access.roles_in(row, user),
        "can_amend": rules.can_amend(row),
        "can_unblind": rules.can_unblind(row),
        "can_set_end": rules.can_set_end(row),
        "end_form": EndForm(initial={"ends_at": row.ends_at}),
    }


def _designer(request: HttpRequest, form: StudyForm, **context: object) -> HttpResponse:
    """The page of the form; what was refused answers 422."""
    complaints = list(form.complaints())
    context |= {
        "form": form,
        "complaints": complaints,
        "lesion_classes": LESION_CLASSES,
        "n_sources": len(form.grouped),
    }
    return render(request, "readerstudy/study_form.html", context, status=422 if complaints else 200)


def _refused(request: HttpRequest, row: Study, check: Callable[[Study], None]) -> HttpResponse:
    """Back to the study with the sentence that says why not."""
    try:
        check(row)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("readerstudy:study", row.slug)


def _change(request: HttpRequest, slug: str, service: Callable[..., Study | None], done: str) -> HttpResponse:
    """Call a service that moves a study on, once the admin has confirmed it; go to the study that it leaves."""
    row = get_object_or_404(Study, slug=slug)
    if request.POST.get("confirmed") != "yes":
        messages.error(
            request,
            "Nothing was changed: tick the box that says what will happen, then press the button again.",
        )
        return redirect("readerstudy:study", row.slug)
    left: Study | None = row
    try:
        left = service(study=row, by=request.user.get_username(), now=timezone.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("readerstudy:study", left.slug) if left else redirect("readerstudy:studies")
