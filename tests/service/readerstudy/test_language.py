"""The reading room speaks the language that the study fixes, else the reader's choice, else the browser's."""

import re
from http.cookies import Morsel

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from readerstudy.core.arrival import USUAL_QUESTIONS, Arrival
from readerstudy.models import Invitation, ReadingSession
from readerstudy.services import invitations, studies
from readerstudy.views import language
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol
from tests.running_room import RunningRoom, enter
from tests.studies import conduct_study

pytestmark = pytest.mark.django_db

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-DE,de;q=0.9,en;q=0.8"}
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9"}
CHOOSE = "/read/language/"


def make_reader(preferred: dict[str, str], **protocol: object) -> ReadingBrowser:
    """A reader of a new open study, whose browser prefers a language."""
    reader = ReadingBrowser(make_invitation(make_study(protocol=small_protocol(**protocol))))
    reader.client.defaults |= preferred
    return reader


def spoken(page: str) -> str:
    """The language that a page is in, by its first tag and by its words."""
    (named,) = re.findall(r'<html lang="(\w+)">', page)
    assert ("Willkommen" in page, "Welcome" in page) == (named == "de", named == "en")
    return named


def choose(reader: ReadingBrowser, code: str, *, back_to: str | None = None, **headers: str):
    """Press a language at the foot of the page."""
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', reader.text)[-1:])
    data = {"csrfmiddlewaretoken": token, "language": code, "next": back_to or reader.address}
    return reader.client.post(CHOOSE, data, headers=headers)


def cookie_of(reader: ReadingBrowser) -> Morsel[str]:
    return reader.client.cookies["reading_language"]


class TestBrowser:
    @pytest.mark.parametrize(
        ("preferred", "expected"),
        [
            (GERMAN, "de"),
            (ENGLISH, "en"),
            ({"HTTP_ACCEPT_LANGUAGE": "de-AT"}, "de"),
            ({"HTTP_ACCEPT_LANGUAGE": "fr, de;q=0.5"}, "de"),
            ({"HTTP_ACCEPT_LANGUAGE": "fr"}, "en"),
            ({"HTTP_ACCEPT_LANGUAGE": "x" * 600}, "en"),
            ({}, "en"),
        ],
    )
    def test_language_that_it_prefers_is_spoken(self, preferred, expected):
        reader = make_reader(preferred)
        reader.open()
        assert spoken(reader.text) == expected

    def test_thread_goes_back_to_its_own_language(self):
        reader = make_reader(GERMAN, language="de")
        reader.open()
        assert spoken(reader.text) == "de"
        assert translation.get_language() == "en"
        reader.open("/read/s/" + "0" * 32 + "/")
        reader.open("/read/nowhere/")
        assert translation.get_language() == "en"

    def test_next_reader_in_the_same_process_gets_another_language(self):
        for preferred, expected in ((GERMAN, "de"), (ENGLISH, "en"), (GERMAN, "de"), ({}, "en")):
            reader = make_reader(preferred)
            reader.open()
            assert spoken(reader.text) == expected

    def test_no_cache_keeps_a_language(self):
        reader = make_reader(GERMAN)
        assert reader.open()["Cache-Control"] == "no-store"
        assert reader.open("/read/nowhere/")["Cache-Control"] == "no-store"
        reader.open()
        assert "no-store" in choose(reader, "en")["Cache-Control"]


