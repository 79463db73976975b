"""How readers get on: progress, pace, pauses, time-outs, display; never anything that depends on what is true."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readerstudy.core.arrival import Arrival
from readerstudy.core.conduct import Conduct
from readerstudy.core.display_check import AmbientLight, DisplayCheck
from readerstudy.core.names import GROUPS
from readerstudy.models import Case, Invitation, Reader, ReadingSession, Response, Study, Trial
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


def invite_many(study: Study, n: int, *, first: int = 1) -> None:
    """Readers of two groups in turn, whose links work."""
    numbers = range(first, first + n)
    readers = Reader.objects.bulk_create(
        Reader(study=study, pseudonym=f"R{i:02d}", name=f"Name {i}", group=GROUPS[i % 2]) for i in numbers
    )
    Invitation.objects.bulk_create(
        Invitation(reader=reader, public_id=f"{reader.pk:032d}", created_at=NOW) for reader in readers
    )


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

    def test_links_are_of_the_readers_found(self, study_admin, address):
        text = study_admin.get(address, {"words": "leo"}).content.decode()
        assert re.findall(r'id="link-(R\d+)"', text) == ["R02"]
        assert "1 found" in text

    def test_nobody_found_is_said_once_and_leads_back(self, study_admin, address):
        text = study_admin.get(address, {"words": "nobody"}).content.decode()
        assert text.count("None of the readers match “nobody”.") == 1
        assert "link-line__link" not in text
        assert "<thead>" not in text
        assert ">Print links<" in text

    def test_each_word_has_to_occur(self, study_admin, address):
        assert self.names(study_admin, address, words="r0 leo") == ["Leonard"]


class TestManyReaders:
    N = 120

    @pytest.fixture
    def address(self, study):
        invite_many(study, self.N)
        return reverse("readerstudy:study_readers", args=[study.slug])

    def shown(self, client, address, **query) -> list[str]:
        return [one.pseudonym for one in client.get(address, query).context["shown"]]

    def test_a_page_shows_fifty_in_the_order_of_their_numbers(self, study_admin, address):
        pages = [self.shown(study_admin, address, page=page) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [50, 50, 20]
        assert [one for page in pages for one in page] == [
            f"R{number:02d}" for number in range(1, self.N + 1)
        ]

    def test_pages_keep_what_was_asked_for(self, study_admin, address):
        asked = {"group": "layperson", "sort": "seen", "order": "desc", "page": 2}
        text = study_admin.get(address, asked).content.decode()
        assert text.count("Page 2 of 2") == 2  # below the progress, and below the links
        assert re.findall(r'<nav class="cluster" aria-label="([^"]+)">', text) == [
            "Pages of progress",
            "Pages",
        ]
        assert 'rel="prev" href="?group=layperson&amp;sort=seen&amp;order=desc&amp;page=1"' in text
        assert "60 found" in text

    @pytest.mark.parametrize("sort", ["pace", "done", "timeouts", "pauses"])
    def test_what_is_counted_of_trials_sorts_all_and_not_the_page(self, study_admin, study, address, sort):
        last = sessions.start(invitation=study.readers.get(pseudonym="R120").invitation, seed=1, now=NOW)
        for number, trial in enumerate(last.trials.filter(phase="test").order_by("position")[:2]):
            answer(trial, at=400 * number, rt_ms=4000, answer="", is_timeout=True)
        first = study_admin.get(address, {"sort": sort, "order": "desc"}).context["shown"][0]
        assert (first.pseudonym, first.n_done) == ("R120", 2)

    def test_neither_queries_nor_the_page_grow_with_readers(self, study_admin, study, address):
        with CaptureQueriesContext(connection) as few:
            before = study_admin.get(address).content
        invite_many(study, 300, first=self.N + 1)
        with CaptureQueriesContext(connection) as many:
            after = study_admin.get(address).content
        assert len(many) == len(few)
        assert len(after) < 1.02 * len(before)

    def test_a_new_reader_is_shown_at_once(self, study_admin, address):
        form = {"name": "Nora New", "group": "layperson", "language": "en"}
        page = study_admin.post(address, form, follow=True)
        assert [one.name for one in page.context["shown"]] == ["Nora New"]
        assert 'id="link-R121"' in page.content.decode()

    def test_those_found_are_printed_and_no_others(self, study_admin, study, address):
        text = study_admin.get(
            address, {"group": "layperson", "words": "r1", "sort": "pace"}
        ).content.decode()
        sheet = html.unescape(re.search(r'href="([^"]*/sheet/[^"]*)">Print these links<', text)[1])
        assert sheet.endswith("?words=r1&group=layperson")
        cards = study_admin.get(sheet).context["cards"]
        wanted = [r.pseudonym for r in study.readers.filter(group="layperson", pseudonym__startswith="R1")]
        assert sorted(card.reader.pseudonym for card, _ in cards) == sorted(wanted)
        plain = reverse("readerstudy:invitation_sheet", args=[study.slug])
        assert f'href="{plain}">Print links<' in study_admin.get(address).content.decode()
        assert len(study_admin.get(plain).context["cards"]) == self.N


class TestWords:
    @pytest.mark.parametrize(
        ("fields", "is_said"), [({"name": "", "group": "layperson"}, True), (None, False)]
    )
    def test_what_is_wrong_with_the_form_is_said_above_the_lists(self, study_admin, study, fields, is_said):
        make_invitation(study, "Rosa")
        address = reverse("readerstudy:study_readers", args=[study.slug])
        page = study_admin.post(address, fields) if fields else study_admin.get(address)
        text = page.content.decode()
        alerts = re.findall(r'<p class="notice notice--error" role="alert">(.*?)</p>', text)
        said = 'Nobody was invited: <a href="#invite">the form below the lists</a> says what is wrong.'
        assert alerts == ([said] if is_said else [])
        assert page.status_code == (422 if is_said else 200)
        if is_said:
            assert text.index(said) < text.index('id="links"') < text.index('id="invite"')
            assert Reader.objects.count() == 1

    @pytest.mark.parametrize(
        ("n", "invited", "cards"), [(1, "1 reader invited", "1 card."), (2, "2 readers invited", "2 cards.")]
    )
    def test_one_reader_is_no_readers(self, study_admin, study, n, invited, cards):
        names = "".join(f"Reader {number};;layperson\n" for number in range(n))
        address = reverse("readerstudy:invitation_list", args=[study.slug])
        text = "name;email;group\n" + names
        looked = study_admin.post(address, {"text": text}).content.decode()
        assert f"{n} new reader{'s' if n > 1 else ''}<" in looked
        page = study_admin.post(address, {"text": text, "step": "invite"}, follow=True).content.decode()
        assert f"{invited}." in page
        sheet = study_admin.get(reverse("readerstudy:invitation_sheet", args=[study.slug])).content.decode()
        assert f"· {cards}" in sheet
        assert not re.search(r"\b1 (?:readers|cards)\b", looked + page + sheet)


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
