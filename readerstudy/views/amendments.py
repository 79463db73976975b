"""Decisions about a frozen study: amend it, unblind it early, move its end."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from generation.core.errors import InputError
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import rules, versions
from readerstudy.services import amendments, studies, unblinding
from readerstudy.views.decision_forms import EndForm, ReasonForm
from readerstudy.views.studies import overview


@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why, then begin the next version of a frozen study as a draft."""
    study = get_object_or_404(Study, slug=slug)
    if back := _refused(request, study, rules.check_can_amend):
        return back
    form = ReasonForm(
        request.POST or None, of="the amendment", tick=f"Begin version {study.version + 1} as a draft."
    )
    if request.method == "POST" and form.is_valid():
        try:
            draft = amendments.amend(
                study=study,
                reason=form.cleaned_data["reason"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except Refused as error:  # somebody else was faster
            return _back(request, study, error)
        messages.success(
            request,
            f"Version {draft.version} is a draft now, like version {study.version} in everything: revise it, then freeze it.",
        )
        return redirect("readerstudy:study", draft.slug)
    context = {
        "study": study,
        "form": form,
        "next_version": study.version + 1,
        "chain": versions.chain(study),
    }
    return render(request, "readerstudy/study_amend.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def unblind(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why, then let owner and analysts see results while readers still read."""
    study = get_object_or_404(Study, slug=slug)
    if back := _refused(request, study, rules.check_can_unblind):
        return back
    form = ReasonForm(
        request.POST or None,
        of="unblinding early",
        tick="Let owner and analysts see the results now; every later result will say so.",
    )
    if request.method == "POST" and form.is_valid():
        try:
            unblinding.unblind(
                study=study,
                reason=form.cleaned_data["reason"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except Refused as error:  # somebody else was faster
            return _back(request, study, error)
        messages.success(request, "The results are unblinded; every result says so from now on.")
        return redirect("evaluation:results", study.slug)
    return render(
        request,
        "readerstudy/study_unblind.html",
        {"study": study, "form": form},
        status=422 if form.errors else 200,
    )


@require_POST
def set_end(request: HttpRequest, slug: str) -> HttpResponse:
    """Move the end of reading; an empty one leaves it to closing."""
    study = get_object_or_404(Study, slug=slug)
    form = EndForm(request.POST)
    if back := _refused(request, study, rules.check_can_set_end):
        return back
    if form.is_valid():
        ends_at = form.cleaned_data["ends_at"]
        try:
            studies.set_end(study=study, ends_at=ends_at, by=request.user.get_username(), now=timezone.now())
        except Refused as error:  # somebody closed it meanwhile
            return _back(request, study, error)
        except InputError as error:
            form.add_error("ends_at", str(error))
        else:
            done = "The end of reading is set." if ends_at else "Reading ends when the study is closed."
            messages.success(request, done)
            return redirect("readerstudy:study", study.slug)
    messages.error(request, "The end of reading was not changed: the form “End of reading” says why.")
    return overview(request, study.slug, end_form=form)


def _refused(request: HttpRequest, study: Study, check: Callable[[Study], None]) -> HttpResponse | None:
    """Back to the study with the sentence that says why not; None where it is allowed."""
    try:
        check(study)
    except Refused as error:
        return _back(request, study, error)
    return None


def _back(request: HttpRequest, study: Study, error: Refused) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("readerstudy:study", study.slug)
