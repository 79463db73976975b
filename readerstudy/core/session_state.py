"""The states of a reading session and the steps between them."""

from enum import StrEnum
from typing import Final

from readerstudy.core.errors import Refused


class Phase(StrEnum):
    """Part of a session: truth shown, then truth hidden."""

    WARM_UP = "warm_up"
    TEST = "test"


class Role(StrEnum):
    """Why a panel is in a session."""

    FIRST = "first"
    REPEAT = "repeat"  # a test case for the second time
    CHECK = "check"  # made obviously synthetic, to see whether the reader attends
    REFRESHER = "refresher"  # a warm-up case again, after a pause of days


class SessionState(StrEnum):
    """Where a reader is."""

    ARRIVED = "arrived"  # pressed Start, reads the instructions
    WARM_UP = "warm_up"
    TEST = "test"
    REFRESHER = "refresher"  # after a pause of days, some warm-up panels again; then the test goes on
    FINISHED = "finished"


class Step(StrEnum):
    """What moves a session on."""

    BEGIN = "begin"  # the reader leaves the instructions
    LAST_WARM_UP_SEEN = "last_warm_up_seen"
    PAUSED_LONG = "paused_long"  # the reader comes back after days
    LAST_TEST_ANSWERED = "last_test_answered"


NEXT_STATE: Final[dict[SessionState, dict[Step, SessionState]]] = {
    SessionState.ARRIVED: {Step.BEGIN: SessionState.WARM_UP},
    SessionState.WARM_UP: {Step.LAST_WARM_UP_SEEN: SessionState.TEST},
    SessionState.TEST: {
        Step.LAST_TEST_ANSWERED: SessionState.FINISHED,
        Step.PAUSED_LONG: SessionState.REFRESHER,
    },
    SessionState.REFRESHER: {Step.LAST_WARM_UP_SEEN: SessionState.TEST},
    SessionState.FINISHED: {},
}

# The trials a reader meets in each state; None: no panel is shown.
PHASE_OF: Final[dict[SessionState, Phase | None]] = {
    SessionState.ARRIVED: None,
    SessionState.WARM_UP: Phase.WARM_UP,
    SessionState.TEST: Phase.TEST,
    SessionState.REFRESHER: Phase.WARM_UP,
    SessionState.FINISHED: None,
}

STEP_AFTER: Final[dict[Phase, Step]] = {
    Phase.WARM_UP: Step.LAST_WARM_UP_SEEN,
    Phase.TEST: Step.LAST_TEST_ANSWERED,
}


def advance(state: SessionState, step: Step) -> SessionState:
    """Take one step.

    Raises
    ------
    Refused
        If the step does not lead anywhere from this state.
    """
    try:
        return NEXT_STATE[state][step]
    except KeyError:
        raise Refused(
            'The step "{step}" is not possible while the session is in the state "{state}".',
            step=step,
            state=state,
        ) from None
