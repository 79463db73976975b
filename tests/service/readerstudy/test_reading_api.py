"""What the script of the reading room gets from the server, and what it is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generation.core.storable import is_storable
from readerstudy.models import ReadingSession, Response, Study, Trial
from readerstudy.selectors.room import N_AHEAD
from readerstudy.services import invitations, studies
from tests.factories import ADMIN, NOW, make_invitation, make_study, small_protocol
from tests.running_room import RunningRoom, enter, new_key

pytestmark = [pytest.mark.django_db]


def enter_room() -> RunningRoom:
    """At the first test panel."""
    return enter(make_invitation(make_study("open")))


@pytest.fixture
def room(once) -> RunningRoom:
    return once(enter_room)


@pytest.fixture
def study(room) -> Study:
    """Which is read in the room."""
    return Study.objects.get()


class TestTrials:
    def test_the_window_holds_the_current_panel_and_more_than_five_ahead(self, room):
        window = room.window()
        assert (window["state"], window["n_trials"], window["n_done"]) == ("test", 12, 0)
        assert [item["position"] for item in window["trials"]] == list(range(1, N_AHEAD + 2))
        assert N_AHEAD >= 5

    def test_a_test_panel_is_a_token_and_a_position_and_nothing_else(self, room):
        assert {tuple(item) for item in room.window()["trials"]} == {("token", "position")}

    def test_what_is_in_the_window_may_be_fetched_and_nothing_else(self, room):
        tokens = {item["token"] for item in room.window()["trials"]}
        for trial in Trial.objects.filter(phase="test"):
            response = room.panel(trial.token)
            assert response.status_code == (200 if trial.token in tokens else 404)
            assert len(response.content) == 57_344 or trial.token not in tokens

    def test_a_labelled_warm_up_comes_with_its_origins(self, open_study):
        room = enter(make_invitation(open_study), through_warm_up=False)
        window = room.window()
        assert (window["state"], window["n_trials"]) == ("warm_up", 6)
        for item in window["trials"]:
            source = Trial.objects.get(token=item["token"]).case.source
            title = "" if source == "real" else source.upper()
            assert item["origin"] == {"is_real": source == "real", "title": title}

    def test_before_the_instructions_are_left_there_is_nothing(self, radiologist):
        radiologist.open()
        radiologist.press()
        window = RunningRoom(radiologist).take_seat().window()
        assert (window["state"], window["trials"]) == ("arrived", [])

    def test_after_the_last_answer_there_is_nothing(self, room):
        room.read_on(12)
        assert room.window() == {"state": "finished", "n_trials": 12, "n_done": 12, "trials": []}

    def test_nothing_is_kept_by_caches(self, room):
        for response in (room.trials(), room.answer(room.token()), room.panel(room.token())):
            assert response["Cache-Control"] == "no-store"

    def test_no_page_sets_a_session_of_the_database(self, room):
        assert "sessionid" not in room.client.cookies
        with CaptureQueriesContext(
            connection,
        ) as queries:
            room.panel(room.token())
        assert not [query for query in queries if "django_session" in query["sql"]]


class TestAnswers:
    def test_an_answer_is_stored_with_all_that_came_along(self, room):
        token = room.token()
        said = {
            "rt_ms": 1834,
            "hidden_ms": 250,
            "n_hidden": 1,
            "waited_ms": 60_000,
            "viewer": {"window": 812, "x": 1},
        }
        reply = room.answer(token, "fake", **said).json()
        stored = Response.objects.get()
        assert reply["n_done"] == 1
        assert (stored.answer, stored.trial.token, stored.version) == ("fake", token, 1)
        assert {name: getattr(stored, name) for name in said} == {**said, "viewer": {"window": 812}}

    def test_the_reply_extends_the_window_by_one(self, room):
        before = room.window()["trials"]
        reply = room.answer(before[0]["token"]).json()
        assert [item["position"] for item in reply["next"]] == [N_AHEAD + 2]
        assert room.window()["trials"] == [*before[1:], *reply["next"]]

    def test_a_session_is_read_to_its_end(self, room):
        tokens, token = [], room.token()
        known = {item["position"]: item["token"] for item in room.window()["trials"]}
        for position in range(1, 13):
            reply = room.answer(known[position], "fake").json()
            known |= {item["position"]: item["token"] for item in reply["next"]}
            tokens.append(known[position])
        assert (reply["state"], reply["n_done"], reply["next"]) == ("finished", 12, [])
        assert tokens[0] == token
        assert Response.objects.count() == 12

    def test_the_last_warm_up_panel_leads_to_the_page_before_the_test(self, open_study):
        room = enter(make_invitation(open_study), through_warm_up=False)
        for _ in range(6):
            reply = room.answer(room.token(), "").json()
        assert (reply["state"], reply["n_done"], reply["next"]) == ("test", 6, [])
        assert not Trial.objects.filter(phase="test", served_at__isnull=False).exists()
        page = room.client.get(reverse("reading:session", args=[room.public_id]))
        assert "The warm-up is done" in page.content.decode()

    def test_the_same_request_again_is_the_same_200(self, room):
        body = room.body(room.token(), answer="real")
        first, again = room.post("answers", body), room.post("answers", body)
        assert (first.status_code, again.status_code) == (200, 200)
        assert (first.json()["n_done"], first.json()["state"]) == (
            again.json()["n_done"],
            again.json()["state"],
        )
        assert again.json()["next"] == room.window()["trials"]
        assert Response.objects.count() == 1

    def test_the_last_request_again_is_a_200_also_when_the_study_was_closed_since(self, room, study):
        body = room.body(room.token(), answer="real")
        room.post("answers", body)
        studies.close(study=study, by=ADMIN, now=NOW)
        assert room.post("answers", body).status_code == 200
        assert Response.objects.count() == 1

    def test_another_answer_is_refused_and_the_first_is_kept(self, room):
        token = room.token()
        room.answer(token, "real")
        refused = room.answer(token, "fake")
        assert (refused.status_code, refused.json()["kind"], refused.json()["answer"]) == (
            409,
            "kept",
            "real",
        )
        assert Response.objects.get().answer == "real"

    def test_another_confidence_is_another_answer(self):
        room = enter(make_invitation(make_study(protocol=small_protocol(confidence_levels=3))))
        token = room.token()
        assert room.answer(token, "real", confidence=2).status_code == 200
        assert room.answer(token, "real", confidence=2).status_code == 200
        assert room.answer(token, "real", confidence=3).json()["kind"] == "kept"

    def test_only_the_current_trial_is_answered(self, room):
        current, ahead = room.window()["trials"][:2]
        refused = room.answer(ahead["token"])
        assert (refused.status_code, refused.json()["kind"]) == (409, "order")
        assert refused.json()["token"] == current["token"]
        assert room.answer("0" * 32).json()["token"] == current["token"]
        assert not Response.objects.exists()

    def test_a_trial_that_was_never_let_out_is_not_answered(self, room):
        token = room.token()
        Trial.objects.filter(done_at=None).update(served_at=None)
        assert room.answer(token).json()["kind"] == "order"

    def test_answers_in_a_closed_study_are_refused(self, room, study):
        token = room.token()
        studies.close(study=study, by=ADMIN, now=NOW)
        refused = room.answer(token)
        assert (refused.status_code, refused.json()["kind"]) == (403, "closed")
        assert refused.json()["sentence"] == "This study is closed; thank you for your interest."
        assert room.trials().status_code == room.post("seat", {}).status_code == 403
        assert room.panel(token).status_code == 404

    def test_a_revoked_reader_is_told_so(self, room, study):
        token = room.token()
        invitations.revoke(invitation=study.readers.get().invitation, by=ADMIN, now=NOW)
        assert room.answer(token).json()["sentence"].startswith("This invitation was withdrawn")
        assert not Response.objects.exists()

    def test_a_new_link_shuts_out_windows_of_the_old_one(self, room, study):
        token = room.token()
        invitations.replace_link(invitation=study.readers.get().invitation, by=ADMIN, now=NOW)
        refused = room.answer(token)
        assert (refused.status_code, refused.json()["kind"]) == (404, "gone")

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"answer": "maybe"}, "Choose Real or Synthetic."),
            ({"answer": ""}, "Choose Real or Synthetic."),
            ({"answer": 1}, "The answer has a value of the wrong type; load the page again."),
            ({"comment": ["x"]}, "The answer has a value of the wrong type; load the page again."),
            ({"is_timeout": 1}, "The answer has a value of the wrong type; load the page again."),
            ({"confidence": "3"}, "The confidence is '3'; give a whole number or nothing."),
            ({"confidence": 3}, "This study does not ask how sure you are; choose Real or Synthetic only."),
            ({"comment": "Looks odd"}, "This study takes no comments; answer without one."),
            ({"answer": "", "is_timeout": True}, "This panel has no time limit; choose Real or Synthetic."),
            ({"key": ""}, "The request has no usable key; load the page again."),
            ({"key": "k" * 65}, "The request has no usable key; load the page again."),
            ({"token": None}, "The request has no usable token; load the page again."),
            *(
                ({name: text}, f"The request has no usable {name}; load the page again.")
                for name in ("key", "token", "seat")
                for text in ("\x00", "a\x00b", "\ud800", "a\udfff")
            ),
            (
                {"viewer": {"note": "x" * 20_000}},
                "The request is longer than 16384 bytes; load the page again.",
            ),
        ],
    )
    def test_bad_values_are_refused(self, room, said, sentence):
        refused = room.post("answers", {**room.body(room.token(), answer="real"), **said})
        assert (refused.status_code, refused.json()) == (400, {"kind": "bad", "sentence": sentence})
        assert not Response.objects.exists()

    @pytest.mark.parametrize("name", ["answers", "seen", "undo"])
    @pytest.mark.parametrize("text", ["\x00", "\ud800"])
    @pytest.mark.parametrize(
        "field", ["seat", "key", "token", "answer", "comment", "confidence", "viewer", "rt_ms"]
    )
    def test_no_text_that_cannot_be_stored_breaks_the_server(self, room, name, field, text):
        body = {**room.body(room.token(), answer="real"), field: text, text: text}
        assert room.post(name, body).status_code < 500
        assert all(is_storable(response.key) for response in Response.objects.all())

    @pytest.mark.parametrize("text", ["%00", "a%00b", "%ED%A0%80"])
    def test_nor_a_seat_in_an_address(self, room, text):
        assert room.client.get(f"{room.address('trials')}?seat={text}").status_code == 409

    @pytest.mark.parametrize("body", ["", "[]", "{", "[" * 5000, '"x"'])
    def test_what_is_no_object_is_refused(self, room, body):
        refused = room.post("answers", body)
        assert (refused.status_code, refused.json()["kind"]) == (400, "bad")

    @pytest.mark.parametrize("value", [-1, 10**12, 1.5, "900", None, True])
    def test_a_number_that_cannot_be_true_is_unknown_and_costs_no_answer(self, room, value):
        names = ("rt_ms", "hidden_ms", "n_hidden", "waited_ms")
        assert room.answer(room.token(), **dict.fromkeys(names, value)).status_code == 200
        stored = Response.objects.get()
        assert [getattr(stored, name) for name in names] == [None] * 4

    def test_the_reader_was_last_seen_when_the_answer_was_given(self, room):
        room.answer(room.token(), waited_ms=3_600_000)
        session = ReadingSession.objects.get()
        waited = Response.objects.get().answered_at - session.seen_at
        assert waited == timedelta(hours=1)


def test_an_answer_and_a_panel_cost_few_queries(room):
    room.read_on(2)
    current, ahead = room.window()["trials"][:2]
    room.panel(current["token"])  # a process looks up once which frames the panels of a study have
    with CaptureQueriesContext(connection) as queries:
        room.post("answers", room.body(current["token"], answer="real", key=new_key()))
    statements = [query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]]
    # session; its claim; the window; the response; done; the panel let out
    assert statements == ["SELECT", "UPDATE", "SELECT", "INSERT", "UPDATE", "UPDATE"]
    with CaptureQueriesContext(connection) as queries:
        room.panel(ahead["token"])
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]
