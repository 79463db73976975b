"""From the personal link to the first panel: each step once, only if asked, in its order."""

import re
from typing import Any

import pytest
from django.urls import reverse

from readerstudy.core.arrival import CHOICE, NUMBER, TEXT, Arrival, ExpertiseQuestion
from readerstudy.core.errors import Refused
from readerstudy.models import AuditEvent, Invitation, ReadingSession, Trial
from readerstudy.services import arrival as services
from readerstudy.services import invitations, sessions, studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db

CONSENT = "You may **stop at any time**. <script>alert(1)</script>"
QUESTIONS = (
    ExpertiseQuestion("Role", CHOICE, ("Radiologist", "Physicist")),
    ExpertiseQuestion("Years in breast imaging", NUMBER),
    ExpertiseQuestion("Centre", TEXT, required=False),
)
ANSWERS = {"question_1": "Radiologist", "question_2": "12", "question_3": ""}


def make_reader(**steps: Any) -> ReadingBrowser:
    """A reader of a new open study with these steps."""
    study = make_study(protocol=small_protocol(arrival=Arrival(**steps)))
    return ReadingBrowser(make_invitation(study))


def another_browser(of: ReadingBrowser) -> ReadingBrowser:
    """The same reader at another computer."""
    return ReadingBrowser(invitation_of(of))


def invitation_of(reader: ReadingBrowser) -> Invitation:
    return Invitation.objects.get(public_id=re.search(r"/i/(\w+)-", reader.link).group(1))


def assert_nothing_stored() -> None:
    assert not ReadingSession.objects.exists()
    assert not Trial.objects.exists()
    assert not AuditEvent.objects.filter(verb__startswith="session").exists()


class TestScanners:
    """Mail scanners, chat previews and prefetching browsers open links that nobody pressed."""

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Sec-Purpose": "prefetch"},
            {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"},
            {"User-Agent": "SafeLinks", "X-Forwarded-For": "40.94.0.1"},
        ],
    )
    def test_opening_a_link_changes_nothing(self, headers):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS, display_check=True)
        for method in (reader.client.get, reader.client.head, reader.client.get):
            response = method(reader.link, headers=headers)
            assert response.status_code == 200
            assert "reading" not in response.cookies
        assert_nothing_stored()

    def test_following_every_link_of_every_page_changes_nothing(self):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS, display_check=True)
        seen, open_links = set(), [reader.link, reader.link + "consent/"]
        while open_links:
            address = open_links.pop()
            if address in seen or not address.startswith("/read/"):
                continue
            seen.add(address)
            page = reader.client.get(address)
            open_links += re.findall(r'(?:href|src)="([^"]+)"', page.content.decode())
        assert len(seen) == 3  # welcome, consent, declined
        assert_nothing_stored()

    def test_other_methods_are_refused(self):
        reader = make_reader()
        for method in ("put", "delete", "options", "patch"):
            assert getattr(reader.client, method)(reader.link).status_code in {403, 405}
        assert_nothing_stored()

    def test_start_sent_from_elsewhere_is_refused(self):
        reader = make_reader()
        assert reader.client.post(reader.link).status_code == 403  # no CSRF token
        assert_nothing_stored()


class TestNothingAsked:
    def test_start_then_begin_leads_to_the_first_panel(self):
        reader = make_reader()
        reader.open()
        assert "First" not in reader.text
        reader.press()
        assert "How it works" in reader.text
        assert "Step " not in reader.text
        reader.press()
        assert "Warm-up 1 of 6" in reader.text
        session = ReadingSession.objects.get()
        assert (session.consented_at, session.expertise, session.display) == (None, None, None)
        assert session.practised_at is not None


