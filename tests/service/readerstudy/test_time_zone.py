"""An instance in Berlin: a time that stands beside the name of a zone is of that zone."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from evaluation.jobs.analysing import facts_of
from readerstudy.core.errors import Refused
from readerstudy.models import Study
from readerstudy.selectors import letters
from readerstudy.services import invitations, studies
from readerstudy.views.invitation_forms import end_of
from tests.factories import ADMIN, NOW, make_invitation, make_study

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
END = date(2126, 7, 1)  # summer time: 23:59 there is 21:59 UTC


@pytest.fixture(autouse=True)
def berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


def test_until_when_a_link_works(open_study):
    invitation = make_invitation(open_study)
    expires_at = end_of(END)
    assert f"{expires_at:%H:%M %Z}" == "23:59 CEST"
    invitations.set_expiry(invitation=invitation, expires_at=expires_at, by=ADMIN, now=NOW)
    told = open_study.audit_events.get(verb="invitation.expiry_set").sentence
    assert told == "let the link of R01 work until 2126-07-01 21:59 UTC"
    invitation.refresh_from_db()
    letter = letters.letter(invitation, site="https://study.example")
    card = letters.card(invitation, site="https://study.example")
    assert "The link works until July 1, 2126, 23:59 CEST." in letter.text
    assert "The link works until July 1, 2126, 23:59 CEST." in card.limits


def test_a_link_that_would_have_ended(open_study):
    past = datetime(2020, 7, 1, 23, 59, tzinfo=BERLIN)
    with pytest.raises(Refused, match=r"would have ended on 2020-07-01 21:59 UTC; choose a later day"):
        invitations.set_expiry(invitation=make_invitation(open_study), expires_at=past, by=ADMIN, now=NOW)
    with pytest.raises(Refused, match="21:59 UTC"):
        invitations.invite(study=open_study, name="A", group="x", by=ADMIN, now=NOW, expires_at=past)


def test_the_end_of_reading(study_admin, open_study):
    address = reverse("readerstudy:study_end", args=[open_study.slug])
    page = study_admin.post(address, {"ends_at": "2126-07-01T18:00"}, follow=True).content.decode()
    assert "1 Jul 2126, 18:00" in page
    assert Study.objects.get().ends_at == datetime(2126, 7, 1, 16, tzinfo=UTC)
    assert open_study.audit_events.get(verb="study.end_set").data["end"] == "2126-07-01 16:00 UTC"
    log = study_admin.get(reverse("readerstudy:study_audit", args=[open_study.slug])).content.decode()
    assert "set the end of reading to 2126-07-01 16:00 UTC" in log


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "2020-07-01T18:00",
            "The end July 1, 2020, 18:00 CEST has passed; give a later time, or close the study.",
        ),
        ("0026-07-01T18:00", "The year is 0026; write one from 2000 to 2199."),
        ("tomorrow", "Write the end as 2026-03-31 18:00."),
    ],
)
def test_an_end_of_reading_that_is_refused_stays_in_its_form(study_admin, open_study, typed, sentence):
    answer = study_admin.post(reverse("readerstudy:study_end", args=[open_study.slug]), {"ends_at": typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "UTC" not in sentence
    assert f'name="ends_at" value="{typed}"' in page
    assert 'aria-invalid="true"' in page
    assert open_study.name in page
    open_study.refresh_from_db()
    assert open_study.ends_at is None
    assert not open_study.audit_events.filter(verb="study.end_set").exists()


def test_report_and_export(study_admin):
    closed = studies.close(
        study=make_study("open"), by=ADMIN, now=NOW.astimezone(BERLIN) + timedelta(hours=1)
    )
    assert dict(facts_of(closed))["Closed"] == "2026-03-02 10:00 UTC"
    response = study_admin.get(reverse("evaluation:everything_zip", args=[closed.slug]))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    [readme] = [name for name in archive.namelist() if name.endswith("README.txt")]
    [made] = [line for line in archive.read(readme).decode().splitlines() if line.startswith("Made ")]
    said = datetime.strptime(made[5:25], "%Y-%m-%d %H:%M %Z").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=2)
