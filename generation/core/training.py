"""The adversarial training loop: state in, state out, progress and stop as hooks."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from generation.core.divergence import DivergedError, Watch
from generation.core.training_state import (
    TrainingPatches,
    TrainingState,
    assemble_state,
    begin,
    class_names,
)
from generation.core.updates import update_average, update_discriminator, update_generator

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


@dataclass(frozen=True)
class StepReport:
    """What one generator update and its discriminator updates gave."""

    step: int
    discriminator_loss: (
        float  # mean over the updates of this step; for a critic, minus the estimated EM distance
    )
    generator_loss: float


def _always() -> bool:
    return True


def train(
    state: TrainingState,
    data: TrainingPatches,
    *,
    on_step: Callable[[StepReport], bool],
    on_checkpoint: Callable[[TrainingState], None],
    on_tick: Callable[[], bool] = _always,
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

    Returns
    -------
    True if all steps are done, False if it was stopped.

    Raises
    ------
    DivergedError
        If a loss or weight is not finite, or the drawn patches have collapsed; the state is then worth nothing, and
        no checkpoint was made of it.
    """
    config, watch = state.config, Watch()
    members = data.members()
    while state.step < config.n_steps:
        # --- updates of the discriminator (critic), each on new patches
        update, n_updates = None, config.n_critic_at(state.step)
        while len(state.critic_losses) < n_updates:
            update = update_discriminator(state, data, members)
            watch.check_loss(state, config.critic_name, update.loss)
            state.critic_losses.append(update.loss)
            if len(state.critic_losses) < n_updates and not on_tick():
                on_checkpoint(state)
                return False

        # --- one update of the generator through a frozen discriminator
        g_loss = update_generator(state, data, members)
        watch.check_loss(state, "generator", g_loss)
        update_average(state)
        state.step += 1
        report = StepReport(state.step, math.fsum(state.critic_losses) / n_updates, g_loss)
        state.critic_losses.clear()

        # --- look, report, save
        watch.check_weights(state)
        if update is not None:
            watch.check_spread(state, update)
        goes_on = on_step(report)
        is_due = state.step % config.checkpoint_every == 0 and not watch.is_suspicious
        if is_due or not goes_on or state.step == config.n_steps:
            on_checkpoint(state)
        if not goes_on:
            return state.step >= config.n_steps
    return True