class TestAllSteps:
    def test_come_in_their_order_and_each_once(self):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS)
        reader.open()
        assert "your consent" in reader.text
        assert "3 questions about you" in reader.text
        reader.press()
        assert "Step 1 of 3" in reader.text
        assert_nothing_stored()
        reader.press()
        assert "Step 2 of 3" in reader.text
        reader.press(**ANSWERS)
        assert "Step 3 of 3" in reader.text
        reader.open()
        reader.press()  # Continue: nothing is asked again
        assert "How it works" in reader.text
        reader.press()
        assert "Warm-up 1 of 6" in reader.text

    def test_arriving_again_asks_nothing_again_on_another_computer(self):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS)
        reader.open()
        reader.press()
        reader.press()
        elsewhere = another_browser(reader)
        elsewhere.open()
        assert "Continue" in elsewhere.text
        elsewhere.press()
        assert "About you" in elsewhere.text
        elsewhere.press(**ANSWERS)
        elsewhere.press()
        assert "Warm-up 1 of 6" in elsewhere.text

    def test_steps_cannot_be_skipped_by_address(self):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS)
        reader.open()
        reader.press()
        reader.press()
        public_id = ReadingSession.objects.get().public_id
        begin = reader.client.post(
            reverse("reading:begin", args=[public_id]),
            {"csrfmiddlewaretoken": reader.form().fields["csrfmiddlewaretoken"]},
        )
        assert begin.status_code == 302
        for step in ("instructions", "session", "display", "display_result"):
            reader.open(reverse(f"reading:{step}", args=[public_id]))
            assert "About you" in reader.text, step
        assert ReadingSession.objects.get().state == "arrived"

    def test_service_refuses_what_the_pages_do_not_offer(self):
        reader = make_reader(consent=CONSENT, questions=QUESTIONS)
        session = sessions.start(invitation=invitation_of(reader), seed=1, now=NOW)
        with pytest.raises(Refused, match="asked before reading"):
            services.leave_instructions(session=session, now=NOW)
        assert ReadingSession.objects.get().practised_at is None

    def test_strangers_session_is_not_here(self, stranger):
        reader = make_reader(questions=QUESTIONS, display_check=True)
        reader.open()
        reader.press()
        public_id = reader.address.split("/")[3]
        for step in ("expertise", "display", "display_result", "instructions", "practice", "practice_tall"):
            assert stranger.client.get(reverse(f"reading:{step}", args=[public_id])).status_code == 404


class TestConsent:
    def test_text_is_shown_and_cannot_do_harm(self):
        reader = make_reader(consent=CONSENT)
        reader.open()
        reader.press()
        assert "<strong>stop at any time</strong>" in reader.text
        assert "<script>alert" not in reader.text

    def test_agreeing_starts_the_session_with_its_time(self):
        reader = make_reader(consent=CONSENT)
        reader.open()
        reader.press()
        reader.press()
        assert "How it works" in reader.text
        session = ReadingSession.objects.get()
        assert session.consented_at is not None
        verbs = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)
        assert list(verbs)[-2:] == ["session.started", "session.consented"]

    def test_agreeing_twice_keeps_the_first_time(self):
        reader = make_reader(consent=CONSENT)
        reader.open()
        reader.press()
        reader.send()
        first = ReadingSession.objects.get().consented_at
        response, _ = reader.send()
        assert response.status_code == 302
        assert ReadingSession.objects.get().consented_at == first
        assert AuditEvent.objects.filter(verb="session.consented").count() == 1

    def test_declining_stores_nothing_and_leaves_the_way_back_open(self):
        reader = make_reader(consent=CONSENT)
        reader.open()
        reader.press()
        address = re.search(r'href="([^"]+/declined/)"', reader.text).group(1)
        assert reader.open(address).status_code == 200
        assert "quite all right" in reader.text
        assert_nothing_stored()
        reader.open(re.search(r'class="go go--quiet" href="([^"]+)"', reader.text).group(1))
        reader.press()
        reader.press()
        assert ReadingSession.objects.get().consented_at is not None

    def test_session_started_without_it_is_asked_for_it(self):
        """As a session has it whose Start was pressed while the text was not asked for."""
        reader = make_reader(consent=CONSENT)
        sessions.start(invitation=invitation_of(reader), seed=1, now=NOW)
        reader.open()
        reader.press()
        assert "Your consent" in reader.text
        reader.press()
        assert ReadingSession.objects.get().consented_at is not None

    @pytest.mark.parametrize("page", ["", "consent/"])
    def test_closed_study_and_revoked_invitation_take_no_consent(self, page):
        reader = make_reader(consent=CONSENT)
        reader.open()
        reader.press()
        form = reader.form().fields
        invitation = invitation_of(reader)
        invitations.revoke(invitation=invitation, by=ADMIN, now=NOW)
        response = reader.client.post(reader.link + page, form)
        assert response.headers["Location"] == reader.link
        studies.close(study=invitation.reader.study, by=ADMIN, now=NOW)
        assert reader.client.post(reader.link + page, form).status_code == 302
        assert not ReadingSession.objects.exists()


