"""Every page of the reading room in German, with no English left on it."""

import html
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from generation.core.frame_set import PAPER, FrameSet
from readerstudy.core.arrival import USUAL_QUESTIONS, Arrival
from readerstudy.core.conduct import ANSWER_THEN_REVEAL, Conduct
from readerstudy.models import Invitation, ReadingSession
from readerstudy.services import invitations
from tests.conftest import PROJECT
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_pool, make_study, small_protocol
from tests.visible import visible_text

pytestmark = [pytest.mark.django_db]

TEMPLATES = {path.name for path in (PROJECT / "templates" / "reading").glob("*.html")}
ARRIVAL = Arrival(consent="Darf gespeichert werden?", questions=USUAL_QUESTIONS, display_check=True)
EVERYTHING = Conduct(comment=True, undo=True, time_limit_seconds=60, min_viewing_seconds=2, break_every=1)
BRIEF = re.compile(
    r"\b(?:the|and|you|your|of|with|this|are|is|not|panels?|answers?|back|read|reading)\b",
    re.IGNORECASE,
)
NUMBER_IN_DATA = re.compile(r'\b(?:data-[a-z-]+|value|max|width|height)="(-?\d+(?:[.,]\d+)?)"')


class GermanReader(ReadingBrowser):
    """A reader of a study, whose browser prefers German; notes every page, and the templates it is made of."""

    def __init__(self, frame_set: FrameSet = PAPER, **protocol: object) -> None:
        wanted = small_protocol(**protocol)
        pools = [make_pool(source, frame_set=frame_set) for source in wanted.sources]
        study = make_study(protocol=wanted, offered=pools)
        study.name = "Mammastudie"
        study.save(update_fields=["name"])
        super().__init__(make_invitation(study, name="Ada Lovelace"))
        self.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
        self.pages: list[str] = []
        self.templates: set[str] = set()

    def _follow(self, response, address):
        super()._follow(response, address)
        self.note(self.page)
        return self.page

    def note(self, response) -> None:
        self.pages.append(response.content.decode())
        self.templates |= {
            str(template.name).rsplit("/", 1)[-1] for template in response.templates if template.name
        }

    def refused(self, answer: str | None = None, **fields: str) -> None:
        """Press a button whose form comes back."""
        response, _ = self.send(answer, **fields)
        assert response.status_code >= 400
        self.note(response)

    def later(self, seconds: float) -> None:
        """The panel on the screen has been there for so long."""
        session = ReadingSession.objects.latest("pk")
        then = timezone.now() - timedelta(seconds=seconds)
        session.trials.filter(served_at__isnull=False).update(served_at=then)
        ReadingSession.objects.filter(pk=session.pk).update(seen_at=then)

    def at(self, name: str) -> str:
        return reverse(f"reading:{name}", args=[ReadingSession.objects.latest("pk").public_id])


def arrive(reader: GermanReader) -> GermanReader:
    """Through every step of arrival, each with what can go wrong on it."""
    reader.open()
    reader.press()
    reader.open(reader.link + "declined/")
    reader.open(reader.link + "consent/")
    reader.press()
    reader.refused()
    reader.refused(question_1="?", question_2="zwölf", question_3="9999999")
    reader.press(question_1=USUAL_QUESTIONS[0].choices[0], question_2="12")
    reader.refused()
    reader.refused(pattern="?")
    seen = {"dark_place": "0", "bright_place": "0", "n_steps_counted": "6", "ambient_light": "daylight"}
    measured = {
        "window_width": "390",
        "window_height": "844",
        "device_pixel_ratio": "0.5",
        "colour_depth": "8",
    }
    reader.press(**seen, **measured)
    assert "390 × 844" in reader.text
    reader.open(reader.at("session"))
    return reader


