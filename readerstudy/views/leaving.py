"""Leaving a study for good, on the reader's own wish."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from readerstudy.core.arrival import DELETE
from readerstudy.selectors import links
from readerstudy.selectors import reading as selectors
from readerstudy.services import withdrawals
from readerstudy.views import language
from readerstudy.views.reader_page import reader_page


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, link: str) -> HttpResponse:
    """Say what leaving deletes, and that it cannot be undone; only the button does it."""
    invitation = links.invitation_behind(link)
    if invitation is None:
        raise Http404
    study, session = invitation.reader.study, getattr(invitation, "session", None)
    language.follow(study)
    if invitation.reader.withdrawn_at is not None or session is None:
        return redirect("reading:arrival", link)  # before consent nothing is stored that could be deleted
    if request.method == "POST":
        withdrawals.withdraw(reader=invitation.reader, now=timezone.now())
        return redirect("reading:arrival", link)
    context = {
        "study": study,
        "reader": invitation.reader,
        "link": link,
        "progress": selectors.progress_of(session),
        "is_deleting": study.rules.arrival.withdrawal == DELETE,
    }
    return render(request, "reading/leave.html", context)
