"""Leaving a study for good: who somebody is goes, answers go or stay, and pseudonyms are never used twice."""

import json

import pytest
from django.core import serializers
from django.urls import reverse
from django.utils import timezone

from evaluation.models import StudyAnalysis
from readerstudy.core import reader_csv, trial_csv
from readerstudy.core.arrival import DELETE, KEEP, Arrival
from readerstudy.core.errors import Closed
from readerstudy.models import AuditEvent, Reader, ReadingSession, Response, Trial
from readerstudy.selectors import arrival, links, study_files, trials, withdrawals
from readerstudy.services import invitations, sessions, studies
from readerstudy.services.withdrawals import withdraw
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study, small_protocol
from tests.running_room import enter

pytestmark = pytest.mark.django_db
NAME, EMAIL = "Rosa Radiologist", "rosa@x.example"


def study_that(withdrawal: str):
    return make_study(protocol=small_protocol(arrival=Arrival(withdrawal=withdrawal)))


def invited(study):
    return invitations.invite(study=study, name=NAME, group="radiologist", email=EMAIL, by=ADMIN, now=NOW)


def traces() -> str:
    rows = [*Reader.objects.all(), *AuditEvent.objects.all(), *ReadingSession.objects.all()]
    return serializers.serialize("json", rows)


@pytest.mark.parametrize(("withdrawal", "n_left"), [(KEEP, 2), (DELETE, 0)])
def test_identity_goes_and_answers_as_the_protocol_says(study_admin, withdrawal, n_left):
    study = study_that(withdrawal)
    invitation = invited(study)
    room = enter(invitation)
    room.read_on(2)
    page = reverse("readerstudy:reader_withdraw", args=[study.slug, "R01"])
    assert "Nothing was deleted" in study_admin.post(page, follow=True).content.decode()
    assert NAME in traces()
    for _ in range(2):
        study_admin.post(page, {"confirmed": "yes"})
    assert NAME not in traces()
    assert EMAIL not in traces()
    assert Response.objects.count() == n_left
    assert Trial.objects.exists() == ReadingSession.objects.exists() == bool(n_left)
    assert room.trials().status_code == 404
    assert AuditEvent.objects.filter(verb="reader.left").count() == 1
    again = ReadingBrowser(invitation)
    again.open()
    assert "You have left this study" in again.text
    assert withdrawals.of_study(study).n == 1


def test_a_reader_leaves_alone_after_being_told(radiologist, open_study):
    radiologist.open()
    assert "/leave/" not in radiologist.text  # nothing is stored yet
    radiologist.press()
    radiologist.open()
    assert "Leave the study for good" in radiologist.text
    radiologist.open(f"{radiologist.link}leave/")
    assert "Nobody can undo this" in radiologist.text
    assert open_study.readers.get().name == "Rosa Radiologist"  # looking changes nothing
    radiologist.press()
    assert open_study.readers.get().name == ""
    assert "You have left the study" in radiologist.text
    event = AuditEvent.objects.get(verb="reader.left_alone")
    assert (event.actor, event.data) == ("R01", {"answers": "kept"})


def test_the_consent_page_says_which(db):
    for withdrawal, words in ((KEEP, "without your name"), (DELETE, "all your answers are then deleted")):
        study = make_study(protocol=small_protocol(arrival=Arrival(consent="Yes?", withdrawal=withdrawal)))
        browser = ReadingBrowser(make_invitation(study))
        browser.open()
        browser.press()
        assert words in browser.text


def test_pseudonyms_stay_unique_whoever_leaves(open_study):
    first, second = invited(open_study), make_invitation(open_study, "Leo")
    withdraw(reader=first.reader, by=ADMIN, now=NOW)
    Reader.objects.filter(pk=second.reader_id).delete()  # by support staff
    assert make_invitation(open_study, "Mo").reader.pseudonym == "R03"


def test_nothing_is_done_for_somebody_who_left(study_admin, open_study):
    withdraw(reader=invited(open_study).reader, by=ADMIN, now=NOW)
    page = study_admin.post(
        reverse("readerstudy:invitation_new_link", args=[open_study.slug, "R01"]), follow=True
    ).content.decode()
    assert "R01 left the study; that cannot be undone." in page


def test_a_start_that_was_on_its_way_while_somebody_left_stores_nothing(open_study):
    invitation = invited(open_study)
    on_its_way = links.invitation_behind(links.link_token(invitation))
    withdraw(reader=invitation.reader, now=NOW, by=ADMIN)
    with pytest.raises(Closed, match="You have left this study"):
        sessions.start(invitation=on_its_way, seed=1, now=timezone.now())
    assert not ReadingSession.objects.exists()


def test_after_closing_deleted_answers_leave_a_new_analysis():
    study = study_that(DELETE)
    invitation = invited(study)
    enter(invitation).read_on(2)
    study = studies.close(study=study, by=ADMIN, now=timezone.now())
    StudyAnalysis.objects.update(status="finished")
    withdraw(reader=invitation.reader, by=ADMIN, now=timezone.now())
    assert StudyAnalysis.objects.get().status == "queued"
    assert list(trials.trial_rows(study)) == []


def test_no_export_holds_a_name_or_an_address(study_admin):
    study = study_that(KEEP)
    enter(invited(study)).read_on(12)
    gone = invitations.invite(
        study=study, name="Zacharias", group="layperson", email="z@x.example", by=ADMIN, now=NOW
    )
    withdraw(reader=gone.reader, by=ADMIN, now=NOW)
    study = studies.close(study=study, by=ADMIN, now=timezone.now())
    texts = {
        "trials": "".join(trial_csv.write_rows(trials.trial_rows(study))),
        "readers": "".join(reader_csv.write_rows(arrival.rows(study), arrival.labels(study))),
        "audit": "".join(study_files.audit_lines(study)),
        "study": json.dumps(study_files.facts(study)),
    }
    for route in ("table3_csv", "statistics_json", "everything_zip"):
        answer = study_admin.get(reverse(f"evaluation:{route}", args=[study.slug]))
        content = answer.getvalue() if answer.streaming else answer.content
        texts[route] = content.decode("latin-1")
    for name, text in texts.items():
        assert text, name
        for word in ("Rosa", EMAIL, "Zacharias", "z@x.example"):
            assert word not in text, name
    assert texts["study"].count('"n": 1, "n_with_answers_kept": 0') == 1
    assert ",2026-03-02T09:00:00+00:00," in texts["readers"]  # when R02 left
