"""What a reader's computer receives says nothing about the truth, and nothing to a stranger."""

import re
from dataclasses import dataclass
from functools import cache

import pytest
from django.http import HttpResponse
from django.urls import reverse

from generation.core.labels import LESION_CLASSES
from readerstudy.models import Case, ReadingSession, Trial
from tests.factories import ReadingBrowser, make_invitation, make_study, small_protocol

pytestmark = pytest.mark.django_db

PANELS = ("reading:panel", "reading:panel_tall", "reading:panel_data")
VARIES = re.compile(rb'[0-9a-f]{32}|name="csrfmiddlewaretoken" value="\w{64}"')


@dataclass(frozen=True)
class Seen:
    """Everything a browser receives during a test: pages and panels as (trial, response); and what it must not."""

    pages: list[tuple[str, HttpResponse]]
    panels: list[tuple[str, HttpResponse]]
    cases: list[str]


@cache
def everything_seen() -> Seen:
    radiologist = ReadingBrowser(make_invitation(make_study("open"), "Rosa Radiologist", "radiologist"))
    radiologist.begin().see_warm_up()
    pages, panels = [], []
    while "All done" not in radiologist.text:
        token = radiologist.token
        pages.append((token, radiologist.page))
        for name in PANELS:
            panels.append((name, radiologist.client.get(reverse(name, args=[token]))))
        radiologist.press("real")
    return Seen(pages, panels, [case.public_id for case in Case.objects.all()])


@pytest.fixture
def seen(db) -> Seen:
    """Of one reader, who read once for every test."""
    return everything_seen()


class TestTestPhase:
    def test_panels_are_equally_long_with_equal_headers(self, seen):
        panels = seen.panels
        for wanted in PANELS:
            answers = [response for name, response in panels if name == wanted]
            assert {response.status_code for response in answers} == {200}
            assert len({len(response.content) for response in answers}) == 1
            assert len({repr(response.serialize_headers()) for response in answers}) == 1
            assert len({response.content for response in answers}) == len(answers)

    def test_no_cache_keeps_a_page_or_a_panel(self, seen):
        pages, panels = seen.pages, seen.panels
        for response in [r for _, r in pages] + [r for _, r in panels]:
            assert response["Cache-Control"] == "no-store"
            assert not response.has_header("ETag")
            assert not response.has_header("Last-Modified")

    def test_pages_differ_in_random_tokens_and_position_only(self, seen):
        pages = seen.pages
        skeletons = set()
        for number, (_, response) in enumerate(pages, start=1):
            text = VARIES.sub(b"*", response.content)
            text = text.replace(f"Trial {number} of".encode(), b"Trial # of")
            text = text.replace(
                f'value="{number - 1}" aria-label="Progress"'.encode(), b'value="#" aria-label="Progress"'
            )
            skeletons.add(text.replace(f"Panel {number}<".encode(), b"Panel #<"))
        assert len(skeletons) == 1
        lengths = {len(response.content) for _, response in pages[:9]}  # positions of one digit
        assert len(lengths) == 1

    def test_no_page_names_a_source_a_class_or_a_case(self, seen):
        pages, panels = seen.pages, seen.panels
        forbidden = [b"dcgan", b"wgan", *(c.encode() for c in LESION_CLASSES), b"no findings"]
        forbidden += [case.encode() for case in seen.cases]
        for response in [r for _, r in pages] + [r for _, r in panels]:
            everything = (response.serialize_headers() + response.content).lower()
            assert not [word for word in forbidden if word in everything]

    def test_pages_set_no_cookie_that_depends_on_the_trial(self, seen):
        pages, panels = seen.pages, seen.panels
        values = {(name, morsel.value) for _, r in pages for name, morsel in r.cookies.items()}
        assert [name for name, _ in values] == ["csrftoken"]  # one value, renewed on every page
        assert not [response for _, response in panels if response.cookies]


class TestTokens:
    def test_trials_not_yet_served_do_not_exist(self, radiologist):
        radiologist.begin().see_warm_up()
        current = radiologist.token
        for trial in Trial.objects.exclude(token=current).filter(served_at=None):
            for name in ("reading:trial", *PANELS):
                response = radiologist.client.get(reverse(name, args=[trial.token]))
                assert response.status_code == 404
            answer = {**radiologist.form().fields, "answer": "real"}
            assert (
                radiologist.client.post(reverse("reading:trial", args=[trial.token]), answer).status_code
                == 404
            )

    def test_a_panel_is_gone_once_it_is_answered(self, radiologist):
        radiologist.begin().see_warm_up()
        token = radiologist.token
        radiologist.press("real")
        assert radiologist.client.get(reverse("reading:panel", args=[token])).status_code == 404

    def test_a_stranger_gets_the_same_404_as_for_a_made_up_token(self, radiologist, stranger):
        radiologist.begin().see_warm_up()
        session = ReadingSession.objects.get(trials__token=radiologist.token).public_id
        asked = {
            "reading:trial": radiologist.token,
            "reading:panel": radiologist.token,
            "reading:panel_tall": radiologist.token,
            "reading:panel_data": radiologist.token,
            "reading:session": session,
            "reading:pause": session,
        }
        for name, token in asked.items():
            foreign = stranger.client.get(reverse(name, args=[token]))
            made_up = stranger.client.get(reverse(name, args=["0" * 32]))
            assert foreign.status_code == made_up.status_code == 404
            assert foreign.content == made_up.content
            assert foreign.serialize_headers() == made_up.serialize_headers()

    def test_a_stranger_cannot_answer(self, radiologist, stranger):
        radiologist.begin().see_warm_up()
        answer = {**stranger.form().fields, "answer": "real"}
        assert stranger.client.post(radiologist.address, answer).status_code == 404

    def test_a_stranger_cannot_enter_the_desk(self, stranger):
        response = stranger.client.get(reverse("readerstudy:studies"))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("login"))


class TestCases:
    def test_primary_keys_and_pixels_follow_the_random_ids_not_the_truth(self):
        study = make_study("frozen", protocol=small_protocol())
        cases = list(study.cases.order_by("pk"))
        assert [case.public_id for case in cases] == sorted(case.public_id for case in cases)
        assert [case.pixel_index for case in cases] == list(range(len(cases)))
        assert all(re.fullmatch("c[0-9a-f]{15}", case.public_id) for case in cases)

    def test_another_study_of_the_same_pools_has_other_ids(self):
        first, second = make_study("frozen"), make_study("frozen")
        ids = [set(study.cases.values_list("public_id", flat=True)) for study in (first, second)]
        assert not ids[0] & ids[1]

    def test_two_readers_share_no_token(self):
        study = make_study("open")
        for name in ("One", "Two"):
            ReadingBrowser(make_invitation(study, name)).begin()
        tokens = list(Trial.objects.values_list("token", flat=True))
        assert len(set(tokens)) == len(tokens) == 36
