"""Values of a checkpoint's state.json that somebody else may have written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from generation.core.errors import InputError
from generation.core.training_state import device_rng


@contextmanager
def values_checked(folder: Path) -> Iterator[None]:
    """Turn what odd values make Python raise into one sentence; want of memory stays what it is.

    Raises
    ------
    InputError
        Naming the folder.
    """
    try:
        yield
    except InputError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{folder} holds values that no checkpoint has ({type(error).__name__}); use the checkpoint before it."
        ) from error


def random_stream(facts: Mapping[str, Any], device: torch.device) -> torch.Generator:
    """The stored random stream; where training goes on on another device, one that begins anew.

    Raises
    ------
    InputError
        If what is stored is no random stream.
    """
    kind = facts.get("rng_device", "cpu")
    if device.type != kind:
        if device.type == "cpu":
            return torch.Generator().manual_seed(int(facts["seed"]) + int(facts["step"]))
        return device_rng(device, int(facts["seed"]), int(facts["step"]))
    rng = torch.Generator(device=device)
    try:
        rng.set_state(torch.frombuffer(bytearray.fromhex(facts["rng_state"]), dtype=torch.uint8))
    except RuntimeError:
        raise InputError(
            "The random stream of the checkpoint is damaged; use the checkpoint before it."
        ) from None
    return rng
