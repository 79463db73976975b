"""What a study may ask of every answer: a comment, a time limit, a least time to look, breaks."""

from datetime import timedelta

import pytest
from django.urls import reverse

from readerstudy.models import Response, Trial
from tests.factories import NOW, ReadingBrowser, make_invitation
from tests.running_room import enter
from tests.studies import conduct_study

pytestmark = pytest.mark.django_db


class TestComment:
    def test_is_stored_as_one_line(self):
        room = enter(make_invitation(conduct_study(comment=True)))
        room.answer(room.token(), comment="  chequerboard\n\tin \x00T2 ")
        assert Response.objects.get().comment == "chequerboard in T2"

    def test_has_a_limit(self):
        room = enter(make_invitation(conduct_study(comment=True)))
        refused = room.answer(room.token(), comment="x" * 501)
        assert refused.json()["sentence"] == "The comment has 501 characters; write at most 500."
        assert room.answer(room.token(), comment="x" * 500).status_code == 200


class TestTimeLimit:
    def test_time_up_is_stored_without_an_answer(self):
        room = enter(make_invitation(conduct_study(time_limit_seconds=10)))
        token = room.token()
        reply = room.answer(token, "", is_timeout=True, rt_ms=10_000)
        assert reply.json()["n_done"] == 1
        stored = Response.objects.get()
        assert (stored.answer, stored.is_timeout, stored.rt_ms) == ("", True, 10_000)

    def test_an_answer_after_time_was_up_is_a_conflict(self):
        room = enter(make_invitation(conduct_study(time_limit_seconds=10)))
        token = room.token()
        room.answer(token, "", is_timeout=True)
        refused = room.answer(token, "real").json()
        assert (refused["kind"], refused["answer"]) == ("kept", "")

    def test_an_answer_that_was_none_is_no_timeout(self):
        room = enter(make_invitation(conduct_study(time_limit_seconds=10)))
        assert room.answer(room.token(), "").status_code == 400
        assert room.answer(room.token(), "real", is_timeout=True).status_code == 400

    def test_the_warm_up_has_no_limit(self):
        study = conduct_study(time_limit_seconds=10, warm_up_mode="answer-then-reveal")
        room = enter(make_invitation(study), through_warm_up=False)
        refused = room.answer(room.token(), "", is_timeout=True)
        assert refused.json()["sentence"] == "This panel has no time limit; choose Real or Synthetic."


class TestMinViewingTime:
    def test_an_answer_before_it_is_refused(self):
        room = enter(make_invitation(conduct_study(min_viewing_seconds=2)), through_warm_up=False)
        refused = room.answer(room.token(), "", rt_ms=1_999)
        assert (refused.status_code, refused.json()["kind"]) == (400, "bad")
        assert refused.json()["sentence"] == "Look at each panel for at least 2 s; then answer."
        assert room.answer(room.token(), "", rt_ms=1_500, hidden_ms=500).status_code == 200

    def test_without_a_measured_time_the_servers_clock_counts(self):
        room = enter(make_invitation(conduct_study(min_viewing_seconds=2)), through_warm_up=False)
        token = room.token()
        assert room.answer(token, "", rt_ms=None).status_code == 400
        served_at = Trial.objects.get(token=token).served_at
        Trial.objects.filter(token=token).update(served_at=served_at - timedelta(seconds=2))
        assert room.answer(token, "", rt_ms=None).status_code == 200

    def test_a_form_cannot_be_sent_before_it(self):
        reader = ReadingBrowser(make_invitation(conduct_study(min_viewing_seconds=2))).begin()
        assert reader.press().status_code == 400
        assert "Look at each panel for at least 2 s" in reader.text
        Trial.objects.filter(served_at__isnull=False).update(served_at=NOW - timedelta(days=300))
        assert "Warm-up 2 of 6" in reader.press().content.decode()


class TestBreaks:
    def test_a_page_offers_a_break_after_every_nth_answer_but_the_last(self):
        reader = ReadingBrowser(make_invitation(conduct_study(break_every=4))).begin().see_warm_up()
        places = []
        for number in range(1, 13):
            reader.press("real")
            if "/break/" in reader.address:
                places.append(number)
                assert f"{number} of 12" in " ".join(reader.text.split())
                reader.follow_link()
        assert places == [4, 8]
        assert "All done" in reader.text

    def test_the_script_is_not_held_up(self):
        room = enter(make_invitation(conduct_study(break_every=2)))
        room.read_on(12)
        assert room.window()["state"] == "finished"
        assert room.client.get(reverse("reading:break", args=[room.public_id])).status_code == 200
