"""How real patches come to the networks: read from the map, resident on the device, or streamed to it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from generation.core import device_frames
from generation.core.frames import to_network
from generation.core.presets import TrainingConfig
from generation.core.training_patches import ClassIndex, TrainingPatches
from generation.core.training_state import TrainingState

# Networks, optimizers and activations of the widest preset need less than 3 GiB; the rest is for the allocator.
RESERVED_BYTES: Final = 4 << 30
COPIED_AT_ONCE: Final = 1024  # patches, 59 MB


class Placement(StrEnum):
    """Where the patches of a training are."""

    MAPPED = "mapped"  # in the file, read by index; for a CPU, whose memory the system shares with the file
    RESIDENT = "resident"  # on the device as int16
    STREAMED = "streamed"  # in the file, a batch ahead on its way to the device


def placement(n_bytes: int, free_bytes: int | None) -> Placement:
    """Decide where the patches of a training are.

    Parameters
    ----------
    n_bytes : of the patches as int16
    free_bytes : free memory of a device of its own; None on a CPU
    """
    if free_bytes is None:
        return Placement.MAPPED
    return Placement.RESIDENT if n_bytes + RESERVED_BYTES <= free_bytes else Placement.STREAMED


class Batches(Protocol):
    """Real patches by random index."""

    index: ClassIndex

    def real(self, state: TrainingState) -> tuple[Tensor, Tensor]:
        """Draw this process's part of a batch: patches (n, 7, 64, 64) in [-1, 1] and their classes (n,)."""

    def fill(self, n: int) -> None:
        """Make n batches ready for a recorded step, which can wait for nothing; a no-op where none is waited for."""

    def close(self) -> None:
        """Let go of threads and buffers."""


class MappedBatches:
    """Reads the patches of a batch from the array or memory map when they are drawn."""

    def __init__(self, data: TrainingPatches) -> None:
        self.data = data
        self.index = ClassIndex.of(data, torch.device("cpu"))

    def real(self, state: TrainingState) -> tuple[Tensor, Tensor]:
        """Draw, read, scale on the CPU, move to the device."""
        config = state.config
        drawn = self.index.draw(config.batch_size, config.class_sampling, state.rng)
        positions = state.share.own(drawn)
        x = torch.from_numpy(to_network(self.data.at(positions.numpy())))
        y = self.index.labels[positions]
        return x.to(device=state.device, memory_format=torch.channels_last), y.to(state.device)

    def fill(self, n: int) -> None:
        """Nothing to make ready."""

    def close(self) -> None:
        """Nothing to let go."""


class ResidentBatches:
    """Keeps every patch on the device and gathers batches there; draws where `rng` of the training draws."""

    def __init__(
        self,
        data: TrainingPatches,
        device: torch.device,
        on_loaded: Callable[[int], None] = lambda n: None,
    ) -> None:
        self.index = ClassIndex.of(data, device)
        shape = (len(data), *data.patches.shape[1:])
        self.patches = torch.empty(shape, dtype=torch.int16, device=device)
        for start in range(0, len(data), COPIED_AT_ONCE):
            part = data.at(np.arange(start, min(start + COPIED_AT_ONCE, len(data))))
            self.patches[start : start + len(part)].copy_(torch.from_numpy(part))
            on_loaded(start + len(part))

    def real(self, state: TrainingState) -> tuple[Tensor, Tensor]:
        """Draw, gather and scale on the device."""
        config = state.config
        positions = state.share.own(self.index.draw(config.batch_size, config.class_sampling, state.rng))
        return device_frames.to_network(self.patches[positions]), self.index.labels[positions]

    def fill(self, n: int) -> None:
        """Nothing to make ready."""

    def close(self) -> None:
        """Nothing to let go."""


