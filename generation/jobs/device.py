"""Where and how a worker computes."""

import torch
from django.conf import settings

from generation.core.errors import InputError


def prepare() -> torch.device:
    """Set torch up for a long computation in this process and return its device."""
    # Clipped critics make numbers so small that a CPU computes them ten times slower; they count as zero.
    torch.set_flush_denormal(True)
    if settings.TORCH_THREADS:
        torch.set_num_threads(settings.TORCH_THREADS)
    wanted = settings.TORCH_DEVICE
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise InputError(f'TORCH_DEVICE is "{wanted}"; write auto, cpu or cuda.') from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "TORCH_DEVICE asks for cuda, but torch finds no CUDA device here; set it to auto or cpu."
        )
    return device


def describe(device: torch.device) -> str:
    """Name the device for people."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)[:40]
    n = torch.get_num_threads()
    return f"CPU, {n} thread{'' if n == 1 else 's'}"
