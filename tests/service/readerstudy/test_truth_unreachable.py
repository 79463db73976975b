"""No address of the reading room, however it is called, tells the truth of a test case before the study is closed."""

import json
from datetime import timedelta

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from readerstudy import reading_urls
from readerstudy.models import Case, ReadingSession, Response, Trial, WithdrawnResponse
from readerstudy.selectors.links import link_token
from tests.factories import make_invitation
from tests.running_room import RunningRoom, enter
from tests.studies import conduct_study

pytestmark = pytest.mark.django_db

RULES = {
    "undo": True,
    "comment": True,
    "break_every": 2,
    "n_repeats": 2,
    "repeat_distance": 5,
    "n_checks": 2,
    "warm_up_mode": "answer-then-reveal",
    "refresher_after_days": 3,
    "n_refresher": 2,
}
PAGES_OF_WORDS = {"arrival", "consent", "instructions", "declined"}  # they explain what lesions there are


@pytest.fixture
def room() -> RunningRoom:
    """In the middle of the test of a study with every rule there is."""
    room = enter(make_invitation(conduct_study(**RULES)), through_warm_up=False)
    while (window := room.window())["state"] == "warm_up":
        token = window["trials"][0]["token"]
        room.answer(token, "real")
        room.see(token)
    room.read_on(3)
    return room


def everything(room: RunningRoom, token: str) -> dict[str, bytes]:
    """What every address answers to every method, asked with one token."""
    session = ReadingSession.objects.get(public_id=room.public_id)
    values = {"token": token, "public_id": room.public_id, "link": link_token(session.invitation)}
    bodies = [{}, room.body(token, answer="maybe"), {**room.body(token), "seat": "f" * 32}]
    answers = {}
    for pattern in reading_urls.urlpatterns:
        parameters = {name: values[name] for name in pattern.pattern.converters}
        try:
            address = reverse(f"reading:{pattern.name}", kwargs=parameters)
        except NoReverseMatch:
            address = reverse(f"reading:{pattern.name}", args=list(parameters.values()))
        calls = [
            room.client.get(address, {"seat": room.seat}),
            room.client.head(address),
            room.client.options(address),
        ]
        headers = {"X-CSRFToken": room.csrf}
        if pattern.name not in {
            "seat",
            "begin",
            "arrival",
            "consent",
            "take_back",
            "language",
            "leave",
        }:  # these change the session
            calls += [
                room.client.post(address, json.dumps(body), content_type="application/json", headers=headers)
                for body in bodies
            ]
        for number, response in enumerate(calls):
            content = b"" if response.streaming else response.content
            answers[f"{pattern.name} {number}"] = response.serialize_headers() + b"\n" + content
    return answers


def test_walking_every_route_with_every_kind_of_token_tells_nothing(room):
    sources = {case.source for case in Case.objects.all()} - {"real"}
    assert sources == {"dcgan", "wgan", "check"}
    forbidden = [b"dcgan", b"wgan", *(case.public_id.encode() for case in Case.objects.all())]
    classes = [b"benign", b"malignant", b"no_findings", b"no findings"]
    trials = Trial.objects.filter(phase="test").order_by("position")
    done, current, ahead = trials[1], trials[3], trials[6]
    unserved = trials.filter(served_at=None).first()
    n_said = Response.objects.count()
    for trial in (done, trials[2], current, ahead, unserved):
        for route, told in everything(room, trial.token).items():
            words = forbidden + ([] if route.split()[0] in PAGES_OF_WORDS else classes)
            assert not [word for word in words if word in told.lower()], route
            assert b'"origin"' not in told, route
    # One answer was taken back by the way, as the study allows; none was added.
    assert Response.objects.count() + WithdrawnResponse.objects.count() == n_said


def test_during_a_refresher_test_cases_stay_hidden(room):
    current = Trial.objects.filter(phase="test", done_at=None).order_by("position").first()
    ReadingSession.objects.update(seen_at=timezone.now() - timedelta(days=4))
    assert room.window()["state"] == "refresher"
    for route, told in everything(room, current.token).items():
        if route.split()[0] not in {"session", "trials", "trial", "seen", *PAGES_OF_WORDS}:
            assert b"dcgan" not in told.lower(), route
    refresher = {item["token"] for item in room.window()["trials"]}
    assert not refresher & set(Trial.objects.filter(phase="test").values_list("token", flat=True))
    assert room.see(current.token).json()["kind"] == "bad"
