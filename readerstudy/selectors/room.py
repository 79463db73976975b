"""What the reading room asks between two panels: few look-ups, each for the columns it needs.

The protocol and the pixels of a frozen study never change, so each process keeps them, by the study's fingerprint.
Whether reading is allowed is read anew every time.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.core.frame_set import FrameSet
from readerstudy.core.conduct import ANSWER_THEN_REVEAL
from readerstudy.core.errors import Closed, Gone
from readerstudy.core.judgement import REAL
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import PHASE_OF, Phase, SessionState
from readerstudy.models import Response, Study, Trial
from readerstudy.selectors import pixels, rules
from readerstudy.selectors.statements import OPEN_TRIALS, PANEL, SESSION, moment, moment_or_none, rows

N_AHEAD: Final = 8  # panels let out beyond the current one, so that reading goes on while the network is away


@dataclass(frozen=True, slots=True)
class SessionNow:
    """A reading session as it stands, with the rules of its study."""

    pk: int
    state: SessionState
    seat: str
    seen_at: datetime
    is_revoked: bool
    status: str
    ends_at: datetime | None
    protocol: Protocol

    @property
    def phase(self) -> Phase | None:
        """Whose panels are shown; None before and after."""
        return PHASE_OF[self.state]

    @property
    def is_revealing(self) -> bool:
        """Whether panels are answered first and their origin is told then."""
        return self.state is SessionState.WARM_UP and self.protocol.conduct.warm_up_mode == ANSWER_THEN_REVEAL

    def refusal(self, *, at: datetime) -> str:
        """Why nobody reads here at a time; empty where reading goes on."""
        return rules.refusal(status=self.status, is_revoked=self.is_revoked, ends_at=self.ends_at, at=at)

    def check_is_readable(self, *, now: datetime) -> None:
        """A finished session can be asked for how it stands, any other only while reading is allowed."""
        refusal = self.refusal(at=now)
        if refusal and self.state is not SessionState.FINISHED:
            raise Closed(refusal)


@dataclass(frozen=True, slots=True)
class OpenTrial:
    """A trial that is not done, in the order of the session."""

    pk: int
    token: str
    position: int
    served_at: datetime | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a warm-up panel turns out to be."""

    is_real: bool
    title: str  # of the generator; empty for a real one


def session_now(public_id: str) -> SessionNow:
    """Read a session with one look-up."""
    found = rows(SESSION, public_id)
    if not found:
        raise Gone("This link was replaced by a newer one; open the newest one you were sent.")
    pk, state, seat, seen_at, is_revoked, status, ends_at, fingerprint, study = found[0]
    return SessionNow(
        pk=pk,
        state=SessionState(state),
        seat=seat,
        seen_at=moment(seen_at),
        is_revoked=bool(is_revoked),
        status=status,
        ends_at=moment_or_none(ends_at),
        protocol=protocol_of(study, fingerprint),
    )


@lru_cache(maxsize=64)
def frames_of(study_pk: int, fingerprint: str) -> FrameSet:
    """What the frames of a frozen study are."""
    return Study.objects.only("frame_set").get(pk=study_pk, fingerprint=fingerprint).frames


@lru_cache(maxsize=64)
def protocol_of(study_pk: int, fingerprint: str) -> Protocol:
    """The protocol of a frozen study; its fingerprint is part of the key."""
    return Study.objects.only("protocol").get(pk=study_pk, fingerprint=fingerprint).rules


def open_trials(session_pk: int, phase: Phase) -> list[OpenTrial]:
    """The current trial, the window behind it, and one more that may come into it."""
    return [
        OpenTrial(pk, token, position, moment(served_at) if served_at else None)
        for pk, token, position, served_at in rows(OPEN_TRIALS, session_pk, phase.value, N_AHEAD + 2)
    ]


def origins(trials: Sequence[OpenTrial]) -> dict[int, Origin]:
    """What warm-up panels are, by key; a trial of the test is never in the answer."""
    warm_up = Trial.objects.filter(pk__in=[trial.pk for trial in trials], phase=Phase.WARM_UP)
    return {
        pk: Origin(source == REAL, "" if source == REAL else source_title(source))
        for pk, source in warm_up.values_list("pk", "case__source")
    }


def warm_up_answer(trial_pk: int) -> str:
    """What was answered to a warm-up panel whose origin is not yet looked at; empty where nothing was."""
    given = Response.objects.filter(trial_id=trial_pk, trial__phase=Phase.WARM_UP)
    return given.values_list("answer", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class PanelNow:
    """A panel that may be fetched now."""

    patch: NDArray[np.int16]  # (frames, height, width)
    protocol: Protocol
    frame_set: FrameSet


def panel_now(token: str, owned: Collection[str], *, now: datetime) -> PanelNow | None:
    """A panel of this browser's sessions that was let out and is not done, or was the last one answered."""
    found = rows(PANEL, token)
    if not found or found[0][0] not in owned:
        return None
    _, state, phase, is_served, is_done, index, is_revoked, status, ends_at, fingerprint, study, slug = found[
        0
    ]
    if not is_served or PHASE_OF[SessionState(state)] != phase:
        return None
    if rules.refusal(status=status, is_revoked=bool(is_revoked), ends_at=moment_or_none(ends_at), at=now):
        return None
    protocol = protocol_of(study, fingerprint)
    if is_done and not (protocol.conduct.undo and _is_last_answered(token)):
        return None
    patch = np.asarray(pixels.of_frozen(slug, fingerprint)[index])
    return PanelNow(patch, protocol, frames_of(study, fingerprint))


def _is_last_answered(token: str) -> bool:
    trial = Trial.objects.get(token=token)
    later = Trial.objects.filter(
        session=trial.session_id, phase=trial.phase, position__gt=trial.position, done_at__isnull=False
    )
    return trial.phase == Phase.TEST and not later.exists()
