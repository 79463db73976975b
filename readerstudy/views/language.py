"""The language of the reading room: what the study fixes, else what the reader chose, else what the browser prefers.

Texts of the study admin stay as they were written; those that studies begin with are translated like the pages.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import get_script_prefix
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from readerstudy.core.arrival import USUAL_QUESTIONS
from readerstudy.core.errors import Refused
from readerstudy.core.names import GROUPS
from readerstudy.core.protocol import BY_READER, DEFAULT_QUESTION, Protocol
from readerstudy.models import Study

_BUILT_IN: Final = frozenset(
    {
        DEFAULT_QUESTION,
        *GROUPS,
        *(text for question in USUAL_QUESTIONS for text in (question.label, *question.choices)),
    }
)


@contextmanager
def of_browser(request: HttpRequest) -> Iterator[None]:
    """Speak the reader's language while a request lasts; the thread then goes back to its own."""
    with translation.override(translation.get_language_from_request(request)):
        yield


def follow(study: Study) -> None:
    """Speak the language that a study fixes, if it does."""
    follow_protocol(study.rules)


def follow_protocol(protocol: Protocol) -> None:
    """Speak the language that a protocol fixes, if it does."""
    if protocol.language != BY_READER:
        translation.activate(protocol.language)


def built_in(text: str) -> str:
    """A text of a study: translated if it is one that studies begin with, otherwise as it was written."""
    return translation.gettext(text) if text in _BUILT_IN else text


def question_of(study: Study) -> str:
    """The question asked under every panel."""
    return built_in(study.rules.question)


def sentence_of(refusal: Refused) -> str:
    """What a refusal says to the reader."""
    sentence = translation.gettext(refusal.template)
    return sentence.format(**refusal.values) if refusal.values else sentence


@login_not_required
@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Remember the reader's choice in a cookie of the reading room, and go back to the page it was made on."""
    response = set_language(request)
    if request.POST.get("language") not in dict(settings.LANGUAGES):
        response.cookies.clear()  # Django itself speaks more languages than the reading room
    for cookie in response.cookies.values():
        cookie["path"] = f"{get_script_prefix()}read/"
    return response
