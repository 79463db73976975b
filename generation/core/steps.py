"""Steps of a training: the updates of the discriminator (critic) and the one of the generator that follows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from generation.core.batches import Batches
from generation.core.divergence import Watch
from generation.core.training_state import TrainingState
from generation.core.updates import (
    DiscriminatorUpdate,
    update_average,
    update_discriminator,
    update_generator,
)


@dataclass(frozen=True)
class StepReport:
    """What one generator update and its discriminator updates gave."""

    step: int
    discriminator_loss: (
        float  # mean over the updates of this step; for a critic, minus the estimated EM distance
    )
    generator_loss: float


@dataclass(frozen=True)
class Advanced:
    """One or several steps, and the last update of the discriminator if it was made now."""

    reports: tuple[StepReport, ...]
    seen: DiscriminatorUpdate | None


class Steps(Protocol):
    """Does the next steps of one training."""

    def advance(self, n_most: int, *, watch: Watch, on_tick: Callable[[], bool]) -> Advanced | None:
        """Do at least one and at most `n_most` steps; None if `on_tick` asked to stop between two updates."""


class EagerSteps:
    """Does one step at a time, operation by operation."""

    def __init__(self, state: TrainingState, batches: Batches) -> None:
        self.state = state
        self.batches = batches

    def advance(self, n_most: int, *, watch: Watch, on_tick: Callable[[], bool]) -> Advanced | None:
        """Do one step; see Steps."""
        state, config = self.state, self.state.config
        # --- updates of the discriminator (critic), each on new patches
        seen, n_updates = None, config.n_critic_at(state.step)
        while len(state.critic_losses) < n_updates:
            is_last = len(state.critic_losses) == n_updates - 1
            seen = update_discriminator(state, self.batches, keeps_fakes=config.shares_fakes and is_last)
            loss = state.share.mean(seen.loss)
            watch.check_loss(state, config.critic_name, loss)
            state.critic_losses.append(loss)
            if not is_last and not state.share.agree(on_tick()):
                return None

        # --- one update of the generator through a frozen discriminator
        g_loss = state.share.mean(update_generator(state, self.batches, seen))
        watch.check_loss(state, "generator", g_loss)
        update_average(state)
        state.step += 1
        report = StepReport(state.step, math.fsum(state.critic_losses) / n_updates, g_loss)
        state.critic_losses.clear()
        return Advanced((report,), seen and seen.detached())
