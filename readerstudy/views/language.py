"""The language of the reading room: what the study fixes, else what the reader chose, else what the browser prefers."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from readerstudy.core.protocol import BY_READER
from readerstudy.models import Study

gettext_noop = translation.gettext_noop
_DEFAULT_QUESTIONS = (gettext_noop("Is this panel real or synthetic?"),)


@contextmanager
def of_browser(request: HttpRequest) -> Iterator[None]:
    """Speak the reader's language while a request lasts; the thread then goes back to its own."""
    with translation.override(translation.get_language_from_request(request)):
        yield


def follow(study: Study) -> None:
    """Speak the language that a study fixes, if it does."""
    if study.rules.language != BY_READER:
        translation.activate(study.rules.language)


def question_of(study: Study) -> str:
    """The study's question; translated if it is the one that studies begin with."""
    question = study.rules.question
    return translation.gettext(question) if question in _DEFAULT_QUESTIONS else question


@login_not_required
@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponseBase:
    """Remember the reader's choice in a cookie of the reading room."""
    return set_language(request)
