"""Inviting many readers at once: a list, what would become of each line, and then all or nothing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from generation.core.errors import InputError
from readerstudy.models import Study
from readerstudy.selectors import invitation_lists, rules
from readerstudy.services import invitations
from readerstudy.views.invitation_forms import InvitationListForm


@require_http_methods(["GET", "POST"])
def invite_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Check a list first; invite everybody on it once it was looked at."""
    study = get_object_or_404(Study, slug=slug)
    form = InvitationListForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"study": study, "form": form, "can_invite": rules.can_invite(study)}
    if request.method != "POST":
        return render(request, "readerstudy/invite_list.html", context)
    if not form.is_valid():
        return render(request, "readerstudy/invite_list.html", context, status=422)
    lines, expires_at = form.cleaned_data["lines"], form.cleaned_data["expires_at"]
    if request.POST.get("step") == "invite":
        try:
            made = invitations.invite_all(
                study=study,
                lines=lines,
                expires_at=expires_at,
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _said(len(made), len(lines)))
            return redirect("readerstudy:study_readers", study.slug)
    plan = invitation_lists.plan(study, lines)
    context |= {"plan": plan, "text": form.cleaned_data["text"], "expires_at": expires_at}
    is_refused = bool(plan.faulty or form.errors)
    return render(request, "readerstudy/invite_list.html", context, status=422 if is_refused else 200)


def _said(n_made: int, n_lines: int) -> str:
    n_known = n_lines - n_made
    known = f"; {n_known} of the list had been invited before" if n_known else ""
    return f"{n_made} reader{'' if n_made == 1 else 's'} invited{known}."