class TestChoice:
    def test_wins_over_the_browser_and_leads_back(self):
        reader = make_reader(GERMAN)
        reader.open()
        response = choose(reader, "en")
        assert (response.status_code, response["Location"]) == (302, reader.link)
        assert spoken(reader.open().content.decode()) == "en"
        choose(reader, "de")
        assert spoken(reader.open().content.decode()) == "de"

    def test_lasts_and_is_for_the_reading_room_alone(self):
        reader = make_reader(ENGLISH)
        reader.open()
        choose(reader, "de")
        cookie = cookie_of(reader)
        assert (cookie.value, cookie["path"], cookie["samesite"]) == ("de", "/read/", "Lax")
        assert cookie["httponly"]
        assert cookie["max-age"] == 90 * 24 * 60 * 60

    def test_is_one_of_the_languages_there_are(self):
        reader = make_reader(ENGLISH)
        reader.open()
        choose(reader, "fr")
        assert "reading_language" not in reader.client.cookies
        reader.client.cookies["reading_language"] = "../../etc"
        reader.open()
        assert spoken(reader.text) == "en"

    @pytest.mark.parametrize(
        "address",
        [
            "https://example.org/",
            "//example.org/",
            "javascript:alert(1)",
            "https:///example.org",
            "\\\\example.org",
        ],
    )
    def test_leads_to_no_other_host(self, address):
        reader = make_reader(ENGLISH)
        reader.open()
        response = choose(reader, "de", back_to=address)
        assert (response.status_code, response["Location"]) == (302, "/")

    def test_is_made_with_the_form_of_the_page_alone(self):
        reader = make_reader(ENGLISH)
        reader.open()
        assert reader.client.get(CHOOSE).status_code == 405
        assert reader.client.post(CHOOSE, {"language": "de"}).status_code == 403
        assert "reading_language" not in reader.client.cookies

    def test_is_at_the_foot_of_pages_of_text_and_nowhere_else(self):
        reader = make_reader(ENGLISH, arrival=Arrival(consent="Yes?", questions=USUAL_QUESTIONS))
        offered = []

        def note() -> None:
            offered.append(CHOOSE in reader.text)

        reader.open()
        note()  # welcome
        reader.press()
        note()  # consent
        reader.press()
        note()  # questions
        reader.press(question_1=USUAL_QUESTIONS[0].choices[0], question_2="3")
        note()  # instructions
        reader.press()
        note()  # a panel
        token = reader.address
        reader.open(reverse("reading:pause", args=[ReadingSession.objects.get().public_id]))
        note()
        reader.open("/read/nowhere/")
        note()
        reader.open(token)
        note()
        assert offered == [True, True, True, True, False, True, False, False]


class TestStudy:
    @pytest.mark.parametrize(("fixed", "preferred"), [("de", ENGLISH), ("en", GERMAN)])
    def test_fixes_the_language_of_every_page_and_offers_no_other(self, fixed, preferred):
        reader = make_reader(preferred, language=fixed)
        reader.client.cookies["reading_language"] = "en" if fixed == "de" else "de"
        reader.open()
        assert spoken(reader.text) == fixed
        for step in (lambda: None, reader.press, reader.press, reader.press):
            step()  # welcome, instructions, first and second panel
            assert f'<html lang="{fixed}">' in reader.text
            assert CHOOSE not in reader.text
        reader.open(reverse("reading:pause", args=[ReadingSession.objects.get().public_id]))
        assert f'<html lang="{fixed}">' in reader.text
        assert CHOOSE not in reader.text

    def test_page_that_is_not_there_tells_nothing_by_its_language(self):
        """Of one's own session or made up: both speak the browser's language, in the same words."""
        reader = make_reader(ENGLISH, language="de").begin()
        session = ReadingSession.objects.get()
        later = session.trials.order_by("-position").first()
        not_yet = reader.client.get(reverse("reading:trial", args=[later.token]))
        made_up = reader.client.get(reverse("reading:trial", args=["0" * 32]))
        nowhere = reader.client.get("/read/nowhere/")
        assert not_yet.status_code == made_up.status_code == nowhere.status_code == 404
        assert not_yet.content == made_up.content == nowhere.content
        assert b'<html lang="en">' in made_up.content

    def test_texts_of_its_admin_stay_as_they_were_written(self):
        reader = make_reader(
            GERMAN,
            question="Scan or not?",
            arrival=Arrival(consent="Do you agree?", instructions="Look well."),
        )
        reader.open()
        reader.press()
        assert "<p>Do you agree?</p>" in reader.text
        reader.press()
        assert "<p>Look well.</p>" in reader.text
        assert "Scan or not?" in reader.text

    def test_texts_that_studies_begin_with_are_translated_and_stored_as_they_are(self):
        reader = make_reader(GERMAN, arrival=Arrival(questions=USUAL_QUESTIONS))
        reader.open()
        assert "in der Gruppe „Radiologie“" in reader.text
        reader.press()
        assert "Ihre Funktion" in reader.text
        value, shown = re.search(r'value="([^"]+)"[^>]*><span>([^<]+)<', reader.text).groups()
        assert (value, shown) == (
            "Radiologist, breast imaging",
            "Radiologin/Radiologe, Schwerpunkt Mammadiagnostik",
        )
        reader.press(question_1=value, question_2="12", question_3="")
        assert "Ist diese Bildtafel echt oder synthetisch?" in reader.text
        assert ReadingSession.objects.get().expertise == {
            "Your role": "Radiologist, breast imaging",
            "Years of experience in breast imaging": 12,
            "Breast MRI examinations read in the last year, about": None,
        }

    def test_every_text_that_studies_begin_with_is_in_the_catalogue(self):
        with translation.override("de"):
            assert [text for text in language._BUILT_IN if language.built_in(text) == text] == []


