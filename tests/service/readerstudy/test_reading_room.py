"""What a reader does in the reading room, through its pages."""

import re

import pytest
from django.urls import reverse

from readerstudy.core import randomization
from readerstudy.models import ReadingSession, Response, Trial
from readerstudy.services import invitations, studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol
from tests.visible import visible_text

pytestmark = pytest.mark.django_db


class TestArrival:
    def test_opening_the_link_uses_nothing_up(self, radiologist):
        for _ in range(3):
            assert radiologist.open().status_code == 200
        assert not ReadingSession.objects.exists()
        assert "Welcome, Rosa Radiologist" in radiologist.text

    def test_start_stores_the_whole_order_before_the_first_trial(self, radiologist):
        radiologist.open()
        radiologist.press()
        session = ReadingSession.objects.get()
        assert session.state == "arrived"
        assert session.algorithm == "sha256-strata-v2"
        assert session.trials.count() == 18
        assert not session.trials.filter(served_at__isnull=False).exists()

    def test_forged_link_leads_nowhere(self, radiologist):
        radiologist.link = radiologist.link[:-2] + ("x/" if radiologist.link[-2] != "x" else "y/")
        assert radiologist.open().status_code == 404

    def test_revoked_reader_is_told_so_and_stays_out(self, radiologist, open_study):
        radiologist.begin().see_warm_up()
        address = radiologist.address
        invitations.revoke(invitation=open_study.readers.get().invitation, by=ADMIN, now=NOW)
        assert radiologist.open(address).status_code == 404
        radiologist.open()
        assert "This invitation was withdrawn" in radiologist.text

    def test_new_link_makes_the_old_one_invalid(self, radiologist, open_study):
        invitation = open_study.readers.get().invitation
        invitations.replace_link(invitation=invitation, by=ADMIN, now=NOW)
        assert radiologist.open().status_code == 404
        invitation.refresh_from_db()
        assert ReadingBrowser(invitation).open().status_code == 200

    def test_new_link_shuts_out_browsers_that_used_the_old_one(self, radiologist, open_study):
        radiologist.begin().see_warm_up()
        radiologist.press("real")
        token = radiologist.token
        invitation = invitations.replace_link(
            invitation=open_study.readers.get().invitation, by=ADMIN, now=NOW
        )
        assert radiologist.open(radiologist.address).status_code == 404
        again = ReadingBrowser(invitation)
        again.open()
        again.press()
        assert again.token == token

    def test_frozen_study_says_that_it_has_not_opened(self):
        reader = ReadingBrowser(make_invitation(make_study("frozen")))
        reader.open()
        assert "has not opened yet" in reader.text

    def test_closed_study_says_so(self, radiologist, open_study):
        radiologist.begin()
        studies.close(study=open_study, by=ADMIN, now=NOW)
        radiologist.open()
        assert "This study is closed" in radiologist.text


class TestWarmUp:
    def test_every_panel_comes_with_its_origin(self, radiologist):
        radiologist.begin()
        origins = []
        while "Warm-up" in radiologist.text:
            case = Trial.objects.get(token=radiologist.token).case
            said = re.search(r"This panel is (\w+)", visible_text(radiologist.text)).group(1)
            assert said == ("real" if case.source == "real" else "synthetic")
            assert (case.source == "real") or (case.source.upper() in radiologist.text)
            origins.append(said)
            radiologist.press()
        assert sorted(origins) == ["real"] * 3 + ["synthetic"] * 3
        assert "The warm-up is done" in radiologist.text

    def test_second_click_on_next_skips_nothing(self, radiologist):
        radiologist.begin()
        radiologist.send()
        response, _ = radiologist.send()
        assert response.status_code == 302
        assert Trial.objects.filter(done_at__isnull=False).count() == 1

    def test_study_without_warm_up_begins_with_the_test(self):
        study = make_study(protocol=small_protocol(warm_up={}))
        reader = ReadingBrowser(make_invitation(study)).begin()
        assert "Ready" in reader.text
        reader.follow_link()
        assert "Trial 1 of 12" in reader.text


