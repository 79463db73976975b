"""Taking back the last answer, where a study allows it: every version is kept."""

import pytest

from readerstudy.models import ReadingSession, Response, Trial, WithdrawnResponse
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation
from tests.running_room import RunningRoom, enter
from tests.studies import conduct_study

pytestmark = pytest.mark.django_db


def enter_room() -> RunningRoom:
    """At the first test panel of a study that allows undo."""
    return enter(make_invitation(conduct_study(undo=True)))


@pytest.fixture
def room(once) -> RunningRoom:
    return once(enter_room)


class TestTakeBack:
    def test_opens_the_last_trial_again_and_keeps_its_answer(self, room):
        (token,) = room.read_on(1, "real", rt_ms=700)
        reply = room.undo(token)
        assert reply.status_code == 200
        assert set(reply.json()) == {"n_done", "state", "trials"}
        assert (reply.json()["n_done"], reply.json()["state"]) == (0, "test")
        assert reply.json()["trials"][0] == {"token": token, "position": 1}
        withdrawn = WithdrawnResponse.objects.get()
        assert (withdrawn.answer, withdrawn.rt_ms, withdrawn.version) == ("real", 700, 1)
        assert not Response.objects.exists()
        assert Trial.objects.get(token=token).done_at is None

    def test_every_version_is_counted(self, room):
        token = room.token()
        for version, answer in enumerate(("real", "fake", "real"), start=1):
            room.answer(token, answer)
            assert Response.objects.get().version == version
            if version < 3:
                room.undo(token)
        assert list(WithdrawnResponse.objects.values_list("version", "answer")) == [(1, "real"), (2, "fake")]

    def test_the_same_request_again_is_the_same_200(self, room):
        (token,) = room.read_on(1)
        body = room.body(token)
        first, again = room.post("undo", body), room.post("undo", body)
        assert first.status_code == again.status_code == 200
        assert first.json() == again.json()
        assert WithdrawnResponse.objects.count() == 1

    def test_a_repeated_undo_after_a_new_answer_takes_nothing_back(self, room):
        (token,) = room.read_on(1)
        body = room.body(token)
        room.post("undo", body)
        room.answer(token, "fake")
        assert room.post("undo", body).json()["n_done"] == 1
        assert Response.objects.get().answer == "fake"

    def test_a_late_repetition_of_the_answer_taken_back_stores_nothing(self, room):
        token = room.token()
        body = room.body(token, answer="real")
        room.post("answers", body)
        room.undo(token)
        late = room.post("answers", body)
        assert (late.status_code, late.json()["n_done"]) == (200, 0)
        assert not Response.objects.exists()
        room.answer(token, "fake")
        assert room.post("answers", body).status_code == 200
        assert Response.objects.get().answer == "fake"

    def test_only_the_last_answer_is_taken_back(self, room):
        tokens = room.read_on(2)
        refused = room.undo(tokens[0])
        assert (refused.status_code, refused.json()["kind"]) == (409, "order")
        room.undo(tokens[1])
        assert room.undo(tokens[0]).json()["kind"] == "order"  # one step back, not two
        room.answer(tokens[1])
        assert room.undo(tokens[1]).status_code == 200
        assert room.undo(room.token()).json()["kind"] == "order"

    def test_the_panel_may_be_fetched_before_it_is_open_again(self, room):
        tokens = room.read_on(2)
        assert [room.panel(token).status_code for token in tokens] == [404, 200]

    def test_nothing_is_taken_back_after_the_end(self, room):
        tokens = room.read_on(12)
        refused = room.undo(tokens[-1])
        assert (refused.status_code, refused.json()["kind"]) == (400, "bad")
        assert Response.objects.count() == 12

    def test_the_warm_up_is_not_taken_back(self):
        room = enter(make_invitation(conduct_study(undo=True)), through_warm_up=False)
        token = room.token()
        room.answer(token, "")
        assert room.undo(token).status_code == 400

    def test_in_a_closed_study_nothing_is_taken_back(self, room):
        (token,) = room.read_on(1)
        studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
        assert room.undo(token).status_code == 403
        assert Response.objects.count() == 1

    def test_a_study_can_forbid_it(self, open_study):
        room = enter(make_invitation(open_study))
        (token,) = room.read_on(1)
        refused = room.undo(token)
        assert refused.json() == {"kind": "bad", "sentence": "In this study an answer cannot be taken back."}
        assert room.panel(token).status_code == 404


class TestForms:
    def test_the_last_answer_is_taken_back_without_javascript(self):
        reader = ReadingBrowser(make_invitation(conduct_study(undo=True))).begin().see_warm_up()
        first = reader.token
        reader.press("real")
        assert "Trial 2 of 12" in reader.text
        address = f"/read/t/{first}/take-back/"
        assert address in reader.text
        key = reader.form().fields["key"]
        csrf = reader.client.cookies["csrftoken"].value
        data = {"csrfmiddlewaretoken": csrf, "key": key}
        assert reader.client.post(address, data).status_code == 302
        reader.open()
        reader.press()
        assert reader.token == first
        assert "take-back" not in reader.text
        reader.press("fake")
        assert (Response.objects.get().answer, WithdrawnResponse.objects.get().answer) == ("fake", "real")

    def test_without_leave_there_is_no_button_and_nothing_happens(self, radiologist):
        radiologist.begin().see_warm_up()
        first = radiologist.token
        radiologist.press("real")
        assert "take-back" not in radiologist.text
        csrf = radiologist.client.cookies["csrftoken"].value
        radiologist.client.post(f"/read/t/{first}/take-back/", {"csrfmiddlewaretoken": csrf, "key": "k"})
        assert Response.objects.count() == 1

    def test_a_key_that_cannot_be_stored_changes_nothing(self):
        reader = ReadingBrowser(make_invitation(conduct_study(undo=True))).begin().see_warm_up()
        first = reader.token
        csrf = reader.client.cookies["csrftoken"].value
        sent = {"csrfmiddlewaretoken": csrf, "answer": "real", "key": "a\x00b"}
        refused = reader.client.post(f"/read/t/{first}/", sent)
        assert refused.status_code == 400
        assert "The request has no usable key; load the page again." in refused.content.decode()
        assert not Response.objects.exists()
        reader.press("real")
        answer = reader.client.post(
            f"/read/t/{first}/take-back/", {"csrfmiddlewaretoken": csrf, "key": "a\x00b"}
        )
        assert answer.status_code == 302
        assert Response.objects.count() == 1
        assert not WithdrawnResponse.objects.exists()


def test_the_trial_csv_tells_versions(room):
    tokens = room.read_on(2, comment="")
    room.undo(tokens[1])
    room.answer(tokens[1], "fake")
    study = studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
    rows = [row for row in trial_rows(study) if row.phase == "test"]
    assert [(row.answer, row.extra["version"], row.extra["n_withdrawn"]) for row in rows[:3]] == [
        ("real", "1", "0"),
        ("fake", "2", "1"),
        ("", "", "0"),
    ]