class TestDesk:
    def test_stays_english_whatever_the_browser_prefers(self, study_admin):
        study = make_study("open", protocol=small_protocol(language="de"))
        study_admin.defaults |= GERMAN
        study_admin.cookies["reading_language"] = "de"
        reader = ReadingBrowser(make_invitation(study))
        reader.client.defaults |= GERMAN
        for address in (reverse("desk"), reverse("readerstudy:study", args=[study.slug]), "/support/"):
            reader.open()  # German, in the same thread
            page = study_admin.get(address, follow=True).content.decode()
            assert '<html lang="en' in page
            assert not re.search(r"\b(und|oder|Sie)\b", page)

    def test_sign_in_and_missing_pages_stay_english(self):
        client = Client(**GERMAN)
        for address, status in (("/sign-in/", 200), ("/nowhere/", 404)):
            response = client.get(address)
            assert response.status_code == status
            assert b'<html lang="en">' in response.content

    def test_preview_speaks_as_the_study_does(self, study_admin):
        study = make_study("draft", protocol=small_protocol(language="de"))
        page = study_admin.get(reverse("readerstudy:study_preview", args=[study.slug])).content.decode()
        assert "Ist diese Bildtafel echt oder synthetisch?" in page
        assert translation.get_language() == "en"


class TestApi:
    @pytest.fixture
    def room(self) -> RunningRoom:
        room = enter(make_invitation(conduct_study()))
        room.client.defaults |= GERMAN
        return room

    def test_sentence_is_in_the_language_of_the_browser(self, room):
        token = room.token()
        for answer, sentence in (
            ("", "Wählen Sie Echt oder Synthetisch."),
            ("real", None),
            ("fake", "Diese Bildtafel war bereits beantwortet; Ihre erste Antwort (Echt) wurde beibehalten."),
        ):
            reply = room.answer(token, answer).json()
            assert reply.get("sentence") == sentence
        assert translation.get_language() == "en"

    def test_values_stand_in_the_sentence(self):
        room = enter(make_invitation(conduct_study(min_viewing_seconds=7)), through_warm_up=False)
        room.client.defaults |= GERMAN
        reply = room.answer(room.token(), "", rt_ms=10).json()
        assert reply["sentence"] == "Betrachten Sie jede Bildtafel mindestens 7 s; antworten Sie dann."
        room.client.defaults |= ENGLISH
        reply = room.answer(room.token(), "", rt_ms=10).json()
        assert reply["sentence"] == "Look at each panel for at least 7 s; then answer."

    def test_study_fixes_the_language_here_too(self):
        room = enter(make_invitation(conduct_study(protocol={"language": "de"})))
        room.client.defaults |= ENGLISH
        assert room.answer(room.token(), "maybe").json()["sentence"] == "Wählen Sie Echt oder Synthetisch."

    def test_lost_session_is_told_in_the_language_of_the_browser(self, room):
        room.client.cookies.pop("reading")
        reply = room.trials().json()
        assert reply["sentence"] == "Öffnen Sie Ihren persönlichen Link, um fortzufahren."
        assert reply["kind"] == "gone"

    def test_closed_study(self, room):
        studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
        reply = room.answer(room_token(room)).json()
        assert (reply["kind"], reply["sentence"]) == (
            "closed",
            "Diese Studie ist beendet; vielen Dank für Ihr Interesse.",
        )

    def test_reply_to_an_answer_is_not_looked_up_in_any_catalogue(self, room, monkeypatch):
        """The language costs the way between two panels nothing: no cookie is read for it, no text is looked up."""

        def unasked(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr(language, "of_browser", unasked)
        monkeypatch.setattr(translation, "gettext", unasked)
        assert room.answer(room.token(), "real").status_code == 200


def room_token(room: RunningRoom) -> str:
    return ReadingSession.objects.get(public_id=room.public_id).trials.get(phase="test", position=1).token


class TestRefusalOnAPage:
    def test_form_says_it_in_german(self):
        reader = make_reader(GERMAN, confidence_levels=3).begin()
        for _ in range(6):
            reader.press()
        reader.follow_link()
        response, _ = reader.send("real")
        assert response.status_code == 400
        assert (
            "Geben Sie an, wie sicher Sie sind, von 1 bis 3, und wählen Sie dann" in response.content.decode()
        )

    def test_withdrawn_invitation(self):
        reader = make_reader(GERMAN)
        invitations.revoke(invitation=Invitation.objects.get(), by=ADMIN, now=NOW)
        reader.open()
        assert "Diese Einladung wurde zurückgezogen" in reader.text

    def test_form_without_its_token(self):
        reader = make_reader(GERMAN)
        response = reader.client.post(reader.link)
        assert response.status_code == 403
        assert response["Cache-Control"] == "no-store"
        assert "Das Formular war abgelaufen" in response.content.decode()
