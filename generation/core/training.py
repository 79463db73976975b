"""The adversarial training loop: state in, state out, progress and stop as hooks."""

from collections.abc import Callable

from generation.core import divergence
from generation.core.batches import MappedBatches
from generation.core.divergence import DivergedError, Watch
from generation.core.steps import EagerSteps, StepReport, Steps
from generation.core.training_patches import TrainingPatches
from generation.core.training_state import (
    TrainingState,
    assemble_state,
    begin,
    class_names,
)

__all__ = [
    "DivergedError",
    "StepReport",
    "TrainingPatches",
    "TrainingState",
    "assemble_state",
    "begin",
    "class_names",
    "train",
]


def _always() -> bool:
    return True


def train(
    state: TrainingState,
    data: TrainingPatches,
    *,
    on_step: Callable[[StepReport], bool],
    on_checkpoint: Callable[[TrainingState], None],
    on_tick: Callable[[], bool] = _always,
    steps: Steps | None = None,
) -> bool:
    """Train until `state.config.n_steps` generator updates are done.

    Parameters
    ----------
    state : where to start from; changed in place
    data : the real patches
    on_step : called after each generator update; returning False stops the training
    on_checkpoint : called every `checkpoint_every` updates, after the last one, and on a stop
    on_tick : called between the updates of a critic that has several for each of the generator, since a hundred of
        them take minutes; returning False stops the training there
    steps : how steps are done; operation by operation on patches read from the map, unless said otherwise

    Returns
    -------
    True if all steps are done, False if it was stopped.

    Raises
    ------
    DivergedError
        If a loss or weight is not finite, or the drawn patches have collapsed; the state is then worth nothing, and
        no checkpoint was made of it.
    """
    config, share, watch = state.config, state.share, Watch()
    steps = steps or EagerSteps(state, MappedBatches(data))
    while state.step < config.n_steps:
        done = steps.advance(_n_until_look(state), watch=watch, on_tick=on_tick)
        if done is None:
            on_checkpoint(state)
            return False

        # --- look, report, save
        watch.check_weights(state)
        if done.seen is not None:
            watch.check_spread(state, done.seen)
        answers = [on_step(report) for report in done.reports]
        goes_on = share.agree(all(answers))
        is_due = state.step % config.checkpoint_every == 0 and not watch.is_suspicious
        if is_due or not goes_on or state.step == config.n_steps:
            on_checkpoint(state)
        if not goes_on:
            return state.step >= config.n_steps
    return True


def _n_until_look(state: TrainingState) -> int:
    """Count the steps until something has to be looked at, saved or ended."""
    config = state.config
    every = (divergence.LOOK_EVERY, config.checkpoint_every)
    return min(config.n_steps - state.step, *(n - state.step % n for n in every))