def read(reader: GermanReader) -> GermanReader:
    """From the instructions to the end."""
    reader.press()
    for _ in range(6):
        reader.refused()  # too early
        reader.later(5)
        reader.press()
    reader.open(reader.at("pause"))
    reader.open(reader.at("session"))
    reader.follow_link()
    for number in range(12):
        reader.refused("real")
        reader.later(5)
        reader.refused("real")  # without confidence
        reader.later(5)
        address, fields = reader.address, reader.form().fields
        reader.press("real", confidence="2")
        if number == 0:
            reader.note(reader.client.post(address, {**fields, "answer": "fake", "confidence": "1"}))
            reader.open(reader.at("pause"))
        if number < 11:
            reader.follow_link()  # out of the break
    reader.open(reader.link)
    return reader


def away(*args: object) -> None:
    """The database does not answer."""
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise OperationalError(*locked.args) from locked


def everything() -> Iterator[GermanReader]:
    """Readers of studies that between them show every page."""
    yield read(arrive(GermanReader(arrival=ARRIVAL, conduct=EVERYTHING, confidence_levels=3)))
    revealing = GermanReader(layout="figure-4", conduct=Conduct(warm_up_mode=ANSWER_THEN_REVEAL)).begin()
    for _ in range(6):
        revealing.press("real")
        revealing.press()
    yield revealing
    refreshed = GermanReader(conduct=Conduct(refresher_after_days=1, n_refresher=2)).begin()
    for _ in range(6):
        refreshed.press()
    refreshed.follow_link()
    refreshed.press("fake")
    refreshed.later(3 * 24 * 60 * 60)
    refreshed.open(refreshed.link)
    refreshed.press()
    assert "Auffrischung 1 von 2" in refreshed.text
    yield refreshed
    withdrawn = GermanReader()
    invitations.revoke(invitation=Invitation.objects.latest("pk"), by=ADMIN, now=NOW)
    withdrawn.open()
    withdrawn.open("/read/nowhere/")
    withdrawn.note(withdrawn.client.post(withdrawn.link))  # without its token
    yield withdrawn
    leaving = GermanReader(FrameSet(("ADC", "DWI"), 48, 32))
    leaving.begin()
    for _ in range(6):
        leaving.press()
    leaving.open(leaving.link + "leave/")
    leaving.client.raise_request_exception = False
    with connection.execute_wrapper(away):
        leaving.open()
    yield leaving


@cache
def every_page() -> tuple[str, ...]:
    found: list[str] = []
    seen: set[str] = set()
    for reader in everything():
        found += reader.pages
        seen |= reader.templates
    assert TEMPLATES - seen == set()
    return tuple(found)


@pytest.fixture
def pages(db) -> tuple[str, ...]:
    """Of all readers, who read once for every test."""
    return every_page()


def english() -> set[str]:
    """Every text of the catalogue that is more than one word."""
    with (PROJECT / "readerstudy/locale/de/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file, locale="de", charset="utf-8")
    texts = {
        text
        for message in catalogue
        if message.id
        for text in ([message.id] if isinstance(message.id, str) else message.id)
        if message.string != text
    }
    parts = {part.strip() for text in texts for part in re.split(r"%\(\w+\)s|\{\w+\}", text)}
    return {part for part in parts if " " in part}


def test_no_page_has_english_left(pages):
    texts = english()
    said = [re.sub(r'\bvalue="[^"]*"', "", html.unescape(page)) for page in pages]  # stored, not shown
    left = {text for page in said for text in texts if text in page}
    assert left == set()
    words = {word.lower() for page in pages for word in BRIEF.findall(visible_text(page))}
    assert words == set()
    assert {re.search(r'<html lang="(\w+)">', page).group(1) for page in pages} == {"de"}


def test_the_search_finds_english(radiologist):
    radiologist.open()
    assert {text for text in english() if text in radiologist.text}
    assert BRIEF.findall(visible_text(radiologist.text))


def test_numbers_that_scripts_read_are_as_in_english(pages):
    """A decimal comma in an attribute would be no number to a script."""
    numbers = {number for page in pages for number in NUMBER_IN_DATA.findall(page)}
    assert numbers
    assert [number for number in numbers if "," in number] == []
    assert settings.LANGUAGE_CODE == "en"
