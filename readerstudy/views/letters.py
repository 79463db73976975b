"""The page of e-mails of a study: their words, who is sent one, and what became of each."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation.core.errors import InputError
from readerstudy import tasks
from readerstudy.models import Invitation, InvitationMail, Reader, Study
from readerstudy.selectors import letters as selectors
from readerstudy.selectors import rules
from readerstudy.services import letters as services
from readerstudy.views.invitation_forms import LetterForm
from readerstudy.views.invitations import site_of

_EXAMPLE = "Dr. A. Reader"
# An e-mail carries its own style, which no page of this site may; shown by itself it can do nothing else.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the e-mail as it would go out and who was sent one; take the inviter's own words."""
    study = get_object_or_404(Study, slug=slug)
    form = LetterForm(
        request.POST or None, initial={"subject": study.letter_subject, "note": study.letter_note}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_words(
                study=study, **form.cleaned_data, by=request.user.get_username(), now=timezone.now()
            )
        except InputError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The words are saved; the example below has them.")
            return redirect("readerstudy:letters", slug)
    lines = selectors.addressees(study, now=timezone.now())
    example = _example(study, lines)
    language = selectors.language_of(example.reader)
    context = {
        "study": study,
        "form": form,
        "usual": selectors.usual_words(language),
        "lines": lines,
        "n_new": sum(line.is_new for line in lines),
        "n_at_work": sum(line.is_at_work for line in lines),
        "n_sent": sum(line.invitation.n_sent > 0 for line in lines),
        "example": selectors.letter(example, site=site_of(request)),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "reaches_anybody": selectors.reaches_anybody(),
        "can_invite": rules.can_invite(study),
    }
    return render(request, "readerstudy/letters.html", context, status=422 if form.errors else 200)


@require_GET
def example(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the formatted form of the e-mail by itself."""
    study = get_object_or_404(Study, slug=slug)
    lines = selectors.addressees(study, now=timezone.now())
    content = selectors.letter(_example(study, lines), site=site_of(request)).html
    return HttpResponse(content, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})


@require_POST
def send_first(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the link to everybody who was not sent it yet."""
    study = get_object_or_404(Study, slug=slug)
    if request.POST.get("confirmed") != "yes":
        messages.error(
            request, "Nothing was sent: tick the box that says what will happen, then press the button again."
        )
        return redirect("readerstudy:letters", slug)
    return _queued(request, slug, lambda **given: services.queue_first(study=study, **given))


@require_POST
def send(request: HttpRequest, slug: str, pseudonym: str) -> HttpResponse:
    """Send the link to one reader, or send it again."""
    rows = Invitation.objects.select_related("reader__study")
    invitation = get_object_or_404(rows, reader__study__slug=slug, reader__pseudonym=pseudonym)
    return _queued(request, slug, lambda **given: services.queue(wanted=[invitation], **given))


@require_POST
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop the e-mails that still wait."""
    n = services.stop(study=get_object_or_404(Study, slug=slug), now=timezone.now())
    messages.success(request, f"{n} e-mail{'' if n == 1 else 's'} stopped; what the mail server has is gone.")
    return redirect("readerstudy:letters", slug)


def _queued(request: HttpRequest, slug: str, queue: Callable[..., list[InvitationMail]]) -> HttpResponse:
    try:
        with transaction.atomic():
            rows = queue(
                site=site_of(request),
                by=request.user.get_username(),
                reply_to=getattr(request.user, "email", ""),
                now=timezone.now(),
            )
            for row in rows:
                tasks.send_invitation.delay_on_commit(row.pk)
    except InputError as error:
        messages.error(request, str(error))
    else:
        n = len(rows)
        messages.success(
            request,
            f"{n} e-mail{' is' if n == 1 else 's are'} on the way."
            if n
            else "Nothing new to send: it is on the way already.",
        )
    return redirect("readerstudy:letters", slug)


def _example(study: Study, lines: list[selectors.Addressee]) -> Invitation:
    """The first reader who may be sent an e-mail, or somebody made up."""
    real = next((line.invitation for line in lines if not line.obstacle), None)
    return real or Invitation(reader=Reader(study=study, name=_EXAMPLE, pseudonym="R00"), public_id="0" * 32)
