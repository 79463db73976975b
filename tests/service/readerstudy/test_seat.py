"""Whose session it is: the browser that owns it, and the one window of it that reads."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readerstudy.models import ReadingSession, Response
from tests.factories import ReadingBrowser, make_invitation
from tests.running_room import RunningRoom, enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(open_study) -> RunningRoom:
    """At the first test panel."""
    return enter(make_invitation(open_study))


class TestSeat:
    def test_the_second_window_takes_over_and_the_first_learns_it(self, room):
        first, token = room.seat, room.token()
        second = RunningRoom(_same_reader(room), room.public_id).take_seat()
        for refused in (room.trials(), room.answer(token), room.undo(token), room.see(token)):
            assert (refused.status_code, refused.json()["kind"]) == (409, "moved")
        assert second.answer(token).status_code == 200
        assert second.seat != first
        assert room.take_seat().answer(room.token()).status_code == 200
        assert second.trials().json()["kind"] == "moved"
        assert Response.objects.count() == 2

    def test_without_a_seat_nothing_is_taken(self, room):
        token = room.token()
        room.seat = ""
        assert room.answer(token).status_code == 400
        assert room.trials().json()["kind"] == "moved"
        room.seat = "f" * 32
        assert room.answer(token).json()["kind"] == "moved"

    def test_a_form_is_taken_whatever_window_reads(self, open_study):
        reader = ReadingBrowser(make_invitation(open_study)).begin().see_warm_up()
        room = RunningRoom(reader).take_seat()
        assert "Trial 2 of 12" in reader.press("real").content.decode()
        assert room.window()["n_done"] == 1


class TestOwnership:
    ROUTES = ("seat", "trials", "answers", "seen", "undo")

    def test_a_stranger_and_a_made_up_session_get_the_same(self, room, stranger):
        other = RunningRoom(stranger)
        for name in self.ROUTES:
            replies = []
            for public_id in (room.public_id, "0" * 32):
                other.public_id = public_id
                replies.append(
                    other.trials() if name == "trials" else other.post(name, other.body(room.token()))
                )
            assert replies[0].status_code == replies[1].status_code == 404
            assert replies[0].content == replies[1].content
            assert replies[0].serialize_headers() == replies[1].serialize_headers()

    def test_a_forged_cookie_opens_nothing(self, room):
        token = room.token()
        value = room.client.cookies["reading"].value
        room.client.cookies["reading"] = value.replace(value[:8], "00000000", 1)
        assert room.answer(token).json()["kind"] == "gone"
        assert room.panel(token).status_code == 404

    def test_the_cookie_is_for_the_reading_room_only(self, room):
        cookie = room.client.cookies["reading"]
        assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/read/", True, "Lax")
        assert int(cookie["max-age"]) == 90 * 24 * 60 * 60

    def test_a_request_from_elsewhere_is_refused(self, room):
        token = room.token()
        client = Client(enforce_csrf_checks=True)
        client.cookies = room.client.cookies
        response = client.post(room.address("answers"), room.body(token), content_type="application/json")
        assert response.status_code == 403
        assert not Response.objects.exists()

    def test_nobody_is_looked_up_between_panels_not_even_an_admin_in_the_same_browser(
        self, room, study_admin
    ):
        token = room.token()
        room.client.cookies["sessionid"] = study_admin.cookies["sessionid"].value
        with CaptureQueriesContext(connection) as queries:
            assert room.panel(token).status_code == room.answer(token).status_code == 200
        tables = " ".join(query["sql"] for query in queries)
        assert "django_session" not in tables
        assert "auth_user" not in tables

    def test_methods_are_named(self, room):
        for name in self.ROUTES:
            wrong = room.post(name, {}) if name == "trials" else room.client.get(room.address(name))
            assert wrong.status_code == 405

    def test_a_browser_keeps_the_latest_twenty_sessions(self, open_study):
        client = ReadingBrowser(make_invitation(open_study, "First")).begin().client
        for i in range(20):
            reader = ReadingBrowser(make_invitation(open_study, f"Reader {i}"))
            reader.client = client
            reader.begin()
        ids = list(ReadingSession.objects.order_by("pk").values_list("public_id", flat=True))
        answers = [client.get(reverse("reading:session", args=[public_id])).status_code for public_id in ids]
        assert answers == [404] + [302] * 20


def _same_reader(room: RunningRoom) -> ReadingBrowser:
    """The same person at another computer."""
    session = ReadingSession.objects.get(public_id=room.public_id)
    reader = ReadingBrowser(session.invitation)
    reader.open()
    reader.press()
    return reader
