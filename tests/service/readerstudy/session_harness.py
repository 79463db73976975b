"""What the machine of reading sessions needs beside its rules: requests as a script sends them, and what is judged of replies."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest.mock import patch

from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, invariant

from readerstudy.models import Invitation, ReadingSession, Response, Study, Trial, WithdrawnResponse
from tests.factories import NOW
from tests.running_room import RunningRoom
from tests.service.readerstudy.session_model import TEST, WARM_UP, Reply, Rolled, Said, SessionModel


class Window:
    """One window of a browser, with the seat it took and the requests it sent."""

    def __init__(self, room: RunningRoom) -> None:
        self.room = room
        self.sent: list[tuple[str, dict]] = []


class SessionHarness(RuleBasedStateMachine):
    """A session, its windows, and what the model says of them; every example is undone when it ends."""

    studies: dict[str, Study]
    lengths: set[int]
    study: Study
    invitation: Invitation
    row: ReadingSession
    model: SessionModel
    order: dict[str, list[str]]
    windows: list[Window]

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = NOW + timedelta(hours=1)
        self.clock = patch("django.utils.timezone.now", lambda: self.now)
        self.clock.start()
        self.n_keys = 0
        self.is_gone = False

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self.check_at_the_end()
        finally:
            self.clock.stop()
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # What has to hold after every step.

    @invariant()
    def rows_are_those_of_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        model = self.model
        rows = {phase: self._trials(phase) for phase in (WARM_UP, TEST)}
        for phase, tokens in self.order.items():
            assert list(rows[phase])[: len(tokens)] == tokens
        model.warm_up = list(rows[WARM_UP])
        n_more = len(model.warm_up) - len(self.order[WARM_UP])
        n_each = min(model.protocol.conduct.n_refresher, len(self.order[WARM_UP]))
        assert (n_more, len(rows[TEST])) == (model.n_refreshers * n_each, len(self.order[TEST]))
        assert {token for found in rows.values() for token, done in found.items() if done} == model.done
        for found in rows.values():  # what is done is the beginning
            assert sorted(found.values(), reverse=True) == list(found.values())
        stored = Response.objects.filter(trial__session=self.row).values_list(
            "trial__token", "answer", "is_timeout", "confidence", "key", "version"
        )
        assert {
            token: ((answer, is_timeout, confidence), key, version)
            for token, answer, is_timeout, confidence, key, version in stored
        } == {token: (said.verdict, said.key, said.version) for token, said in model.standing.items()}
        taken = WithdrawnResponse.objects.filter(trial__session=self.row).values_list(
            "trial__token", "version", "key", "withdrawal_key"
        )
        assert sorted(taken) == sorted(
            (token, said.version, said.key, said.undo_key)
            for token, many in model.withdrawn.items()
            for said in many
        )
        self.row.refresh_from_db()
        assert self.row.state == model.state
        assert self.row.seat == model.seat

    def check_at_the_end(self) -> None:
        """The order can be computed again from the seed, and nothing of the frozen study has changed."""
        call_command("verify_study", self.study.slug, stdout=io.StringIO())
        assert Study.objects.get(pk=self.study.pk).fingerprint == self.study.fingerprint

    # Sending and judging.

    def send(self, window: Window, body: dict) -> None:
        window.sent.append(("answers", body))
        said = Said(
            (body.get("answer", ""), body.get("is_timeout", False), body.get("confidence")), body["key"], 0
        )
        body = {**body, "seat": window.room.seat or "none"}
        reply = window.room.post("answers", body)
        told = {**body, "comment": " ".join(body.get("comment", "").split())}
        self._judge(
            reply,
            self._expected(lambda: self.model.give(body["seat"], body["token"], said, self._tick(), told)),
        )

    def see(self, window: Window, body: dict) -> None:
        window.sent.append(("seen", body))
        body = {**body, "seat": window.room.seat or "none"}
        reply = window.room.post("seen", body)
        self._judge(reply, self._expected(lambda: self.model.see(body["seat"], body["token"], self._tick())))

    def take_back(self, window: Window, body: dict) -> None:
        window.sent.append(("undo", body))
        body = {**body, "seat": window.room.seat or "none"}
        reply = window.room.post("undo", body)
        self._judge(
            reply,
            self._expected(lambda: self.model.undo(body["seat"], body["token"], body["key"], self._tick())),
        )

    def _sender(self, name: str) -> Callable[[Window, dict], None]:
        return {"answers": self.send, "seen": self.see, "undo": self.take_back}[name]

    def _expected(self, act: Callable[[], Reply]) -> Reply:
        if self.is_gone:
            return Reply(404, "gone")
        before = self.model.copied()
        try:
            return act()
        except Rolled as refusal:
            self.model = before
            return refusal.reply

    def _judge(self, reply: HttpResponse, expected: Reply) -> None:
        told = reply.json()
        note(f"{reply.status_code} {told}")
        assert (reply.status_code, told.get("kind", "")) == (expected.status, expected.kind)
        if expected.status != 200:
            assert told["sentence"]
            assert set(told) <= {"kind", "sentence", "answer", "token"}
            return
        self.rows_are_those_of_the_model()  # a refresher may have been drawn
        items = told["trials"] if "trials" in told else told["next"]
        assert set(told) <= {"state", "n_trials", "n_done", "trials", "next", "origin"}
        assert ("origin" in told) == expected.told
        assert (told["state"], told["n_done"]) == (self.model.state, self.model.n_done()) or not items
        tokens = self.model.window()
        if expected.window:
            self.model._let_out()
            assert [item["token"] for item in items] == tokens
        assert {item["token"] for item in items} <= set(tokens)
        for item in items:
            is_told = item["token"] not in self.model.test and (
                not self.model.is_revealing or item["token"] in self.model.standing
            )
            assert set(item) - {"answer"} == {"token", "position", *(["origin"] if is_told else [])}
            assert "answer" not in item or self.model.is_revealing

    def _tick(self) -> datetime:
        return self.now

    def _window(self, which: int | None) -> Window:
        """A window by its number, or the one that has the seat."""
        if which is not None:
            return self.windows[which % len(self.windows)]
        return next((one for one in self.windows if one.room.seat == self.model.seat), self.windows[0])

    def _level(self, level: int) -> int | None:
        return level if self.model.protocol.confidence_levels else None

    def _token(self, place: int) -> str:
        """A token by its distance from the current one; beyond the ends those of the other part, or a made-up one."""
        tokens = [*self.model.warm_up, *self.model.test]
        current = self.model.window()
        number = (tokens.index(current[0]) if current else len(tokens) - 1) + place
        return tokens[number] if 0 <= number < len(tokens) else "f" * 32

    def _body(self, window: Window, token: str, **said: object) -> dict:
        self.n_keys += 1
        return {"key": f"k{self.n_keys}", "token": token, "rt_ms": 1200, **said}

    def _trials(self, phase: str) -> dict[str, bool]:
        rows = Trial.objects.filter(session=self.row, phase=phase).order_by("position")
        return {token: done_at is not None for token, done_at in rows.values_list("token", "done_at")}
