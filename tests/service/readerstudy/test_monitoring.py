"""How readers get on: progress, pace, pauses, time-outs, display; never anything that depends on what is true."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from readerstudy.core.arrival import Arrival
from readerstudy.core.conduct import Conduct
from readerstudy.core.display_check import AmbientLight, DisplayCheck
from readerstudy.models import Case, ReadingSession, Response, Study, Trial
from readerstudy.selectors import monitoring
from readerstudy.services import invitations, sessions, studies
from tests.factories import ADMIN, NOW, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db

GOOD = DisplayCheck(
    is_dark_patch_seen=True,
    is_bright_patch_seen=True,
    n_steps=11,
    n_steps_counted=11,
    ambient_light=AmbientLight.DIMMED,
)


@pytest.fixture
def study() -> Study:
    protocol = small_protocol(arrival=Arrival(display_check=True), conduct=Conduct(time_limit_seconds=60))
    return make_study(protocol=protocol)


def read(
    study: Study, name: str, *, n: int, seconds: float = 4.0, group: str = "radiologist"
) -> ReadingSession:
    """A reader who answered n test panels, one every 10 s from NOW on."""
    session = sessions.start(invitation=make_invitation(study, name, group), seed=len(name), now=NOW)
    for number, trial in enumerate(session.trials.filter(phase="test").order_by("position")[:n]):
        answer(trial, at=10 * number, rt_ms=int(1000 * seconds))
    ReadingSession.objects.filter(pk=session.pk).update(state="test")
    return session


def answer(trial: Trial, *, at: float, **fields: object) -> None:
    time = NOW + timedelta(seconds=at)
    Trial.objects.filter(pk=trial.pk).update(served_at=time - timedelta(seconds=7), done_at=time)
    values = {"answer": "real", "key": trial.token, "answered_at": time} | fields
    Response.objects.create(trial=trial, **values)


def line(study: Study, pseudonym: str = "R01") -> monitoring.ReaderLine:
    return next(one for one in monitoring.of_readers(study, now=NOW) if one.pseudonym == pseudonym)


class TestLines:
    def test_somebody_invited_has_nothing_yet(self, study):
        make_invitation(study)
        found = line(study)
        assert (found.state, found.n_done, found.n_trials, found.pace.seconds) == ("invited", 0, 12, None)
        assert found.display == "not done"

    def test_progress_and_pace(self, study):
        read(study, "Rosa", n=5, seconds=4)
        found = line(study)
        assert (found.state, found.n_done, found.percent, found.pace.seconds) == ("test", 5, 42, 4.0)

    def test_the_warm_up_counts_neither_as_progress_nor_as_pace(self, study):
        session = sessions.start(invitation=make_invitation(study), seed=1, now=NOW)
        session.trials.filter(phase="warm_up").update(served_at=NOW, done_at=NOW)
        assert (line(study).n_done, line(study).pace.seconds) == (0, None)

    def test_without_javascript_pace_is_from_serving_to_answering(self, study):
        session = sessions.start(invitation=make_invitation(study), seed=1, now=NOW)
        answer(session.trials.filter(phase="test").first(), at=0, rt_ms=None)
        assert line(study).pace.seconds == 7.0

    def test_answers_that_waited_for_the_network_count_from_when_they_were_given(self, study):
        session = sessions.start(invitation=make_invitation(study), seed=1, now=NOW)
        first, second, third = session.trials.filter(phase="test").order_by("position")[:3]
        answer(first, at=0, rt_ms=1000)
        # Given 10 and 20 s after the first, arrived together 20 minutes later.
        answer(second, at=1200, rt_ms=1000, waited_ms=1_190_000)
        answer(third, at=1200, rt_ms=1000, waited_ms=1_180_000)
        assert line(study).pace.n_pauses == 0

    def test_pauses_time_outs_and_looking_away(self, study):
        session = read(study, "Rosa", n=2)
        late, hidden = session.trials.filter(phase="test").order_by("position")[2:4]
        answer(late, at=3600, answer="", is_timeout=True, rt_ms=60_000)
        answer(hidden, at=3610, rt_ms=2000, n_hidden=3, hidden_ms=500)
        found = line(study)
        # 3600 s less the 10 s of the second answer and the 60 s of looking.
        assert (found.pace.n_pauses, found.pace.longest_pause) == (1, timedelta(seconds=3530))
        assert (found.n_timeouts, found.n_hidden) == (1, 1)

    @pytest.mark.parametrize(
        ("checks", "display", "reasons"),
        [
            ([], "not done", ""),
            ([GOOD], "passed", ""),
            ([DisplayCheck(False, True, 11, 10, AmbientLight.OFFICE)], "doubtful", "dark patch, ramp"),
            ([GOOD, DisplayCheck(False, True, 11, 10, AmbientLight.OFFICE)], "passed", ""),
        ],
    )
    def test_the_latest_display_check(self, study, checks, display, reasons):
        session = read(study, "Rosa", n=0)
        ReadingSession.objects.filter(pk=session.pk).update(display=[check.to_json() for check in checks])
        assert (line(study).display, line(study).reasons) == (display, reasons)

    def test_a_study_without_display_check_says_so(self):
        study = make_study()
        read(study, "Rosa", n=0)
        assert line(study).display == "not asked"

    def test_a_revoked_reader(self, study):
        session = read(study, "Rosa", n=1)
        invitations.revoke(invitation=session.invitation, by=ADMIN, now=NOW)
        assert line(study).state == "revoked"

    def test_queries_do_not_grow_with_readers(self, study, django_assert_num_queries):
        for name in ("A", "Bo", "Cy"):
            read(study, name, n=2)
        study.refresh_from_db()
        with django_assert_num_queries(3):
            assert len(monitoring.of_readers(study, now=NOW)) == 3


class TestPage:
    @pytest.fixture
    def address(self, study):
        read(study, "Rosa", n=5, seconds=9)
        read(study, "Leonard", n=9, seconds=2, group="layperson")
        read(study, "Mina", n=1, seconds=5)
        make_invitation(study, "Ines", "resident")
        return reverse("readerstudy:study_readers", args=[study.slug])

    def names(self, client, address, **query) -> list[str]:
        return [one.name for one in client.get(address, query).context["shown"]]

    @pytest.mark.parametrize(
        ("sort", "order", "names"),
        [
            ("", "", ["Rosa", "Leonard", "Mina", "Ines"]),
            ("reader", "desc", ["Ines", "Mina", "Leonard", "Rosa"]),
            ("done", "desc", ["Leonard", "Rosa", "Mina", "Ines"]),
            ("pace", "asc", ["Leonard", "Mina", "Rosa", "Ines"]),
            ("pace", "desc", ["Rosa", "Mina", "Leonard", "Ines"]),
            ("group", "asc", ["Leonard", "Rosa", "Mina", "Ines"]),
            ("no-such-column", "asc", ["Rosa", "Leonard", "Mina", "Ines"]),
        ],
    )
    def test_it_sorts_by_column(self, study_admin, address, sort, order, names):
        assert self.names(study_admin, address, sort=sort, order=order) == names

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"group": "radiologist"}, ["Rosa", "Mina"]),
            ({"state": "invited"}, ["Ines"]),
            ({"words": "  LEO "}, ["Leonard"]),
            ({"words": "r03"}, ["Mina"]),
            ({"group": "radiologist", "words": "ros"}, ["Rosa"]),
            ({"words": "nobody"}, []),
        ],
    )
    def test_it_filters(self, study_admin, address, query, names):
        assert self.names(study_admin, address, **query) == names

    def test_a_column_says_how_it_is_sorted_and_turns_round(self, study_admin, address):
        text = study_admin.get(address, {"sort": "pace", "group": "radiologist"}).content.decode()
        assert re.findall(r'aria-sort="(\w+)"', text) == ["ascending"]
        assert 'href="?group=radiologist&amp;sort=pace&amp;order=desc"' in text

    def test_every_reader_has_a_link_whatever_the_filter(self, study_admin, address):
        text = study_admin.get(address, {"words": "nobody"}).content.decode()
        assert text.count("link-line__link") == 4
        assert "No reader fits." in text


def test_nothing_shown_depends_on_answers_or_truth(study_admin, study):
    """Turn every answer, confidence and truth round: not one character of the pages changes."""
    for name, n in (("Rosa", 12), ("Leo", 7)):
        read(study, name, n=n)
    pages = [reverse(f"readerstudy:{name}", args=[study.slug]) for name in ("study", "study_readers")]

    def texts() -> list[str]:
        return [_without_tokens(study_admin.get(page).content.decode()) for page in pages]

    before = texts()
    Response.objects.update(answer="fake", confidence=1, comment="smooth")
    assert texts() == before
    Case.objects.filter(phase="test").update(source="wgan", lesion_class="benign")
    assert texts() == before
    studies.close(study=study, by=ADMIN, now=NOW)
    assert "correct" not in " ".join(texts())


def _without_tokens(text: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
