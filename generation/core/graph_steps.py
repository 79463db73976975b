"""Steps recorded once as a CUDA graph and replayed: a step then costs one launch instead of hundreds.

The first steps are done operation by operation, which also warms libraries up. Then the operations of a whole step,
draws included, are recorded, and replayed several at a time; losses stay on the device until they are looked at.
What follows from the number of a step (the weight of the running average) is counted on the device too.
"""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Final

import torch
from torch import Tensor

from generation.core.batches import Batches
from generation.core.divergence import LOOK_EVERY, Watch
from generation.core.steps import Advanced, EagerSteps, StepReport
from generation.core.training_state import TrainingState
from generation.core.updates import (
    DiscriminatorUpdate,
    update_average,
    update_discriminator,
    update_generator,
)

N_EAGER_FIRST: Final = 3  # torch's notes on CUDA graphs, "warmup"

Record = Callable[[Callable[[], None], torch.Generator], Callable[[], None]]


def record_on_cuda(body: Callable[[], None], rng: torch.Generator) -> Callable[[], None]:
    """Record what `body` launches; returns what launches it again.

    Raises
    ------
    RuntimeError
        If an operation of it cannot be recorded.
    """
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(rng)  # so that every replay draws on
    # The thread that reads patches ahead asks CUDA whether a copy is done; that must not spoil the recording.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        body()
    return graph.replay


@contextlib.contextmanager
def _aside(device: torch.device) -> Iterator[None]:
    """Launch on a stream of its own, as torch's notes on CUDA graphs ask of the steps before a recording."""
    if device.type != "cuda":
        yield
        return
    aside, usual = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    aside.wait_stream(usual)
    with torch.cuda.stream(aside):
        yield
    usual.wait_stream(aside)


class GraphSteps:
    """Does several steps between two looks by replaying a recorded one.

    Parameters
    ----------
    state : its random stream is on its device
    batches : real patches; those of a recorded step are made ready before it is replayed
    record : how a step is recorded; a test on a CPU hands in a function that repeats the operations
    """

    def __init__(self, state: TrainingState, batches: Batches, *, record: Record = record_on_cuda) -> None:
        self.state = state
        self.batches = batches
        self._eager = EagerSteps(state, batches)
        self._record = record
        self._replay: Callable[[], None] | None = None
        self._n_eager_left = N_EAGER_FIRST
        self._n_real = state.config.n_critic + int(state.config.draws_reals_for_generator)
        self._seen: DiscriminatorUpdate | None = None
        n_losses = state.config.n_critic + 1
        self._losses = torch.zeros(LOOK_EVERY, n_losses, device=state.device)
        self._row = torch.zeros(1, dtype=torch.int64, device=state.device)
        self._step = torch.zeros((), dtype=torch.float64, device=state.device)

    def advance(self, n_most: int, *, watch: Watch, on_tick: Callable[[], bool]) -> Advanced | None:
        """Replay as many steps as are alike; the others are done one by one. See Steps."""
        n = self._n_alike(min(n_most, LOOK_EVERY))
        if n == 0 or self._n_eager_left:
            self._n_eager_left = max(0, self._n_eager_left - 1)
            self.batches.fill(0)
            with _aside(self.state.device):
                return self._eager.advance(1, watch=watch, on_tick=on_tick)
        self._row.zero_()
        self._step.fill_(self.state.step)
        for _ in range(n):
            self.batches.fill(self._n_real)
            if self._replay is None:
                self._replay = self._record(self._body, self.state.rng)
            self._replay()
        return self._looked_at(n, watch)

    def _n_alike(self, n_most: int) -> int:
        """Count the next steps that the recorded one stands for."""
        state = self.state
        if state.critic_losses:  # a stop fell between two updates of the critic
            return 0
        alike = itertools.takewhile(
            lambda step: state.config.n_critic_at(step) == state.config.n_critic,
            range(state.step, state.step + n_most),
        )
        return len(list(alike))

    def _body(self) -> None:
        """Do one step without ever asking the device for a number."""
        state, config = self.state, self.state.config
        losses: list[Tensor] = []
        seen = None
        for k in range(config.n_critic):
            keeps_fakes = config.shares_fakes and k == config.n_critic - 1
            seen = update_discriminator(state, self.batches, keeps_fakes=keeps_fakes)
            losses.append(seen.loss)
        losses.append(update_generator(state, self.batches, seen))
        if config.ema_decay is not None:
            decay = ((1 + self._step) / (10 + self._step)).clamp(max=config.ema_decay)
            update_average(state, (1 - decay).float())
        self._losses.index_copy_(0, self._row, torch.stack(losses)[None])
        self._row.add_(1)
        self._step.add_(1)
        self._seen = seen and seen.detached()

    def _looked_at(self, n: int, watch: Watch) -> Advanced:
        """Read the losses of the steps just done, which waits for them."""
        state = self.state
        reports = []
        for *critic, generator in self._losses[:n].tolist():
            for loss in critic:
                watch.check_loss(state, state.config.critic_name, loss)
            watch.check_loss(state, "generator", generator)
            state.step += 1
            reports.append(StepReport(state.step, math.fsum(critic) / len(critic), generator))
        return Advanced(tuple(reports), self._seen)