class TestExpertise:
    @pytest.fixture
    def asked(self) -> ReadingBrowser:
        reader = make_reader(questions=QUESTIONS)
        reader.open()
        reader.press()
        return reader

    def test_answers_are_stored_by_label(self, asked):
        asked.press(**ANSWERS)
        assert ReadingSession.objects.get().expertise == {
            "Role": "Radiologist",
            "Years in breast imaging": 12,
            "Centre": None,
        }

    def test_each_fault_is_said_beside_its_field_and_the_rest_is_kept(self, asked):
        response = asked.press(question_1="", question_2="some", question_3='Aachen "west" <b>')
        assert response.status_code == 400
        assert "2 answers need another look" in asked.text
        assert asked.text.index("Choose the answer that fits best.") < asked.text.index('value="Radiologist"')
        assert re.search(r'id="question_2-fault">Write a whole number in digits alone', asked.text)
        assert 'value="some"' in asked.text
        assert "Aachen &quot;west&quot; &lt;b&gt;" in asked.text
        assert ReadingSession.objects.get().expertise is None

    def test_choice_once_made_stays_chosen(self, asked):
        asked.press(question_1="Physicist", question_2="100001", question_3="")
        assert 'value="Physicist" checked' in asked.text
        assert "Write a number of at most 100000." in asked.text

    def test_second_click_keeps_the_first_answers(self, asked):
        asked.send(**ANSWERS)
        response, _ = asked.send(**{**ANSWERS, "question_2": "40"})
        assert response.status_code == 302
        assert ReadingSession.objects.get().expertise["Years in breast imaging"] == 12


class TestInstructions:
    def test_text_of_the_admin_stands_in_for_the_built_in_one(self):
        reader = make_reader(instructions="# Margins\n\nLook at *them* first. <img src=x onerror=alert(1)>")
        reader.open()
        reader.press()
        assert "<h2>Margins</h2>" in reader.text
        assert "<em>them</em>" in reader.text
        assert "<img src=x" not in reader.text
        assert "Each panel shows" not in reader.text

    def test_practice_panel_comes_under_the_headers_of_every_panel(self, radiologist):
        radiologist.begin()
        real = radiologist.client.get(reverse("reading:panel_data", args=[radiologist.token]))
        practice = radiologist.client.get(reverse("reading:practice_data"))
        assert practice.headers.items() == real.headers.items()
        assert len(practice.content) == len(real.content) == 57_344
        assert practice.content != real.content

    def test_practice_picture_is_there_without_javascript(self, radiologist):
        radiologist.open()
        radiologist.press()
        addresses = re.findall(r'(?:src|srcset)="([^"]+practice[^"]*\.png)"', radiologist.text)
        assert len(addresses) == 2  # for wide and for narrow windows
        for address in addresses:
            assert radiologist.client.get(address).content.startswith(b"\x89PNG")
