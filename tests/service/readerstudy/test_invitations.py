"""Invitations: lists, expiry, e-mails, cards, and what readers are told when time is over."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from segno import encoder

from generation.core.errors import InputError
from readerstudy.core import invitation_csv
from readerstudy.core.errors import Closed
from readerstudy.core.judgement import Judgement
from readerstudy.jobs import sending
from readerstudy.models import Invitation, InvitationMail, Reader, Response, Study
from readerstudy.services import invitations, letters, responses
from readerstudy.views import invitation_sheets
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol
from tests.running_room import enter

pytestmark = pytest.mark.django_db
LIST = "name;email;group\nRosa Reader;rosa@x.example;radiologist\nLeo;;layperson\n"


@pytest.fixture
def address(open_study):
    return reverse("readerstudy:invitation_list", args=[open_study.slug])


def with_address(
    study: Study, name: str = "Rosa Reader", email: str = "rosa@x.example", **more
) -> Invitation:
    return invitations.invite(
        study=study, name=name, group="radiologist", email=email, by=ADMIN, now=timezone.now(), **more
    )


class TestList:
    def test_it_is_looked_at_first_and_then_everybody_is_invited_once(self, study_admin, open_study, address):
        page = study_admin.post(address, {"text": LIST})
        assert "2 new readers" in page.content.decode()
        assert not Reader.objects.exists()
        for _ in range(2):  # a second click, or the same file again
            study_admin.post(address, {"text": LIST, "step": "invite"})
            assert list(Reader.objects.values_list("pseudonym", "name")) == [
                ("R01", "Rosa Reader"),
                ("R02", "Leo"),
            ]
        assert "already invited as R01" in study_admin.post(address, {"text": LIST}).content.decode()

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("Mo;no address;layperson", "&quot;no address&quot; is no e-mail address"),
            ("Rosa;ROSA@x.example;radiologist", "Line 2 names the same address"),
            ("Leo;;layperson", "Line 3 names the same reader"),
            ("Known;known@x.example;layperson", "in the group &quot;radiologist&quot;"),
            ("Other;known@x.example;radiologist", "under another name (Known)"),
        ],
    )
    def test_one_wrong_line_and_nobody_is_invited(self, study_admin, open_study, address, line, sentence):
        with_address(open_study, "Known", "known@x.example")
        page = study_admin.post(address, {"text": LIST + line, "step": "invite"})
        assert page.status_code == 422
        assert sentence in page.content.decode()
        assert Reader.objects.count() == 1

    def test_a_reader_of_a_long_list_is_as_quick_to_invite_as_one_of_a_short_one(self, open_study):
        lines = invitation_csv.read("name,group\n" + "".join(f"Reader {n},layperson\n" for n in range(20)))
        with CaptureQueriesContext(connection) as asked:
            made = invitations.invite_all(study=open_study, lines=lines, by=ADMIN, now=NOW)
        assert [one.reader.pseudonym for one in made] == [f"R{n:02d}" for n in range(1, 21)]
        assert sum("invitation.made" in query["sql"] and "SELECT" in query["sql"] for query in asked) == 1

    def test_readers_stand_in_the_order_of_their_numbers(self, study_admin, open_study):
        for number in (9, 99, 100, 11):
            reader = Reader.objects.create(
                study=open_study,
                pseudonym=f"R{number:02d}",
                name=f"N{number}",
                group="a",
                email=f"{number}@x.example",
            )
            Invitation.objects.create(reader=reader, public_id=f"{number:032d}", created_at=NOW)
        for name in ("study_readers", "letters", "invitation_sheet"):
            page = study_admin.get(reverse(f"readerstudy:{name}", args=[open_study.slug])).content.decode()
            places = [page.index(f">N{number}") for number in (9, 11, 99, 100)]
            assert places == sorted(places), name

    def test_the_database_keeps_an_address_to_one_reader(self, open_study):
        with_address(open_study)
        with pytest.raises(IntegrityError), transaction.atomic():
            Reader.objects.create(
                study=open_study, pseudonym="R09", name="X", email="ROSA@x.example", group="a"
            )


class TestTime:
    def test_an_expired_link_says_so_and_opens_nothing(self, open_study):
        invitation = with_address(open_study, expires_at=timezone.now() + timedelta(days=1))
        reader = ReadingBrowser(invitation).begin()
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        again = ReadingBrowser(invitation)
        again.open()
        assert "valid for a limited time, which is over" in again.text
        assert "<form" not in again.text.split("languages")[0]
        reader.open(reader.address)  # a browser that is in reads on
        assert "Warm-up 1" in reader.text

    def test_expiry_can_be_changed_but_not_to_the_past(self, study_admin, open_study):
        invitation = with_address(open_study)
        page = reverse("readerstudy:invitation_expiry", args=[open_study.slug, "R01"])
        assert study_admin.post(page, {"until": "2020-01-01"}).status_code == 422
        assert "not both" in study_admin.post(page, {"until": "2090-01-01", "days": "3"}).content.decode()
        study_admin.post(page, {"days": "3"})
        invitation.refresh_from_db()
        assert (timezone.localtime(invitation.expires_at).date() - timezone.localdate()).days == 3
        assert open_study.audit_events.filter(verb="invitation.expiry_set").exists()

    def test_after_the_end_nothing_is_taken_and_the_reader_is_told(self, open_study):
        invitation = make_invitation(open_study)
        room = enter(invitation)
        token = room.token()
        Study.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
        refused = room.answer(token)
        assert (refused.status_code, refused.json()["kind"]) == (403, "closed")
        assert "The time for this study is over" in refused.json()["sentence"]
        assert room.panel(token).status_code == 404
        assert not Response.objects.exists()
        for browser in (ReadingBrowser(invitation), ReadingBrowser(invitation)):
            browser.open()
            assert "The time for this study is over" in browser.text

    def test_an_answer_from_before_the_end_that_waited_for_the_network_counts(self, open_study):
        room = enter(make_invitation(open_study))
        token, following = (one["token"] for one in room.window()["trials"][:2])
        Study.objects.update(ends_at=timezone.now() - timedelta(minutes=5))
        assert room.answer(token, waited_ms=10 * 60_000).json()["next"] == []
        assert room.answer(following, waited_ms=60_000).status_code == 403
        assert Response.objects.count() == 1

    def test_a_day_after_the_end_nothing_is_taken_however_long_it_is_said_to_have_waited(self, open_study):
        room = enter(make_invitation(open_study))
        token, following = (one["token"] for one in room.window()["trials"][:2])
        week = 7 * 24 * 60 * 60 * 1000
        Study.objects.update(ends_at=timezone.now() - timedelta(hours=23))
        assert room.answer(token, waited_ms=week).status_code == 200
        Study.objects.update(ends_at=timezone.now() - timedelta(hours=25))
        assert room.answer(following, waited_ms=week).status_code == 403
        assert Response.objects.count() == 1

    def test_the_end_is_told_on_arrival_in_the_language_of_the_study(self):
        study = make_study(protocol=small_protocol(language="de"))
        Study.objects.filter(pk=study.pk).update(ends_at=timezone.now() + timedelta(days=2))
        browser = ReadingBrowser(make_invitation(study))
        browser.open()
        assert "danach wird keine Antwort mehr angenommen" in browser.text
        Study.objects.filter(pk=study.pk).update(ends_at=timezone.now() - timedelta(days=2))
        browser.open()
        assert "Die Zeit für diese Studie ist um" in browser.text


class TestLetters:
    @pytest.fixture
    def send(self, study_admin, open_study, django_capture_on_commit_callbacks):
        def post(name: str, *args: str, **data: str) -> str:
            with django_capture_on_commit_callbacks(execute=True):
                page = study_admin.post(
                    reverse(f"readerstudy:{name}", args=[open_study.slug, *args]), data, follow=True
                )
            return page.content.decode()

        return post

    def test_everybody_with_an_address_gets_one_and_only_one(self, open_study, send):
        invitation = with_address(open_study)
        with_address(open_study, "Leo", "")
        assert "Nothing was sent: tick the box" in send("letters_send")
        for _ in range(2):
            page = send("letters_send", confirmed="yes")
        (letter,) = outbox.outbox
        link = f"http://testserver{ReadingBrowser(invitation).link}"
        assert (letter.to, link in letter.body, link in letter.alternatives[0].content) == (
            ["rosa@x.example"],
            True,
            True,
        )
        assert "no address" in page
        invitation.refresh_from_db()
        assert (invitation.n_sent, invitation.sent_at is not None) == (1, True)
        send("letter_send", "R01")
        assert len(outbox.outbox) == 2

    def test_it_tells_nothing_of_others_and_loads_nothing(self, open_study, send):
        with_address(open_study)
        with_address(open_study, "Leo Layperson", "leo@x.example")
        send("letter_send", "R01")
        (letter,) = outbox.outbox
        text, html = letter.body, letter.alternatives[0].content
        for word in ("Leo", "R02", "dcgan", "240", "<img", "url(", "src="):
            assert word not in text + html
        assert html.count("http") == 2  # the link, on the button and in full
        assert "Rosa Reader" in text

    def test_german_and_own_words(self, study_admin):
        study = make_study(protocol=small_protocol(language="de"))
        with_address(study)
        page = reverse("readerstudy:letters", args=[study.slug])
        assert "Guten Tag Rosa Reader," in study_admin.get(page).content.decode()
        text = study_admin.post(
            page, {"subject": "Our {study}", "note": "Bitte <lesen>."}, follow=True
        ).content.decode()
        assert f"Our {study.name}" in text
        assert "Bitte &lt;lesen&gt;." in text
        shown = study_admin.get(reverse("readerstudy:letter_example", args=[study.slug]))
        assert "style-src 'unsafe-inline'" in shown["Content-Security-Policy"]

    def test_a_server_that_is_away_is_asked_again_and_then_it_is_said(self, open_study, monkeypatch):
        invitation = with_address(open_study)
        (row,) = letters.queue(wanted=[invitation], site="https://x.example", by=ADMIN, now=NOW)

        def refuse(*_: object) -> None:
            raise smtplib.SMTPServerDisconnected("rosa@x.example went away")

        monkeypatch.setattr(sending, "_send", refuse)
        delays = [sending.run(row.pk) for _ in range(4)]
        assert delays == [timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30), None]
        row.refresh_from_db()
        assert row.status == "failed"
        assert "rosa" not in row.error
        assert sending.run(row.pk) is None

    def test_what_a_mail_server_may_have_is_not_sent_again(self, open_study):
        (row,) = letters.queue(wanted=[with_address(open_study)], site="https://x.example", by=ADMIN, now=NOW)
        InvitationMail.objects.update(handed_at=NOW)  # the worker died here, and the row was queued again
        sending.run(row.pk)
        row.refresh_from_db()
        assert (row.status, row.error, outbox.outbox) == ("failed", letters.UNKNOWN_OUTCOME, [])

    def test_nobody_is_written_to_who_cannot_read(self, open_study):
        revoked = with_address(open_study)
        invitations.revoke(invitation=revoked, by=ADMIN, now=NOW)
        with pytest.raises(InputError, match="R01 cannot be sent an e-mail: revoked"):
            letters.queue(wanted=[revoked], site="https://x.example", by=ADMIN, now=NOW)


def test_cards_have_link_and_code_without_any_style(study_admin, open_study):
    for name in ("Rosa", "Leo"):
        make_invitation(open_study, name)
    text = study_admin.get(reverse("readerstudy:invitation_sheet", args=[open_study.slug])).content.decode()
    assert (text.count("<article"), text.count("<svg"), text.count("style=")) == (2, 2, 0)
    one = study_admin.get(
        reverse("readerstudy:invitation_sheet_of", args=[open_study.slug, "R02"])
    ).content.decode()
    assert "Leo" in one
    assert "Rosa" not in one


def test_a_code_is_drawn_without_comparing_all_masks(monkeypatch):
    """Which is most of the work: a sheet of 500 cards took ten seconds."""
    compared = []
    scored = encoder.mask_scores
    monkeypatch.setattr(encoder, "mask_scores", lambda *given: compared.append(1) or scored(*given))
    assert invitation_sheets.code("https://study.example/read/i/abc/").startswith("<svg")
    assert not compared


def test_late_answers_count_for_a_day_at_most(open_study):
    room = enter(make_invitation(open_study))
    token = room.token()
    now = timezone.now()
    Study.objects.update(ends_at=now)
    with pytest.raises(Closed):
        responses.give(
            public_id=room.public_id,
            token=token,
            judgement=Judgement(answer="real"),
            key="k",
            now=now + timedelta(hours=1),
        )
