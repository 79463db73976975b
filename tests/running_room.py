"""A reader with JavaScript, as the server meets one: a seat, a window of panels, answers with keys."""

import copy
import itertools
import json
from typing import Any, Self

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from readerstudy.models import Invitation, ReadingSession
from readerstudy.selectors.links import invitation_behind
from tests.factories import ReadingBrowser

_KEY = itertools.count(1)


def new_key() -> str:
    """An idempotency key, as the script makes one for each answer."""
    return f"key-{next(_KEY)}"


class RunningRoom:
    """The script of the reading room in one window of a browser."""

    def __init__(self, reader: ReadingBrowser, public_id: str | None = None) -> None:
        self.client: Client = reader.client
        self.public_id = public_id or ReadingSession.objects.get(invitation=_invitation(reader)).public_id
        self.csrf = reader.client.cookies["csrftoken"].value
        self.seat = ""

    def again(self) -> Self:
        """The same window, with cookies of its own."""
        other = copy.copy(self)
        other.client = Client(enforce_csrf_checks=True)
        other.client.cookies = copy.deepcopy(self.client.cookies)
        return other

    def take_seat(self) -> "RunningRoom":
        """Read in this window from now on."""
        self.seat = self.post("seat", {}).json()["seat"]
        return self

    def trials(self) -> HttpResponse:
        """Ask for the window."""
        return self.client.get(self.address("trials"), {"seat": self.seat})

    def window(self) -> dict[str, Any]:
        """The window as it stands."""
        response = self.trials()
        assert response.status_code == 200, response.content
        return dict(response.json())

    def token(self) -> str:
        """The current trial's token."""
        return str(self.window()["trials"][0]["token"])

    def answer(self, token: str, answer: str = "real", **said: Any) -> HttpResponse:
        """Send an answer, as the queue does."""
        return self.post("answers", self.body(token, answer=answer, **said))

    def see(self, token: str) -> HttpResponse:
        """Go on from a panel whose origin was told."""
        return self.post("seen", self.body(token))

    def undo(self, token: str, **said: Any) -> HttpResponse:
        """Take back an answer."""
        return self.post("undo", self.body(token, **said))

    def body(self, token: str, **said: Any) -> dict[str, Any]:
        """A request's body with a new key."""
        return {"seat": self.seat, "key": new_key(), "token": token, "rt_ms": 1200, **said}

    def post(self, name: str, body: object) -> HttpResponse:
        """Send JSON."""
        return self.client.post(
            self.address(name),
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={"X-CSRFToken": self.csrf},
        )

    def panel(self, token: str) -> HttpResponse:
        """Fetch the frames of a panel."""
        return self.client.get(reverse("reading:panel_data", args=[token]))

    def address(self, name: str) -> str:
        return reverse(f"reading:{name}", args=[self.public_id])

    def see_warm_up(self) -> "RunningRoom":
        """Look at every panel of a labelled warm-up or refresher."""
        while (window := self.window())["state"] in {"warm_up", "refresher"}:
            assert self.answer(window["trials"][0]["token"], "").status_code == 200
        return self

    def read_on(self, n: int, answer: str = "real", **said: Any) -> list[str]:
        """Answer the next n panels; return their tokens."""
        done = []
        for _ in range(n):
            done.append(self.token())
            response = self.answer(done[-1], answer, **said)
            assert response.status_code == 200, response.content
        return done


def enter(invitation: Invitation, *, through_warm_up: bool = True) -> RunningRoom:
    """From the personal link to the first panel of the warm-up, or of the test, with a seat."""
    room = RunningRoom(ReadingBrowser(invitation).begin()).take_seat()
    return room.see_warm_up() if through_warm_up else room


def _invitation(reader: ReadingBrowser) -> Invitation:
    invitation = invitation_behind(reader.link.rstrip("/").rsplit("/", 1)[-1])
    assert invitation is not None
    return invitation
