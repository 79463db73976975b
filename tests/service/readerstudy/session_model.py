"""What a reading session has to be after every request, in plain Python: the model that the real views are held against."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from readerstudy.core.conduct import ANSWER_THEN_REVEAL
from readerstudy.core.protocol import Protocol
from readerstudy.core.refresher import n_panels

N_AHEAD = 8
ARRIVED, WARM_UP, TEST, REFRESHER, FINISHED = "arrived", "warm_up", "test", "refresher", "finished"
Verdict = tuple[str, bool, int | None]  # answer, whether time was up, confidence


@dataclass
class Said:
    """A judgement that stands or was taken back."""

    verdict: Verdict
    key: str
    version: int
    undo_key: str = ""


@dataclass
class Reply:
    """What a request is answered with: the status, what a refusal is, where the session stands."""

    status: int
    kind: str = ""
    window: bool = False  # whether the whole window is told
    told: bool = False  # whether an origin is


class Rolled(Exception):  # noqa: N818 - a refusal changes nothing
    """A refusal: everything is as it was before the request."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(kind)
        self.reply = Reply(status, kind)


@dataclass
class SessionModel:
    """A session that was begun."""

    protocol: Protocol
    warm_up: list[str]
    test: list[str]
    seen_at: datetime
    state: str = WARM_UP
    seat: str = ""
    served: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    standing: dict[str, Said] = field(default_factory=dict)
    withdrawn: dict[str, list[Said]] = field(default_factory=dict)
    is_closed: bool = False
    is_revoked: bool = False
    ends_at: datetime | None = None
    n_refreshers: int = 0

    def copied(self) -> "SessionModel":
        """As it is now."""
        return replace(
            self,
            served=set(self.served),
            done=set(self.done),
            standing=dict(self.standing),
            withdrawn={token: list(said) for token, said in self.withdrawn.items()},
        )

    @property
    def is_revealing(self) -> bool:
        return self.state == WARM_UP and self.protocol.conduct.warm_up_mode == ANSWER_THEN_REVEAL

    def open_of(self, state: str) -> list[str]:
        """Tokens that are not done, of the part that a state reads."""
        tokens = self.test if state == TEST else self.warm_up if state in (WARM_UP, REFRESHER) else []
        return [token for token in tokens if token not in self.done]

    def window(self) -> list[str]:
        """Tokens that a browser may know now."""
        return self.open_of(self.state)[: N_AHEAD + 1]

    def is_refused(self, at: datetime) -> bool:
        """Whether nobody reads at a time."""
        return self.is_closed or self.is_revoked or (self.ends_at is not None and self.ends_at < at)

    def n_done(self) -> int:
        """What the reader is told to have done of the present part."""
        if self.state == FINISHED:
            return len(self.test)
        if self.state == REFRESHER:
            n = n_panels(self.protocol)
            return n - len(self.open_of(REFRESHER))
        tokens = self.test if self.state == TEST else self.warm_up
        return len(tokens) - len(self.open_of(self.state))

    # Each request either changes the model and returns a reply, or raises Rolled.

    def ask(self, seat: str, now: datetime) -> Reply:
        """The window."""
        self._check_seat(seat)
        if self.is_refused(now) and self.state != FINISHED:
            raise Rolled(403, "closed")
        self._after_pause(self.seen_at, now)
        self.seen_at = now
        self._let_out()
        return Reply(200, window=True)

    def give(self, seat: str, token: str, said: Said, now: datetime, body: dict[str, Any]) -> Reply:
        """An answer, or a look at a labelled panel."""
        self._check_seat(seat)
        given_at = now - timedelta(milliseconds=body.get("waited_ms") or 0)
        before, self_state = self.seen_at, self.state
        part = self._turn(token)
        if part is None:
            return self._again(token, said, given_at, now)
        if self.is_refused(given_at):
            raise Rolled(403, "closed")
        least = 1000 * self.protocol.conduct.min_viewing_seconds
        if not said.verdict[1] and body["rt_ms"] + (body.get("hidden_ms") or 0) < least:
            raise Rolled(400, "bad")
        if part != TEST and self.is_revealing:
            return self._reveal(token, said, given_at, body)
        if part != TEST:
            if said.verdict[0] or said.verdict[1]:
                raise Rolled(400, "bad")
        else:
            self._check(said, body, is_limited=True)
            if any(one.key == said.key for one in self.withdrawn.get(token, ())):
                return self._again(token, said, given_at, now)
            version = len(self.withdrawn.get(token, ())) + 1
            self.standing[token] = Said(said.verdict, said.key, version)
        self.seen_at = given_at
        self._go_on(token, part, self_state, before, given_at, now)
        return Reply(200)

    def see(self, seat: str, token: str, now: datetime) -> Reply:
        """Go on from a panel whose origin was told."""
        self._check_seat(seat)
        part = self._turn(token)
        if part is None or part == TEST:
            if token in self.test:
                raise Rolled(400, "bad")
            if token not in self.done:
                raise self._out_of_turn(now)
            return self._as_it_stands(now, now)
        if self.is_refused(now):
            raise Rolled(403, "closed")
        if self.is_revealing and token not in self.standing:
            raise Rolled(400, "bad")
        before, self.seen_at = self.seen_at, now
        self._go_on(token, part, self.state, before, now, now)
        return Reply(200)

    def undo(self, seat: str, token: str, key: str, now: datetime) -> Reply:
        """Take back the last answer."""
        self._check_seat(seat)
        if any(one.undo_key == key for one in self.withdrawn.get(token, ())):
            self.seen_at = now
            self._let_out()
            return Reply(200, window=True)
        if self.is_refused(now):
            raise Rolled(403, "closed")
        if not self.protocol.conduct.undo or self.state != TEST:
            raise Rolled(400, "bad")
        current = self.open_of(TEST)[0]
        place = self.test.index(current)
        if place == 0 or self.test[place - 1] != token or self.withdrawn.get(current):
            raise Rolled(409, "order")
        said = self.standing.pop(token)
        said.undo_key = key
        self.withdrawn.setdefault(token, []).append(said)
        self.done.discard(token)
        self.seen_at = now
        self._let_out()
        return Reply(200, window=True)

    def open_page(self, now: datetime) -> int:
        """The page of the session and where it leads: its status."""
        if self.is_refused(now) and self.state != FINISHED:
            return 404
        if self.state == TEST and self._is_due(self.seen_at, now):
            self._after_pause(self.seen_at, now)
            self.seen_at = now
        tokens = self.open_of(self.state)
        if tokens and not (self.state == TEST and tokens[0] == self.test[0] and tokens[0] not in self.served):
            if self.is_refused(now):
                return 404
            self.served.add(tokens[0])
            self.seen_at = now
        return 200

    def may_fetch(self, token: str, now: datetime) -> bool:
        """Whether the frames of a panel may be fetched."""
        is_test = token in self.test
        if token not in self.served or self.is_refused(now) or (self.state == TEST) != is_test:
            return False
        if self.state == FINISHED:
            return False
        if token not in self.done:
            return True
        last = [one for one in self.test if one in self.done][-1:]
        return self.protocol.conduct.undo and is_test and last == [token]

    def _check_seat(self, seat: str) -> None:
        if not seat or seat != self.seat:
            raise Rolled(409, "moved")

    def _turn(self, token: str) -> str | None:
        for part in [self.state, *([TEST] if self.state == REFRESHER else [])]:
            if self.open_of(part)[:1] == [token] and token in self.served:
                return part
        return None

    def _check(self, said: Said, body: dict[str, Any], *, is_limited: bool) -> None:
        conduct, levels = self.protocol.conduct, self.protocol.confidence_levels
        answer, is_timeout, confidence = said.verdict
        is_bad = bool(body.get("comment")) and not conduct.comment
        if is_timeout:
            is_bad |= (
                not conduct.time_limit_seconds or not is_limited or bool(answer) or confidence is not None
            )
        else:
            is_bad |= answer not in ("real", "fake")
            is_bad |= (
                (confidence is None or not 1 <= confidence <= levels) if levels else confidence is not None
            )
        if is_bad:
            raise Rolled(400, "bad")

    def _reveal(self, token: str, said: Said, given_at: datetime, body: dict[str, Any]) -> Reply:
        if token in self.standing:
            if self.standing[token].verdict != said.verdict:
                raise Rolled(409, "kept")
        else:
            self._check(said, body, is_limited=False)
            self.standing[token] = Said(said.verdict, said.key, 1)
        self.seen_at = given_at
        return Reply(200, told=True)

    def _go_on(
        self, token: str, part: str, state: str, before: datetime, given_at: datetime, now: datetime
    ) -> None:
        self.done.add(token)
        if part != state:
            return
        if not self.open_of(part):
            while self.state not in (FINISHED, ARRIVED) and not self.open_of(self.state):
                self.state = TEST if self.state in (WARM_UP, REFRESHER) else FINISHED
        elif not self.is_refused(now):
            self._after_pause(before, given_at)
            if self.state == state:
                self._let_out()

    def _again(self, token: str, said: Said, given_at: datetime, now: datetime) -> Reply:
        known = token in self.warm_up or token in self.test
        if not known:
            raise self._out_of_turn(now)
        if any(one.key == said.key for one in self.withdrawn.get(token, ())):
            return self._as_it_stands(given_at, now)
        if token in self.standing:
            if self.standing[token].verdict != said.verdict:
                raise Rolled(409, "kept")
        elif token not in self.done:
            raise self._out_of_turn(now)
        return self._as_it_stands(given_at, now)

    def _as_it_stands(self, seen_at: datetime, now: datetime) -> Reply:
        self.seen_at = seen_at
        if self.is_refused(now):
            return Reply(200)
        self._let_out()
        return Reply(200, window=True)

    def _out_of_turn(self, now: datetime) -> Rolled:
        return Rolled(403, "closed") if self.is_refused(now) else Rolled(409, "order")

    def _is_due(self, seen_at: datetime, now: datetime) -> bool:
        days = self.protocol.conduct.refresher_after_days
        return bool(days) and now - seen_at >= timedelta(days=days)

    def _after_pause(self, seen_at: datetime, now: datetime) -> None:
        if self.state == TEST and self._is_due(seen_at, now):
            self.state = REFRESHER
            self.n_refreshers += 1

    def _let_out(self) -> None:
        self.served.update(self.window())
