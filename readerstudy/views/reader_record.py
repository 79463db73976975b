"""The page of one reader: the link and what can be done with it, and leaving the study."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from generation.core.errors import InputError
from readerstudy.core.arrival import DELETE
from readerstudy.models import Invitation, Study
from readerstudy.selectors import letters, monitoring, rules
from readerstudy.services import invitations as services
from readerstudy.services import withdrawals
from readerstudy.views.invitation_forms import ExpiryForm
from readerstudy.views.invitations import site_of


@require_GET
def show(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Show a reader with everything that can be changed about the invitation."""
    study = get_object_or_404(Study, slug=slug)
    return _page(request, study, pseudonym, ExpiryForm())


@require_POST
def revoke(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Withdraw an invitation."""
    return _change(
        request, slug, pseudonym, services.revoke, "{name} can no longer read; answers given so far are kept."
    )


@require_POST
def replace_link(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Make a new personal link."""
    return _change(
        request, slug, pseudonym, services.replace_link, "{name} has a new link; the old one no longer works."
    )


@require_POST
def set_expiry(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Set until when a link works."""
    form = ExpiryForm(request.POST)
    if not form.is_valid():
        return _page(request, get_object_or_404(Study, slug=slug), pseudonym, form)
    expires_at = form.cleaned_data["expires_at"]
    until = f"{timezone.localtime(expires_at):%d %b %Y, %H:%M}" if expires_at else "the end of the study"

    def change(**given: object) -> Invitation:
        return services.set_expiry(**given, expires_at=expires_at)  # type: ignore[arg-type]

    return _change(request, slug, pseudonym, change, f"The link of {{name}} works until {until}.")


@require_POST
def withdraw(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Take a reader out of the study for good."""
    invitation = _invitation(slug, pseudonym)
    try:
        withdrawals.check_is_confirmed(request.POST.get("confirmed", ""))
    except InputError as error:
        messages.error(request, str(error))
    else:
        withdrawals.withdraw(reader=invitation.reader, by=request.user.get_username(), now=timezone.now())
        messages.success(request, f"{pseudonym} left the study; name and address are deleted.")
    return redirect("readerstudy:reader", slug, pseudonym)


def _change(
    request: HttpRequest, slug: str, pseudonym: str, service: Callable[..., Invitation], done: str
) -> HttpResponse:
    invitation = _invitation(slug, pseudonym)
    try:
        changed = service(invitation=invitation, by=request.user.get_username(), now=timezone.now())
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done.format(name=changed.reader.name or pseudonym))
    return redirect("readerstudy:reader", slug, pseudonym)


def _invitation(slug: str, pseudonym: str) -> Invitation:
    rows = Invitation.objects.select_related("reader__study")
    return get_object_or_404(rows, reader__study__slug=slug, reader__pseudonym=pseudonym)


def _page(request: HttpRequest, study: Study, pseudonym: str, form: ExpiryForm) -> HttpResponse:
    now = timezone.now()
    line = next((one for one in monitoring.of_readers(study, now=now) if one.pseudonym == pseudonym), None)
    if line is None:
        raise Http404
    context = {
        "study": study,
        "line": line,
        "reader": line.invitation.reader,
        "invitation": line.invitation,
        "link": letters.link_of(line.invitation, site_of(request)),
        "is_expired": rules.is_expired(line.invitation, now=now),
        "obstacle": letters.obstacle_to_mail(line.invitation, now=now),
        "latest_mail": line.invitation.mails.first(),
        "is_deleting": study.rules.arrival.withdrawal == DELETE,
        "form": form,
        "can_invite": rules.can_invite(study),
    }
    return render(request, "readerstudy/reader.html", context, status=422 if form.errors else 200)
