"""Where and how a worker computes."""

import os

import torch
import torch.distributed as dist
from django.conf import settings

from generation.core.errors import InputError
from generation.core.share import ALONE, Share


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
    if device.type == "cuda":
        return _prepare_cuda(device)
    return device


def _prepare_cuda(device: torch.device) -> torch.device:
    if not torch.cuda.is_available():
        raise InputError(
            "TORCH_DEVICE asks for cuda, but torch finds no CUDA device here; set it to auto or cpu."
        )
    if device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    n_devices = torch.cuda.device_count()
    if (device.index or 0) >= n_devices:
        raise InputError(
            f"{device} is asked for, but torch finds {n_devices} CUDA devices here, counted from cuda:0; "
            "name one of them in TORCH_DEVICE, or start one process for each with torchrun."
        )
    torch.cuda.set_device(device)
    torch.backends.cudnn.benchmark = True  # batches have one size; the quickest convolution is found once
    # fp32 means fp32: the 10-bit TF32 would be another arithmetic under the same name; bf16 is the named choice.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return device


def free_bytes(device: torch.device) -> int | None:
    """Free memory of a device of its own; None for the CPU."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else None


def describe(device: torch.device) -> str:
    """Name the device for people."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)[:40]
    n = torch.get_num_threads()
    return f"CPU, {n} thread{'' if n == 1 else 's'}"


def is_launched_together() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def join(device: torch.device) -> Share:
    """Meet the other processes that torchrun started; alone where it started none."""
    if not is_launched_together():
        return ALONE
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Share(rank=dist.get_rank(), n=dist.get_world_size(), device=device)


def leave() -> None:
    """Part from the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()
