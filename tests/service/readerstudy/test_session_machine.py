"""A reading session, driven by a machine that does what readers, browsers and study admins do, in any order.

After every step the rows of the database are those of the model in session_model.py. `SESSION_MACHINE_EXAMPLES=2000`
runs so many sessions instead of a few.
"""

import copy
import json
import os
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from readerstudy.core.conduct import Conduct
from readerstudy.models import Invitation, ReadingSession, Study
from readerstudy.selectors.links import link_token
from readerstudy.services import invitations, studies
from tests.factories import ADMIN, ReadingBrowser, make_invitation, make_pool, make_study, small_protocol
from tests.running_room import RunningRoom
from tests.service.readerstudy.session_harness import SessionHarness, Window
from tests.service.readerstudy.session_model import FINISHED, REFRESHER, TEST, WARM_UP, SessionModel

N_EXAMPLES = int(os.environ.get("SESSION_MACHINE_EXAMPLES", "12"))
WHICH = st.sampled_from((None, None, None, 0, 1, 2, 3))  # mostly the window that reads
RARELY = st.sampled_from((False,) * 19 + (True,))
CLASSES = ("benign", "malignant", "no_findings")
SMALL = {
    "test": {"real": dict.fromkeys(CLASSES, 1), "dcgan": dict.fromkeys(CLASSES, 1)},
    "warm_up": {"real": {"benign": 1}, "dcgan": {"malignant": 1}},
}
CONDUCTS = {
    "plain": ({}, {}),
    "undo and comments": ({**SMALL, "confidence_levels": 4}, {"undo": True, "comment": True}),
    "reveal": (SMALL, {"warm_up_mode": "answer-then-reveal", "undo": True}),
    "repeats and checks": (SMALL, {"n_repeats": 2, "repeat_distance": 1, "n_checks": 1, "undo": True}),
    "limits": (SMALL, {"time_limit_seconds": 10, "min_viewing_seconds": 1, "refresher_after_days": 3, "n_refresher": 2, "undo": True}),
    "refresher": (SMALL, {"refresher_after_days": 2, "n_refresher": 1, "warm_up_mode": "answer-then-reveal", "break_every": 2}),
}  # fmt: skip
BAD_BODIES = ("", "[]", "null", "{", "[" * 5000, '"a"', '{"seat": 1}', '{"seat": "x", "token": "y"}', '{"seat":"' + "x" * 65 + '"}', "x" * 20_000, "\udcff")  # fmt: skip


