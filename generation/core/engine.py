"""Choose how a training is computed where it is: where its patches are, and whether its steps are recorded."""

from collections.abc import Callable
from dataclasses import dataclass

from generation.core.batches import Batches, Placement, batches_of, placement
from generation.core.graph_steps import GraphSteps
from generation.core.steps import EagerSteps, Steps
from generation.core.training_patches import TrainingPatches
from generation.core.training_state import TrainingState

_PLACES = {
    Placement.MAPPED: "patches read from the file",
    Placement.RESIDENT: "patches on the device",
    Placement.STREAMED: "patches streamed from the file",
}


@dataclass(frozen=True)
class Engine:
    """How one training is computed."""

    steps: Steps
    batches: Batches
    words: str  # for people

    def close(self) -> None:
        """Let go of threads and buffers."""
        self.batches.close()


def is_recorded(device_type: str, n_processes: int, *, wanted: bool) -> bool:
    """Whether steps are recorded and replayed: on CUDA, by a process that need not meet others within a step."""
    return wanted and device_type == "cuda" and n_processes == 1


def engine_of(
    state: TrainingState,
    data: TrainingPatches,
    *,
    free_bytes: int | None,
    wants_graph: bool = True,
    on_loaded: Callable[[int], None] = lambda n: None,
) -> Engine:
    """Choose for a training.

    Parameters
    ----------
    state : where it stands, and on which device
    data : its patches
    free_bytes : free memory of a device of its own; None on a CPU
    wants_graph : whether steps may be recorded
    on_loaded : called with the patches that are on the device, while they are brought there
    """
    batches = batches_of(data, state, free_bytes, on_loaded)
    words = _PLACES[placement(data.n_bytes, free_bytes)]
    if is_recorded(state.device.type, state.share.n, wanted=wants_graph):
        return Engine(GraphSteps(state, batches), batches, f"{words}, steps recorded in a CUDA graph")
    if state.share.n > 1:
        words = f"{words}, batches dealt to {state.share.n} processes"
    return Engine(EagerSteps(state, batches), batches, words)
