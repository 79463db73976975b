"""Personal links on paper: a card for each reader, with a code that a camera reads."""

from typing import Final

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from readerstudy.core.names import pseudonym_order
from readerstudy.models import Invitation, Study
from readerstudy.selectors import letters, rules
from readerstudy.views import reader_list
from readerstudy.views.invitations import site_of

MASK: Final = 2  # every third column is turned round


@require_GET
def sheet(request: HttpRequest, slug: str, pseudonym: str = "") -> HttpResponse:
    """Show the cards of every reader whose link works and who fits what the list was asked for, or of one."""
    study, now = get_object_or_404(Study, slug=slug), timezone.now()
    rows = Invitation.objects.select_related("reader__study")
    rows = rows.filter(reader__study=study, revoked_at=None, reader__withdrawn_at=None)
    if pseudonym:
        rows = rows.filter(reader__pseudonym=pseudonym)
    found = reader_list.read({} if pseudonym else request.GET, study, now=now)
    wanted = {line.pseudonym for line in found.found}
    valid = [row for row in rows if row.reader.pseudonym in wanted and not rules.is_expired(row, now=now)]
    invitations = sorted(valid, key=lambda row: pseudonym_order(row.reader.pseudonym))
    if pseudonym and not invitations:
        raise Http404
    cards = [letters.card(row, site=site_of(request)) for row in invitations]
    context = {
        "study": study,
        "cards": [(card, code(card.link)) for card in cards],
        "is_one": bool(pseudonym),
        "list": found.listed,
    }
    response = render(request, "readerstudy/invitation_sheet.html", context)
    response["Cache-Control"] = "no-store"
    return response


def code(link: str) -> SafeString:
    """A link as a QR code (ISO/IEC 18004) with a seventh of redundancy, drawn as a path without any style.

    The mask is named, because comparing all eight is most of the work: this one has the least penalty on average for
    links, 1 % above the best of each.
    """
    drawn = segno.make(link, error="m", micro=False, mask=MASK)
    return mark_safe(drawn.svg_inline(omitsize=True, border=4, svgclass="code", lineclass=None))  # noqa: S308 - modules only
