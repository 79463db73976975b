"""Every judgement is stored exactly once, whatever a browser or a second thread does."""

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from readerstudy.core.errors import Conflict, Refused
from readerstudy.models import ReadingSession, Response, Trial, WithdrawnResponse
from readerstudy.selectors import reading
from readerstudy.services import responses, sessions
from tests.factories import NOW, ReadingBrowser, make_invitation, make_study
from tests.running_room import enter
from tests.studies import conduct_study


def at_first_test_trial(study) -> Trial:
    """Bring a new reader of a study to the first trial of the test."""
    session = sessions.start(invitation=make_invitation(study), seed=1, now=NOW)
    session = sessions.begin(session=session, now=NOW)
    while (trial := reading.current_trial(session)) and trial.phase == "warm_up":
        sessions.serve(trial=trial, now=NOW)
        responses.see(public_id=session.public_id, token=trial.token, now=NOW)
        session.refresh_from_db()
    sessions.serve(trial=trial, now=NOW)
    return trial


@pytest.mark.django_db
class TestRecord:
    def test_same_answer_again_is_the_same_response(self, open_study):
        trial = at_first_test_trial(open_study)
        first = responses.record(trial=trial, answer="real", key="a", rt_ms=900, now=NOW)
        again = responses.record(trial=trial, answer="real", key="a", rt_ms=950, now=NOW)
        assert (first.pk, again.rt_ms) == (again.pk, 900)
        assert Response.objects.count() == 1

    def test_another_answer_is_a_conflict_and_the_first_is_kept(self, open_study):
        trial = at_first_test_trial(open_study)
        responses.record(trial=trial, answer="real", key="a", now=NOW)
        with pytest.raises(Conflict) as refusal:
            responses.record(trial=trial, answer="fake", key="b", now=NOW)
        assert str(refusal.value) == "This panel was already answered; your first answer (Real) was kept."
        assert Response.objects.get().answer == "real"

    def test_only_the_trial_being_shown_can_be_answered(self, open_study):
        trial = at_first_test_trial(open_study)
        later = trial.session.trials.get(phase="test", position=5)
        with pytest.raises(Refused, match="not the one being shown"):
            responses.record(trial=later, answer="real", key="a", now=NOW)

    def test_a_trial_that_was_never_shown_cannot_be_answered(self, open_study):
        trial = at_first_test_trial(open_study)
        Trial.objects.filter(pk=trial.pk).update(served_at=None)
        with pytest.raises(Refused, match="not the one being shown"):
            responses.record(trial=trial, answer="real", key="a", now=NOW)

    def test_warm_up_is_never_answered(self, open_study):
        session = sessions.start(invitation=make_invitation(open_study), seed=1, now=NOW)
        trial = reading.current_trial(sessions.begin(session=session, now=NOW))
        sessions.serve(trial=trial, now=NOW)
        with pytest.raises(Refused, match="warm-up are not answered"):
            responses.record(trial=trial, answer="real", key="a", now=NOW)

    def test_the_database_itself_refuses_a_second_response(self, open_study):
        trial = at_first_test_trial(open_study)
        responses.record(trial=trial, answer="real", key="a", now=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Response.objects.create(trial=trial, answer="fake", key="b", answered_at=NOW)


@pytest.mark.django_db
class TestForms:
    def test_double_click_stores_one_response_and_skips_nothing(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.send("real")
        response, _ = radiologist.send("real")
        assert response.status_code == 302
        assert Response.objects.count() == 1
        radiologist.open()
        radiologist.press()
        assert "Trial 2 of 12" in radiologist.text

    def test_second_click_on_the_other_answer_keeps_the_first_response(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.send("real")
        response, _ = radiologist.send("fake")
        assert response.status_code == 409
        assert "your first answer (Real) was kept" in response.content.decode()
        assert Response.objects.get().answer == "real"

    def test_starting_twice_keeps_the_order(self, radiologist):
        radiologist.begin()
        before = list(Trial.objects.order_by("pk").values_list("token", flat=True))
        radiologist.open()
        radiologist.press()
        assert list(Trial.objects.order_by("pk").values_list("token", flat=True)) == before
        assert ReadingSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_eight_threads_answer_one_trial_and_one_wins(self):
        trial = at_first_test_trial(make_study("open"))
        outcomes = in_threads(
            8, lambda i: responses.record(trial=trial, answer=["real", "fake"][i % 2], key=str(i), now=NOW)
        )
        stored = Response.objects.get()
        kept = [outcome for outcome in outcomes if isinstance(outcome, Response)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert len(kept) == len(refused) == 4, outcomes
        assert {response.pk for response in kept} == {stored.pk}
        assert reading.current_trial(reading.fresh(trial.session)).position == 2

    def test_eight_threads_press_start_and_one_session_exists(self):
        invitation = make_invitation(make_study("open"))
        outcomes = in_threads(8, lambda i: sessions.start(invitation=invitation, seed=i, now=NOW))
        session = ReadingSession.objects.get()
        assert {outcome.pk for outcome in outcomes} == {session.pk}
        assert session.trials.count() == 18

    def test_four_readers_read_at_once(self):
        study = make_study("open")
        readers = [ReadingBrowser(make_invitation(study, f"Reader {i}")) for i in range(4)]

        def read(i: int) -> int:
            readers[i].begin().see_warm_up()
            n = 0
            while "All done" not in readers[i].text:
                n += readers[i].press("real").status_code == 200
            return n

        assert in_threads(4, read) == [12] * 4
        assert Response.objects.count() == 48


@pytest.mark.django_db(transaction=True)
class TestRacesOfTheApi:
    """Several windows and repeated requests at the same moment, through the views."""

    def test_eight_times_the_same_request_is_one_response(self):
        room = enter(make_invitation(make_study("open")))
        body = room.body(room.token(), answer="real")
        replies = in_threads(8, lambda _: room.post("answers", body))
        assert {reply.status_code for reply in replies} == {200}
        assert {(reply.json()["n_done"], reply.json()["state"]) for reply in replies} == {(1, "test")}
        assert (
            Response.objects.count() == Trial.objects.filter(phase="test", done_at__isnull=False).count() == 1
        )

    def test_two_different_answers_are_one_response_and_refusals(self):
        room = enter(make_invitation(make_study("open")))
        token = room.token()
        replies = in_threads(8, lambda i: room.answer(token, ("real", "fake")[i % 2]))
        stored = Response.objects.get().answer
        assert sorted(reply.status_code for reply in replies) == [200] * 4 + [409] * 4
        assert {reply.json()["answer"] for reply in replies if reply.status_code == 409} == {stored}

    def test_an_answer_and_an_undo_leave_a_session_that_goes_on(self):
        room = enter(make_invitation(conduct_study(undo=True)))
        first, second = (item["token"] for item in room.window()["trials"][:2])
        room.answer(first, "real")

        def act(i: int):
            return room.answer(second, "fake") if i % 2 else room.undo(first)

        in_threads(4, act)
        done = list(
            Trial.objects.filter(phase="test", done_at__isnull=False)
            .order_by("position")
            .values_list("position", flat=True)
        )
        assert done == list(range(1, len(done) + 1))  # never a gap
        assert Response.objects.count() == len(done)
        assert Response.objects.count() + WithdrawnResponse.objects.count() in {1, 2}
        window = room.window()
        assert (window["n_done"], window["trials"][0]["position"]) == (len(done), len(done) + 1)

    def test_eight_undos_take_back_one_answer(self):
        room = enter(make_invitation(conduct_study(undo=True)))
        tokens = room.read_on(3)
        replies = in_threads(8, lambda _: room.undo(tokens[-1]))
        assert sorted(reply.status_code for reply in replies) == [200] + [409] * 7
        assert (Response.objects.count(), WithdrawnResponse.objects.count()) == (2, 1)

    def test_of_two_windows_that_sit_down_at_once_one_reads(self):
        first = enter(make_invitation(make_study("open")))
        token = first.token()
        windows = [first, *(copy(first) for _ in range(3))]
        in_threads(4, lambda i: windows[i].take_seat())
        replies = in_threads(4, lambda i: windows[i].answer(token, "real"))
        assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
        assert {reply.json()["kind"] for reply in replies if reply.status_code == 409} == {"moved"}
        assert Response.objects.count() == 1


def in_threads(n: int, call) -> list:
    """Call in n threads at the same moment; what was raised counts as an outcome."""
    gate = Barrier(n)

    def one(i: int):
        gate.wait(timeout=30)
        try:
            return call(i)
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))