class TestAnswering:
    def test_answer_is_stored_with_its_time_and_the_next_panel_comes(self, radiologist):
        radiologist.begin().see_warm_up()
        first = radiologist.token
        radiologist.press("real", rt_ms="1234")
        assert "Trial 2 of 12" in radiologist.text
        stored = Response.objects.get()
        assert (stored.trial.token, stored.answer, stored.rt_ms, stored.confidence) == (
            first,
            "real",
            1234,
            None,
        )

    def test_without_javascript_the_time_is_unknown_not_zero(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.press("fake")
        assert Response.objects.get().rt_ms is None

    def test_last_answer_finishes_the_session(self, radiologist):
        radiologist.begin().see_warm_up()
        for _ in range(12):
            radiologist.press("fake")
        assert "All done" in radiologist.text
        session = ReadingSession.objects.get()
        assert (session.state, session.finished_at is not None) == ("finished", True)
        assert Response.objects.count() == 12
        radiologist.open()
        assert "nothing is left to do" in radiologist.text

    def test_confidence_is_required_where_the_study_asks(self):
        study = make_study(protocol=small_protocol(confidence_levels=5))
        reader = ReadingBrowser(make_invitation(study)).begin().see_warm_up()
        assert reader.press("real").status_code == 400
        assert "Say how sure you are, from 1 to 5" in reader.text
        assert reader.press("real", confidence="6").status_code == 400
        assert not Response.objects.exists()
        reader.press("real", confidence="4")
        assert Response.objects.get().confidence == 4

    def test_enter_alone_is_no_answer_and_keeps_the_level_chosen(self):
        study = make_study(protocol=small_protocol(confidence_levels=5))
        reader = ReadingBrowser(make_invitation(study)).begin().see_warm_up()
        assert reader.form().buttons[0] == ("", "")  # what Enter presses has no answer
        assert reader.press(confidence="4").status_code == 400
        assert "Choose Real or Synthetic." in reader.text
        assert 'value="4" checked' in reader.text
        assert not Response.objects.exists()

    def test_an_answer_that_is_none_is_refused(self, radiologist):
        radiologist.begin().see_warm_up()
        forged = {**radiologist.form().fields, "answer": "maybe"}
        assert radiologist.client.post(radiologist.address, forged).status_code == 400
        assert not Response.objects.exists()


class TestLeavingAndComingBack:
    def test_resumes_at_the_next_unanswered_trial_on_another_computer(self, radiologist, open_study):
        radiologist.begin().see_warm_up()
        for _ in range(5):
            radiologist.press("real")
        elsewhere = ReadingBrowser(open_study.readers.get().invitation)
        elsewhere.open()
        assert "So far you have answered 5 of 12 panels" in elsewhere.text
        elsewhere.press()
        assert "Trial 6 of 12" in elsewhere.text
        assert elsewhere.token == radiologist.token

    def test_pause_leads_back_to_the_same_trial(self, radiologist):
        radiologist.begin().see_warm_up()
        radiologist.press("real")
        token = radiologist.token
        pause = re.search(r'id="pause" href="([^"]+)"', radiologist.text).group(1)
        radiologist.open(pause)
        assert "1 of 12 panels is answered and saved" in radiologist.text
        radiologist.follow_link()
        assert radiologist.token == token

    def test_back_button_shows_the_current_trial_again(self, radiologist):
        radiologist.begin().see_warm_up()
        first = radiologist.address
        radiologist.press("real")
        second = radiologist.address
        radiologist.open(first)
        assert radiologist.address == second

    def test_closing_the_study_ends_reading_midway(self, radiologist, open_study):
        radiologist.begin().see_warm_up()
        studies.close(study=open_study, by=ADMIN, now=NOW)
        response, _ = radiologist.send("real")
        assert response.status_code == 404
        assert not Response.objects.exists()

    def test_two_readers_in_one_browser_do_not_disturb_each_other(self, radiologist, layperson):
        layperson.client = radiologist.client
        radiologist.begin().see_warm_up()
        layperson.begin().see_warm_up()
        radiologist.press("real")
        layperson.press("fake")
        assert set(Response.objects.values_list("trial__session__invitation__reader__group", "answer")) == {
            ("radiologist", "real"),
            ("layperson", "fake"),
        }


class TestOrder:
    def test_each_reader_has_an_own_order_that_anyone_can_compute_again(
        self, radiologist, layperson, open_study
    ):
        radiologist.begin()
        layperson.begin()
        orders = []
        for session in ReadingSession.objects.all():
            for phase in ("warm_up", "test"):
                cases = open_study.cases.filter(phase=phase)
                strata = {case.public_id: (case.source, case.lesion_class) for case in cases}
                expected = randomization.order(session.seed, strata, algorithm=session.algorithm)
                stored = list(
                    session.trials.filter(phase=phase)
                    .order_by("position")
                    .values_list("case__public_id", flat=True)
                )
                assert stored == expected
                orders.append(stored)
        assert orders[0] != orders[2]
        assert orders[1] != orders[3]


def test_reading_pages_need_no_account_and_name_their_methods(radiologist):
    radiologist.begin()
    assert radiologist.client.put(radiologist.address).status_code == 403  # CSRF comes first
    assert radiologist.client.get(reverse("reading:begin", args=["0" * 32])).status_code == 405