class StreamedBatches:
    """Reads a batch ahead in a thread, into one of two pinned buffers, while the device computes on the other's.

    Which patches batch k holds follows from the seed and k alone, so a resumed training reads what an uninterrupted one
    would have read.
    """

    def __init__(self, data: TrainingPatches, state: TrainingState) -> None:
        self.data = data
        self.index = ClassIndex.of(data, state.device)
        self._drawn_from = ClassIndex.of(data, torch.device("cpu"))
        self._config, self._seed, self._share = state.config, state.seed, state.share
        self._device = state.device
        self._number = n_batches_before(state)
        size = state.config.batch_size // state.share.n
        shape = (size, *data.patches.shape[1:])
        is_cuda = state.device.type == "cuda"
        self._host = [torch.empty(shape, dtype=torch.int16, pin_memory=is_cuda) for _ in range(2)]
        self._host_labels = [torch.empty(size, dtype=torch.int64, pin_memory=is_cuda) for _ in range(2)]
        # Recorded by the stream that copies a buffer: until then the thread must not write into it again.
        self._copied = [torch.cuda.Event() if is_cuda else None for _ in range(2)]
        self._slots: list[tuple[Tensor, Tensor]] = []
        self._n_taken = 0
        self._n_filled = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="patches")
        self._next: Future[int] = self._thread.submit(self._read, self._number)

    def real(self, state: TrainingState) -> tuple[Tensor, Tensor]:
        """Take the batch that was read ahead, or the next slot of a recorded step."""
        if self._n_filled:
            patches, y = self._slots[self._n_taken % self._n_filled]
            self._n_taken += 1
        else:
            patches, y = self._take()
        return device_frames.to_network(patches), y

    def fill(self, n: int) -> None:
        """Copy the next n batches into the slots that a recorded step reads; 0: the next step is not a recorded one.

        The slots stay where they are in memory from then on, because a recorded step reads from there.
        """
        self._n_taken, self._n_filled = 0, n
        if n > len(self._slots):
            shape = self._host[0].shape
            self._slots = [
                (
                    torch.empty(shape, dtype=torch.int16, device=self._device),
                    torch.empty(shape[0], dtype=torch.int64, device=self._device),
                )
                for _ in range(n)
            ]
        for patches, y in self._slots[:n]:
            self._take(into=(patches, y))

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _take(self, into: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Copy the batch that was read ahead to the device and have the one after it read."""
        buffer = self._next.result()
        sources = self._host[buffer], self._host_labels[buffer]
        if into is None:
            into = (
                torch.empty(sources[0].shape, dtype=torch.int16, device=self._device),
                torch.empty(sources[1].shape, dtype=torch.int64, device=self._device),
            )
        for target, source in zip(into, sources, strict=True):
            target.copy_(source, non_blocking=True)
        event = self._copied[buffer]
        if event is not None:
            event.record()
        self._number += 1
        self._next = self._thread.submit(self._read, self._number)
        return into

    def _read(self, number: int) -> int:
        """Read batch `number` into its buffer; returns which buffer that is."""
        buffer = number % 2
        event = self._copied[buffer]
        if event is not None:
            event.synchronize()
        positions = self._share.own(batch_positions(self._drawn_from, self._config, self._seed, number))
        self._host[buffer].copy_(torch.from_numpy(self.data.at(positions.numpy())))
        self._host_labels[buffer].copy_(self._drawn_from.labels[positions])
        return buffer


def batch_positions(index: ClassIndex, config: TrainingConfig, seed: int, number: int) -> Tensor:
    """Draw the positions of batch `number` of a streamed training, on the CPU."""
    own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    rng = torch.Generator().manual_seed(own_seed)
    return index.draw(config.batch_size, config.class_sampling, rng)


def n_batches_before(state: TrainingState) -> int:
    """Count the real batches that a training has drawn so far."""
    by_generator = state.step if state.config.draws_reals_for_generator else 0
    return state.config.n_critic_between(0, state.step) + len(state.critic_losses) + by_generator


def batches_of(
    data: TrainingPatches,
    state: TrainingState,
    free_bytes: int | None,
    on_loaded: Callable[[int], None] = lambda n: None,
) -> Batches:
    """Place the patches of a training where they fit."""
    where = placement(data.n_bytes, free_bytes)
    if where is Placement.RESIDENT:
        return ResidentBatches(data, state.device, on_loaded)
    return StreamedBatches(data, state) if where is Placement.STREAMED else MappedBatches(data)