class Session(SessionHarness):
    """Everything that a reader, a browser, time and a study admin may do."""

    @initialize(name=st.sampled_from(sorted(CONDUCTS)), n=st.integers(0, 6))
    def begin(self, name: str, n: int) -> None:
        self.study = self.studies[name]
        self.invitation = make_invitation(self.study)
        room = RunningRoom(ReadingBrowser(self.invitation).begin())
        self.row = ReadingSession.objects.get(invitation=self.invitation)
        phases = {phase: list(self._trials(phase)) for phase in (WARM_UP, TEST)}
        self.order = {phase: list(tokens) for phase, tokens in phases.items()}
        self.model = SessionModel(self.study.rules, phases[WARM_UP], phases[TEST], seen_at=self.now)
        self.model.served.add(phases[WARM_UP][0])
        self.windows = [Window(room)]
        self.take_seat(0)
        self.read_on(n, "real", 0)

    # What a reader and a browser do.

    @rule(n=st.integers(1, 6), answer=st.sampled_from(("real", "fake")), which=WHICH)
    def read_on(self, n: int, answer: str, which: int | None) -> None:
        """Answer, or look at, the next panels properly."""
        for _ in range(n):
            tokens = self.model.window()
            if not tokens:
                return
            window = self._window(which)
            self.request_window(which)
            if self.model.state in (WARM_UP, REFRESHER) and not self.model.is_revealing:
                self.send(window, self._body(window, tokens[0], answer=""))
            else:
                self.send(window, self._body(window, tokens[0], answer=answer, confidence=self._level(2)))
                if self.model.is_revealing:
                    self.see(window, self._body(window, tokens[0]))

    @rule(which=WHICH, place=st.integers(-2, 9), data=st.data())
    def answer_anything(self, which: int | None, place: int, data: st.DataObject) -> None:
        """Any answer to any panel: too early, twice, with another key, by time, without a confidence, late from the network."""
        window = self._window(which)
        body = self._body(
            window,
            self._token(place),
            answer=data.draw(st.sampled_from(("real", "fake", "", "maybe"))),
            is_timeout=data.draw(st.sampled_from((False, False, True))),
            confidence=data.draw(st.sampled_from((None, None, self._level(1), self._level(3), 7))),
            comment=data.draw(st.sampled_from(("", "", "grid", " a\n b "))),
            rt_ms=data.draw(st.sampled_from((0, 999, 1200, 11_000))),
            waited_ms=data.draw(st.sampled_from((None, 0, 1000, 7_200_000))),
        )
        self.send(window, body)

    @rule(which=WHICH, number=st.integers(0, 20), to=WHICH)
    def send_again(self, which: int | None, number: int, to: int | None) -> None:
        """The same request once more, now or much later, from its own or from another window."""
        sent = self._window(which).sent
        if sent:
            name, body = sent[-1 - number % len(sent)]
            self._sender(name)(self._window(to), dict(body))

    @rule(which=WHICH, n=st.integers(2, 4), shuffled=st.randoms(use_true_random=False))
    def queue_out_of_order(self, which: int | None, n: int, shuffled) -> None:
        """Answers that waited for the network arrive in any order, some twice."""
        window = self._window(which)
        bodies = [
            self._body(window, token, answer="real", confidence=self._level(1))
            for token in self.model.window()[:n]
        ]
        bodies += bodies[:1]
        shuffled.shuffle(bodies)
        for body in bodies:
            self.send(window, body)

    @rule(which=WHICH, place=st.integers(0, 3))
    def answer_otherwise(self, which: int | None, place: int) -> None:
        """Another answer, with another key, to a panel that has one."""
        answered = [
            token for token in [*self.model.warm_up, *self.model.test] if token in self.model.standing
        ]
        if answered:
            token = answered[-1 - place % len(answered)]
            other = "fake" if self.model.standing[token].verdict[0] == "real" else "real"
            window = self._window(which)
            self.send(window, self._body(window, token, answer=other, confidence=self._level(2)))

    @rule(which=WHICH, n=st.integers(1, 2))
    def undo_last(self, which: int | None, n: int) -> None:
        """Take back the last answer, and then perhaps the one before, which is one too many."""
        for _ in range(n):
            done = [token for token in self.model.test if token in self.model.done]
            if done:
                window = self._window(which)
                self.take_back(window, self._body(window, done[-1]))

    @rule(which=WHICH, place=st.integers(-3, 3))
    def undo(self, which: int | None, place: int) -> None:
        window = self._window(which)
        self.take_back(window, self._body(window, self._token(place)))

    @rule(which=WHICH, place=st.integers(-2, 2))
    def go_on(self, which: int | None, place: int) -> None:
        window = self._window(which)
        self.see(window, self._body(window, self._token(place)))

    @rule(which=WHICH)
    def request_window(self, which: int | None) -> None:
        window = self._window(which)
        reply = window.room.trials()
        expected = self._expected(lambda: self.model.ask(window.room.seat, self._tick()))
        self._judge(reply, expected)

    @rule(which=WHICH)
    def take_seat(self, which: int | None) -> None:
        window = self._window(which)
        reply = window.room.post("seat", {})
        if self.is_gone:
            assert reply.status_code == 404
        elif self.model.is_refused(self.now) and self.model.state != FINISHED:
            assert (reply.status_code, reply.json()["kind"]) == (403, "closed")
        else:
            assert reply.status_code == 200
            window.room.seat = self.model.seat = reply.json()["seat"]

    @rule(which=WHICH, place=st.integers(-3, 10))
    def fetch_panel(self, which: int | None, place: int) -> None:
        token = self._token(place)
        reply = self._window(which).room.panel(token)
        may = not self.is_gone and self.model.may_fetch(token, self.now)
        assert reply.status_code == (200 if may else 404)
        if may:
            self.lengths.add(len(reply.content))
            assert len(self.lengths) == 1

    @rule(which=WHICH, place=st.sampled_from(("session", "pause", "break")))
    def open_page(self, which: int | None, place: str) -> None:
        """Reload, or look at the page of a pause."""
        window = self._window(which)
        reply = window.room.client.get(window.room.address(place), follow=True)
        now = self._tick()
        is_refused = self.is_gone or (self.model.is_refused(now) and self.model.state != FINISHED)
        expected = 404 if is_refused else self.model.open_page(now) if place == "session" else 200
        assert reply.status_code == expected

    @precondition(lambda self: len(self.windows) < 4)
    @rule(which=WHICH)
    def open_second_window(self, which: int | None) -> None:
        """Another window of the same browser, with the cookies and without a seat."""
        room = copy.copy(self._window(which).room)
        room.seat = ""
        self.windows.append(Window(room))

    @precondition(lambda self: len(self.windows) < 4 and not self.is_gone)
    @rule()
    def come_back_by_link(self) -> None:
        """The personal link in another browser that knows nothing."""
        browser = ReadingBrowser(Invitation.objects.get(pk=self.invitation.pk))
        assert browser.open().status_code == 200
        now = self._tick()
        if self.model.is_refused(now) and self.model.state != FINISHED:
            return
        if self.model.state == FINISHED:
            return
        browser.press()
        assert self.model.open_page(now) == browser.page.status_code == 200
        self.windows.append(Window(RunningRoom(browser, self.row.public_id)))

    @rule(which=WHICH, language=st.sampled_from(("en", "de", "xx")))
    def choose_language(self, which: int | None, language: str) -> None:
        room = self._window(which).room
        data = {"language": language, "next": "/", "csrfmiddlewaretoken": room.csrf}
        assert room.client.post(reverse("reading:language"), data).status_code in (200, 204, 302, 400)

    @rule(
        which=WHICH,
        name=st.sampled_from(("answers", "seen", "undo")),
        body=st.sampled_from(BAD_BODIES),
    )
    def send_nonsense(self, which: int | None, name: str, body: str) -> None:
        room = self._window(which).room
        reply = room.client.post(
            room.address(name),
            body.encode("utf-8", "surrogateescape"),
            content_type="application/json",
            headers={"X-CSRFToken": room.csrf},
        )
        assert reply.status_code in ((400, 404) if self.is_gone else (400, 409))
        assert reply.json()["sentence"]

    @rule(place=st.integers(-3, 6), name=st.sampled_from(("answers", "trials", "seat")))
    def be_a_stranger(self, place: int, name: str) -> None:
        """A browser that has neither cookie nor seat learns nothing."""
        client = Client()
        room = self.windows[0].room
        if name == "trials":
            reply = client.get(room.address(name), {"seat": self.model.seat})
        else:
            body = {"seat": self.model.seat, "token": self._token(place), "key": "stranger", "answer": "real"}
            reply = client.post(room.address(name), json.dumps(body), content_type="application/json")
        assert reply.status_code == 404
        assert client.get(reverse("reading:panel_data", args=[self._token(place)])).status_code == 404

    # What time and study admins do.

    @rule(hours=st.sampled_from((1, 20, 49, 73)))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: not self.model.is_closed)
    @rule(chance=RARELY)
    def close_study(self, chance: bool) -> None:
        if chance:
            studies.close(study=self.study, by=ADMIN, now=self.now)
            self.model.is_closed = True

    @precondition(lambda self: not self.model.is_closed)
    @rule(hours=st.sampled_from((None, None, None, 30, 90)))
    def set_end(self, hours: int | None) -> None:
        ends_at = None if hours is None else self.now + timedelta(hours=hours)
        studies.set_end(study=Study.objects.get(pk=self.study.pk), ends_at=ends_at, by=ADMIN, now=self.now)
        self.model.ends_at = ends_at

    @precondition(lambda self: not self.is_gone)
    @rule(chance=RARELY)
    def revoke(self, chance: bool) -> None:
        if chance:
            invitations.revoke(invitation=self.invitation, by=ADMIN, now=self.now)
            self.model.is_revoked = True

    @precondition(lambda self: not self.is_gone and not self.model.is_closed)
    @rule(chance=RARELY)
    def replace_link(self, chance: bool) -> None:
        """A new link shuts out every browser that used the old one."""
        if chance:
            invitations.replace_link(invitation=self.invitation, by=ADMIN, now=self.now)
            self.model.is_revoked = False
            self.row.refresh_from_db()
            old = self.windows[0].room
            assert old.trials().status_code == 404
            browser = ReadingBrowser(Invitation.objects.get(pk=self.invitation.pk))
            browser.open()
            if self.model.state == FINISHED or self.model.is_refused(self.now):
                self.is_gone = True  # nobody can come back any more
                return
            browser.press()
            assert self.model.open_page(self._tick()) == browser.page.status_code == 200
            self.windows = [Window(RunningRoom(browser, self.row.public_id))]

    @precondition(lambda self: not self.is_gone)
    @rule(chance=RARELY)
    def leave_study(self, chance: bool) -> None:
        """The reader withdraws: the answers stay under the pseudonym, and nobody reads any more."""
        if not chance:
            return
        room = self.windows[0].room
        link = link_token(Invitation.objects.get(pk=self.invitation.pk))
        reply = room.client.post(reverse("reading:leave", args=[link]), {"csrfmiddlewaretoken": room.csrf})
        assert reply.status_code == 302
        self.is_gone = self.model.is_revoked = True
        self.model.seat = ""


@pytest.fixture
def every_study(db) -> dict[str, Study]:
    """One open study of each kind; what a session does to it is undone when the session ends."""
    offered = [make_pool("real", 4), make_pool("dcgan", 4), make_pool("wgan", 4)]
    made = {}
    for name, (protocol, conduct) in CONDUCTS.items():
        rules = small_protocol(**protocol, conduct=Conduct(**conduct))
        pools = [pool for pool in offered if pool.patch_set.source in rules.sources]
        made[name] = make_study("open", protocol=rules, offered=pools)
    return made


def test_a_session_is_what_the_model_says(every_study):
    profile = settings(
        max_examples=N_EXAMPLES,
        stateful_step_count=30,
        deadline=None,
        derandomize=N_EXAMPLES < 100,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    machine = type("Session", (Session,), {"studies": every_study, "lengths": set()})
    run_state_machine_as_test(machine, settings=profile)
