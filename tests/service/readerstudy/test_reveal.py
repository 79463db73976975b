"""The warm-up that is answered first: its truth leaves the server only after the answer is stored."""

import re

import pytest

from evaluation.core.accuracy import tabulate
from readerstudy.models import ReadingSession, Response, Trial
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation
from tests.running_room import RunningRoom, enter
from tests.studies import conduct_study
from tests.visible import visible_text

pytestmark = pytest.mark.django_db


def enter_room() -> RunningRoom:
    """At the first warm-up panel."""
    return enter(make_invitation(conduct_study(warm_up_mode="answer-then-reveal")), through_warm_up=False)


@pytest.fixture
def room(once) -> RunningRoom:
    return once(enter_room)


def origin_of(token: str) -> dict[str, object]:
    source = Trial.objects.get(token=token).case.source
    return {"is_real": source == "real", "title": "" if source == "real" else source.upper()}


class TestApi:
    def test_no_origin_before_the_answer(self, room):
        assert {tuple(item) for item in room.window()["trials"]} == {("token", "position")}

    def test_the_answer_brings_the_origin_and_the_panel_stays(self, room):
        token = room.token()
        reply = room.answer(token, "fake").json()
        assert reply == {"n_done": 0, "state": "warm_up", "next": [], "origin": origin_of(token)}
        assert Response.objects.get().answer == "fake"

    def test_a_reveal_that_was_not_looked_at_comes_again(self, room):
        token = room.token()
        room.answer(token, "fake")
        first, *others = room.window()["trials"]
        assert first == {"token": token, "position": 1, "origin": origin_of(token), "answer": "fake"}
        assert {tuple(item) for item in others} == {("token", "position")}

    def test_the_same_answer_again_is_the_same_and_another_one_is_refused(self, room):
        token = room.token()
        first, again = room.answer(token, "fake"), room.answer(token, "fake")
        assert first.json() == again.json()
        assert room.answer(token, "real").json()["kind"] == "kept"
        assert Response.objects.count() == 1

    def test_seeing_it_goes_on(self, room):
        token = room.token()
        room.answer(token, "real")
        reply = room.see(token)
        assert (reply.status_code, reply.json()["n_done"]) == (200, 1)
        assert room.see(token).json()["n_done"] == 1  # a repetition
        assert room.answer(token, "real").status_code == 200  # and of the answer
        assert room.token() != token

    def test_without_an_answer_there_is_no_going_on(self, room):
        token = room.token()
        refused = room.see(token)
        assert refused.json()["sentence"] == "Choose Real or Synthetic first; then the origin is told."
        assert room.answer(token, "").status_code == 400
        assert room.see(room.window()["trials"][1]["token"]).json()["kind"] == "order"

    def test_the_whole_warm_up_then_the_test(self, room):
        for _ in range(6):
            token = room.token()
            room.answer(token, "real")
            reply = room.see(token).json()
        assert reply["state"] == "test"
        token = room.token()
        assert {tuple(item) for item in room.window()["trials"]} == {("token", "position")}
        assert room.see(token).json()["sentence"] == "This panel belongs to the test; answer it."
        assert "origin" not in room.answer(token, "fake").json()


class TestForms:
    def test_a_panel_is_answered_then_revealed_then_left(self):
        reader = a_form_reader()
        token = reader.token
        assert "Warm-up 1 of 6" in visible_text(reader.text)
        assert "This panel is" not in visible_text(reader.text)
        reader.press("fake")
        assert reader.token == token
        origin = origin_of(token)
        said = "real" if origin["is_real"] else f"synthetic {origin['title']}"
        assert f"This panel is {said}" in visible_text(reader.text)
        assert "You said: synthetic" in visible_text(reader.text)
        reader.press()
        assert "Warm-up 2 of 6" in visible_text(reader.text)
        assert "This panel is" not in visible_text(reader.text)

    def test_before_the_answer_the_pages_of_all_panels_are_the_same(self):
        reader, pages, origins = a_form_reader(), set(), set()
        for position in range(1, 7):
            origins.add(origin_of(reader.token)["title"])
            text = re.sub(r"[0-9a-f]{32}|value=\"\w{64}\"", "*", reader.text)
            pages.add(re.sub(rf"\b({position}|{position - 1})\b", "#", text.replace(" of 6", "")))
            reader.press("real")
            reader.press()
        assert origins == {"", "DCGAN", "WGAN"}
        skeletons = {re.sub(r"\b\d\b|#", "#", page) for page in pages}
        assert len(skeletons) == 1

    def test_enter_alone_tells_nothing(self):
        reader = a_form_reader()
        assert reader.press().status_code == 400
        assert "This panel is" not in visible_text(reader.text)
        assert not Response.objects.exists()

    def test_a_forged_next_tells_nothing(self):
        reader = a_form_reader()
        assert reader.press(seen="1").status_code == 400
        assert "This panel is" not in visible_text(reader.text)


def a_form_reader() -> ReadingBrowser:
    """A reader without JavaScript at the first warm-up panel."""
    return ReadingBrowser(make_invitation(conduct_study(warm_up_mode="answer-then-reveal"))).begin()


def test_warm_up_answers_never_enter_results(room):
    for _ in range(6):
        token = room.token()
        room.answer(token, "fake" if origin_of(token)["is_real"] else "real")  # all of them wrong
        room.see(token)
    while room.window()["state"] == "test":
        token = room.token()
        room.answer(token, "real" if origin_of(token)["is_real"] else "fake")  # all of them right
    study = studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
    rows = list(trial_rows(study))
    assert [row.answer for row in rows if row.phase == "warmup"].count("") == 0
    accuracy = tabulate(rows)
    assert accuracy.n_warm_up == 6
    assert accuracy.proportion("R01").n_correct == accuracy.proportion("R01").n == 12
