"""A pause of days: some warm-up panels come again before the test goes on."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from readerstudy.core import refresher
from readerstudy.models import AuditEvent, ReadingSession, Response, Trial
from readerstudy.selectors import reading
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation
from tests.running_room import RunningRoom, enter
from tests.studies import conduct_study
from tests.visible import visible_text

pytestmark = pytest.mark.django_db

DAYS = 3
THREE_DAYS_MS = DAYS * 24 * 60 * 60 * 1000


def enter_room() -> RunningRoom:
    """After two test panels."""
    room = enter(make_invitation(conduct_study(refresher_after_days=DAYS, n_refresher=4)))
    room.read_on(2)
    return room


@pytest.fixture
def room(once) -> RunningRoom:
    return once(enter_room)


def let_pass(days: float) -> None:
    """The reader was last seen so many days ago."""
    ReadingSession.objects.update(seen_at=timezone.now() - timedelta(days=days))


class TestRefresher:
    def test_comes_after_the_pause_that_the_study_sets(self, room):
        let_pass(DAYS - 0.01)
        assert room.window()["state"] == "test"
        let_pass(DAYS)
        window = room.window()
        assert (window["state"], window["n_trials"], window["n_done"]) == ("refresher", 4, 0)
        assert [item["position"] for item in window["trials"]] == [1, 2, 3, 4]
        assert {tuple(item) for item in window["trials"]} == {("token", "position", "origin")}

    def test_shows_the_cases_that_the_seed_gives(self, room):
        let_pass(DAYS)
        room.window()
        session = ReadingSession.objects.get()
        ids = session.study.cases.filter(phase="warm_up").values_list("public_id", flat=True)
        trials = session.trials.filter(role="refresher").order_by("position")
        expected = refresher.choose(session.seed, ids, number=1, n=4)
        assert list(trials.values_list("case__public_id", flat=True)) == expected
        assert list(trials.values_list("position", flat=True)) == [7, 8, 9, 10]

    def test_then_the_test_goes_on_where_it_was(self, room):
        token = room.token()
        let_pass(DAYS)
        room.see_warm_up()
        window = room.window()
        assert (window["state"], window["n_done"], window["trials"][0]["token"]) == ("test", 2, token)
        room.read_on(10)
        assert ReadingSession.objects.get().state == "finished"
        assert Response.objects.count() == 12

    def test_a_second_pause_brings_a_second_refresher(self, room):
        for number in (1, 2):
            let_pass(DAYS)
            window = room.window()
            assert (window["state"], window["n_trials"], window["n_done"]) == ("refresher", 4, 0)
            assert [item["position"] for item in window["trials"]] == [1, 2, 3, 4]
            assert Trial.objects.filter(role="refresher").count() == 4 * number
            room.see_warm_up()

    def test_is_written_into_the_audit_log(self, room):
        let_pass(DAYS + 0.5)
        room.see_warm_up()
        told = [event.sentence for event in AuditEvent.objects.order_by("pk")][-2:]
        assert told == [
            "came back after 3 days and was shown 4 warm-up panels again",
            "saw the warm-up panels again",
        ]

    @pytest.mark.parametrize(
        ("days", "n_refresher", "sentence"),
        [
            (1, 1, "came back after 1 day and was shown 1 warm-up panel again"),
            (2, 0, "came back after 2 days and was shown 0 warm-up panels again"),
        ],
    )
    def test_the_audit_log_counts_in_words_that_fit(self, days, n_refresher, sentence):
        event = AuditEvent(verb="session.paused_long", data={"days": days, "n_refresher": n_refresher})
        with translation.override("de"):  # one log for all, in exports too
            assert event.sentence == sentence

    def test_no_test_panel_is_fetched_meanwhile(self, room):
        tokens = [item["token"] for item in room.window()["trials"]]
        let_pass(DAYS)
        room.window()
        assert {room.panel(token).status_code for token in tokens} == {404}

    def test_is_not_counted_as_warm_up(self, room):
        let_pass(DAYS)
        room.see_warm_up()
        progress = reading.progress_of(ReadingSession.objects.get())
        assert (progress.n_warm_up, progress.n_warm_up_done, progress.n_test_done) == (6, 6, 2)

    def test_enters_no_result(self, room):
        let_pass(DAYS)
        room.see_warm_up()
        study = studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
        rows = [row for row in trial_rows(study) if row.extra["role"] == "refresher"]
        assert {(row.phase, row.answer) for row in rows} == {("warmup", "")}
        assert len(rows) == 4

    def test_without_the_rule_no_pause_is_too_long(self, open_study):
        room = enter(make_invitation(open_study))
        let_pass(400)
        assert room.window()["state"] == "test"


class TestQueuedAnswers:
    def test_answers_that_waited_in_the_browser_are_taken_during_the_refresher(self, room):
        tokens = [item["token"] for item in room.window()["trials"]][:2]
        let_pass(DAYS)
        room.client.get(
            reverse("reading:session", args=[room.public_id])
        )  # the page loads before the queue drains
        for number, token in enumerate(tokens, start=3):
            reply = room.answer(token, "fake", waited_ms=THREE_DAYS_MS)
            assert (reply.status_code, reply.json()) == (
                200,
                {"n_done": number, "state": "refresher", "next": []},
            )
        assert room.see_warm_up().window()["n_done"] == 4

    def test_draining_the_queue_first_does_not_spare_the_refresher(self, room):
        token = room.token()
        let_pass(DAYS)
        assert room.answer(token, waited_ms=THREE_DAYS_MS).json()["state"] == "test"
        assert room.window()["state"] == "refresher"

    def test_a_window_left_open_for_days_keeps_its_answer_and_goes_to_the_refresher(self, room):
        token = room.token()
        let_pass(DAYS)
        reply = room.answer(token, "real", waited_ms=0).json()
        assert (reply["state"], reply["n_done"], reply["next"]) == ("refresher", 3, [])
        assert Response.objects.filter(trial__token=token).count() == 1


class TestPages:
    def test_a_reader_without_javascript_comes_back_to_the_refresher(self):
        study = conduct_study(refresher_after_days=DAYS, n_refresher=2)
        reader = ReadingBrowser(make_invitation(study)).begin().see_warm_up()
        reader.press("real")
        test_page = reader.address
        let_pass(DAYS)
        reader.open(test_page)
        assert "Refresher 1 of 2" in reader.text
        assert "This panel is" in visible_text(reader.text)
        reader.press()
        assert "Refresher 2 of 2" in reader.text
        reader.press()
        assert "Trial 2 of 12" in reader.text

    def test_an_answer_from_a_page_left_open_is_kept(self):
        study = conduct_study(refresher_after_days=DAYS, n_refresher=2)
        reader = ReadingBrowser(make_invitation(study)).begin().see_warm_up()
        let_pass(DAYS)
        reader.press("real")
        assert "Refresher 1 of 2" in reader.text
        assert Response.objects.count() == 1
