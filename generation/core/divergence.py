"""When a training is beyond rescue: numbers that are not finite, or patches that no longer differ."""

import math
from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from generation.core.training_state import TrainingState
from generation.core.updates import DiscriminatorUpdate

# Karras 2018 defines the measure (see `spread`) but no threshold. One hundredth of what real patches have is about one
# and a half of the 1023 grey levels: patches that differ by less look the same. A hundred updates in a row, because
# a generator may pass through such a state, and one that has saturated its tanh cannot leave it.
COLLAPSED_SHARE: Final = 0.01
LOOK_EVERY: Final = 10  # generator updates
LOOKS_IN_A_ROW: Final = 10


class DivergedError(RuntimeError):
    """A training whose further updates are worth nothing; the message is one sentence."""


def spread(patches: Tensor, y: Tensor) -> float | None:
    """Return how much patches of one class differ: the standard deviation of each pixel, averaged over pixels.

    Parameters
    ----------
    patches : (N, C, H, W)
    y : (N,) class indices; deviations are from the mean of the own class, pooled over classes

    Returns
    -------
    In the units of the patches; None where no class has two patches.

    Source: Karras 2018 (arXiv:1710.10196), section 3, minibatch standard deviation; pooling over classes is ours,
    since a generator may draw one patch per class.
    """
    codes, own = torch.unique(y, return_inverse=True)
    freedom = len(y) - len(codes)
    if freedom == 0:
        return None
    flat = patches.detach().float().flatten(1)
    sums = torch.zeros(len(codes), flat.shape[1], device=flat.device).index_add_(0, own, flat)
    means = sums / torch.bincount(own)[:, None]
    variance = (flat - means[own]).square().sum(dim=0) / freedom
    return float(variance.sqrt().mean())


class Watch:
    """Looks at a training after every generator update."""

    def __init__(self) -> None:
        self._n_collapsed = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether the patches had collapsed when last looked at, so that a checkpoint may not be a good one."""
        return self._n_collapsed > 0

    def check_loss(self, state: TrainingState, name: str, loss: float) -> None:
        """Refuse a loss that is no finite number.

        Raises
        ------
        DivergedError
            If it is infinite or not a number.
        """
        if not math.isfinite(loss):
            raise DivergedError(
                f"Training diverged at step {state.step + 1}: the loss of the {name} is {loss}."
            )

    def check_weights(self, state: TrainingState) -> None:
        """Refuse weights and running statistics that are no finite numbers.

        Raises
        ------
        DivergedError
            If one of them is infinite or not a number.
        """
        networks = {"generator": state.generator, state.config.critic_name: state.discriminator}
        for name, network in networks.items():
            # A sum is as finite as its parts, and the cheapest way to see them all.
            sums = torch.stack([tensor.detach().sum() for tensor in _floats(network)])
            if not bool(sums.sum().isfinite()):
                raise DivergedError(
                    f"Training diverged at step {state.step}: a weight of the {name} is no finite number."
                )

    def check_spread(self, state: TrainingState, seen: DiscriminatorUpdate) -> None:
        """Refuse a generator that has drawn indistinguishable patches for a hundred updates.

        Raises
        ------
        DivergedError
            If the spread was below a hundredth of the real patches' in ten looks in a row.
        """
        if state.step % LOOK_EVERY:
            return
        of_all = state.share.gathered  # of a batch dealt to several processes, all look at the same
        drawn = spread(of_all(seen.fake), of_all(seen.y_fake))
        real = spread(of_all(seen.real), of_all(seen.y_real))
        if drawn is None or real is None:
            return
        self._n_collapsed = self._n_collapsed + 1 if drawn < COLLAPSED_SHARE * real else 0
        if self._n_collapsed >= LOOKS_IN_A_ROW:
            raise DivergedError(
                f"Training collapsed at step {state.step}: for {LOOKS_IN_A_ROW * LOOK_EVERY} steps the drawn patches "
                f"of a class have differed by less than {COLLAPSED_SHARE:.0%} of what real ones differ by."
            )


def _floats(network: torch.nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from (buffer for buffer in network.buffers() if buffer.is_floating_point())
