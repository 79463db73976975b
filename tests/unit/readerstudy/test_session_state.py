import pytest

from readerstudy.core.errors import Refused
from readerstudy.core.session_state import (
    NEXT_STATE,
    PHASE_OF,
    STEP_AFTER,
    Phase,
    SessionState,
    Step,
    advance,
)


def test_every_state_has_its_steps_and_its_phase():
    assert set(NEXT_STATE) == set(PHASE_OF) == set(SessionState)


def test_every_step_is_used_and_leads_to_a_state():
    used = {step for steps in NEXT_STATE.values() for step in steps}
    assert used == set(Step)
    assert {state for steps in NEXT_STATE.values() for state in steps.values()} == set(SessionState) - {
        SessionState.ARRIVED
    }


def test_every_state_that_shows_a_phase_ends_with_its_step():
    for state, phase in PHASE_OF.items():
        assert phase is None or STEP_AFTER[phase] in NEXT_STATE[state]
    assert set(STEP_AFTER) == set(PHASE_OF.values()) - {None} == set(Phase)


class TestAdvance:
    def test_goes_through_a_session(self):
        state = SessionState.ARRIVED
        for step in (Step.BEGIN, Step.LAST_WARM_UP_SEEN, Step.LAST_TEST_ANSWERED):
            state = advance(state, step)
        assert state is SessionState.FINISHED

    def test_goes_through_a_refresher_back_to_the_test(self):
        state = SessionState.TEST
        for step in (Step.PAUSED_LONG, Step.LAST_WARM_UP_SEEN, Step.PAUSED_LONG, Step.LAST_WARM_UP_SEEN):
            state = advance(state, step)
        assert state is SessionState.TEST

    @pytest.mark.parametrize(
        ("state", "step"),
        [(state, step) for state in SessionState for step in Step if step not in NEXT_STATE[state]],
    )
    def test_refuses_every_other_step(self, state, step):
        with pytest.raises(Refused) as refusal:
            advance(state, step)
        assert (
            str(refusal.value)
            == f'The step "{step}" is not possible while the session is in the state "{state}".'
        )
