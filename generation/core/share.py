"""What one of several processes computes of every batch, and how they agree.

Every process draws the same random numbers for the whole batch and computes its own part of it: a training then does
not depend on how many processes it has, its checkpoints neither, and one process with the same batch is the reference.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from generation.core.errors import InputError


@dataclass(frozen=True)
class Share:
    """Process number `rank` of `n`; torch.distributed is set up where there is more than one.

    Attributes
    ----------
    rank : 0 .. n - 1; number 0 writes checkpoints and talks to people
    n : processes
    device : where its tensors lie, for messages between the processes
    """

    rank: int = 0
    n: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this process writes checkpoints and talks to people."""
        return self.rank == 0

    def check(self, batch_size: int) -> None:
        """Refuse a batch that cannot be dealt evenly.

        Raises
        ------
        InputError
            If the batch is no multiple of the processes, or gives one of them fewer than two patches.
        """
        if batch_size % self.n or batch_size // self.n < 2:
            raise InputError(
                f"A batch of {batch_size} cannot be dealt to {self.n} processes; each needs equally many and at least 2."
            )

    def own(self, drawn: Tensor) -> Tensor:
        """Take this process's part of what was drawn for the whole batch, (N, ...) -> (N / n, ...)."""
        if self.n == 1:
            return drawn
        size = len(drawn) // self.n
        return drawn[self.rank * size : (self.rank + 1) * size]

    def average_gradients(self, network: nn.Module) -> None:
        """Replace every gradient by its mean over the processes: the gradient of the whole batch."""
        if self.n == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])  # one message instead of twenty
        dist.all_reduce(flat)
        flat /= self.n
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, value: Tensor) -> float:
        """Average a number over the processes."""
        value = value.detach()
        if self.n > 1:
            value = value.clone()
            dist.all_reduce(value)
            value /= self.n
        return float(value)

    def agree(self, goes_on: bool) -> bool:
        """Take the word of process 0, which alone can be told to stop."""
        if self.n == 1:
            return goes_on
        word = torch.tensor([int(goes_on)], device=self.device)
        dist.broadcast(word, src=0)
        return bool(word.item())

    def gathered(self, own: Tensor) -> Tensor:
        """Put the parts of all processes together, (N / n, ...) -> (N, ...)."""
        if self.n == 1:
            return own
        parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(self.n)]
        dist.all_gather(parts, own.detach().contiguous())
        return torch.cat(parts)

    def told(self, value: Any) -> Any:
        """Give every process what process 0 has; any value that pickle knows, between our own processes only."""
        if self.n == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]


ALONE = Share()


class _SumOverProcesses(torch.autograd.Function):
    """Sum over processes; the gradient of a sum that all of them use is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        total = own.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm over the batch of all processes, on any device; torch's own SyncBatchNorm knows CUDA only.

    Mean and variance are summed over processes one after the other, so that no large numbers are subtracted.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dims = (0, 2, 3)
        n = x.numel() // x.shape[1] * dist.get_world_size()
        wide = x.float()
        mean = _total(wide.sum(dims)) / n
        centred = wide - mean[None, :, None, None]
        variance = _total(centred.square().sum(dims)) / n
        with torch.no_grad():
            self._remember(mean.detach(), variance.detach(), n)
        scale = (self.weight * torch.rsqrt(variance + self.eps))[None, :, None, None]
        return (centred * scale + self.bias[None, :, None, None]).to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, n: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        momentum = self.momentum if self.momentum is not None else 0.1
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * n / (n - 1), momentum)


def _total(own: Tensor) -> Tensor:
    total: Tensor = _SumOverProcesses.apply(own)  # type: ignore[no-untyped-call]  # torch gives it no type
    return total


def share_normalization(network: nn.Module) -> None:
    """Let every BatchNorm of a network look at the batch of all processes, in place; names of weights stay."""
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            shared = SharedBatchNorm2d(child.num_features, eps=child.eps, momentum=child.momentum)
            shared.weight, shared.bias = child.weight, child.bias
            shared.running_mean, shared.running_var = child.running_mean, child.running_var
            shared.num_batches_tracked = child.num_batches_tracked
            shared.train(child.training)
            setattr(network, name, shared)
        else:
            share_normalization(child)
