"""The states of a reading session and the steps between them."""

from enum import StrEnum
from typing import Final

from readerstudy.core.errors import Refused


class Phase(StrEnum):
    """Part of a session: truth shown, then truth hidden."""

    WARM_UP = "warm_up"
    TEST = "test"


class SessionState(StrEnum):
    """Where a reader is."""

    ARRIVED = "arrived"  # pressed Start, reads the instructions
    WARM_UP = "warm_up"
    TEST = "test"
    FINISHED = "finished"


class Step(StrEnum):
    """What moves a session on."""

    BEGIN = "begin"  # the reader leaves the instructions
    LAST_WARM_UP_SEEN = "last_warm_up_seen"
    LAST_TEST_ANSWERED = "last_test_answered"


NEXT_STATE: Final[dict[SessionState, dict[Step, SessionState]]] = {
    SessionState.ARRIVED: {Step.BEGIN: SessionState.WARM_UP},
    SessionState.WARM_UP: {Step.LAST_WARM_UP_SEEN: SessionState.TEST},
    SessionState.TEST: {Step.LAST_TEST_ANSWERED: SessionState.FINISHED},
    SessionState.FINISHED: {},
}

# The trials a reader meets in each state; None: no panel is shown.
PHASE_OF: Final[dict[SessionState, Phase | None]] = {
    SessionState.ARRIVED: None,
    SessionState.WARM_UP: Phase.WARM_UP,
    SessionState.TEST: Phase.TEST,
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
            f'The step "{step}" is not possible while the session is in the state "{state}".'
        ) from None
