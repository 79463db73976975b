"""Training and sampling on a GPU, batch 64, width 64: the recorded step against a plain loop, and sampling.

The plain loop is that of bench_training on the device: stock operations, patches of the next batch copied from the CPU's
memory, one launch per operation. The recorded step has its patches on the device and is one CUDA graph. Ends with one
line where there is no GPU.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.bench_training import BATCH, SEED, PlainLoop
from generation.core import checkpoint, presets, training
from generation.core.batches import ResidentBatches, StreamedBatches
from generation.core.divergence import Watch
from generation.core.graph_steps import GraphSteps
from generation.core.labels import LesionClass
from generation.core.sampling import sample
from generation.core.steps import EagerSteps, Steps

N_PATCHES = 20_000  # 1.1 GB
SECONDS = 5.0  # of every contestant in a round
ROUNDS = 3
N_SAMPLED = 50_000
GOALS = "goals: 64,000 real patches/s for dcgan in bf16, 3 times the plain loop, 50,000 patches/s sampled"


def main() -> None:
    """Print real patches per second, patches sampled per second, and the peak of the device's memory."""
    if not torch.cuda.is_available():
        print("Training on a GPU: no GPU at hand.")
        return
    device = torch.device("cuda")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    print(f"Training on {torch.cuda.get_device_name(device)}, torch {torch.__version__}; {GOALS}")
    data = _data()
    for words, preset, make in _contestants(data, device):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        rates = [rate for _ in range(ROUNDS) if (rate := _rate(make()))]
        peak = torch.cuda.max_memory_allocated(device) / 1e9
        print(f"  {preset:<12}{words:<52}{max(rates):10,.0f} real patches/s  peak {peak:5.2f} GB")
    _print_sampling(data, device)


def _data() -> training.TrainingPatches:
    rng = np.random.default_rng(SEED)
    patches = rng.integers(0, 1024, (N_PATCHES, 7, 64, 64), dtype=np.int16)
    return training.TrainingPatches(patches, rng.integers(0, 3, N_PATCHES))


Advance = Callable[[], int]  # returns how many real patches it trained on


def _contestants(
    data: training.TrainingPatches, device: torch.device
) -> Iterator[tuple[str, str, Callable[[], Advance]]]:
    yield "plain loop, fp32", "dcgan", lambda: _plain(data, device)
    for preset in ("dcgan", "wgan"):
        for precision in ("fp32", "bf16"):
            for words, kind in (
                ("on the device, one by one", "eager"),
                ("on the device, recorded", "recorded"),
                ("streamed, recorded", "streamed"),
            ):
                yield (
                    f"{words}, {precision}",
                    preset,
                    lambda p=preset, a=precision, k=kind: _ours(data, device, p, a, k),
                )


def _plain(data: training.TrainingPatches, device: torch.device) -> Advance:
    loop = PlainLoop(data, 64, device)

    def advance() -> int:
        loop.step()
        return BATCH

    return advance


def _ours(
    data: training.TrainingPatches, device: torch.device, preset: str, precision: str, kind: str
) -> Advance:
    config = presets.preset(preset, n_steps=10**7, precision=precision, shares_fakes=preset == "dcgan")
    state = training.begin(config, classes=data.classes, seed=SEED, device=device)
    batches = StreamedBatches(data, state) if kind == "streamed" else ResidentBatches(data, device)
    steps: Steps = EagerSteps(state, batches) if kind == "eager" else GraphSteps(state, batches)

    def advance() -> int:
        done = steps.advance(10, watch=Watch(), on_tick=lambda: True)
        assert done is not None
        return len(done.reports) * config.n_critic * BATCH

    return advance


def _rate(advance: Advance) -> float:
    """Real patches per second, after as many steps as recording needs."""
    for _ in range(10):
        advance()
    torch.cuda.synchronize()
    n_patches, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        n_patches += advance()
    torch.cuda.synchronize()
    return n_patches / (time.perf_counter() - started)


def _print_sampling(data: training.TrainingPatches, device: torch.device) -> None:
    state = training.begin(presets.preset("dcgan"), classes=data.classes, seed=SEED, device=device)
    with TemporaryDirectory() as folder:
        checkpoint.save_generator(state, Path(folder) / "c")
        stored = checkpoint.load_generator(Path(folder) / "c")
    torch.cuda.reset_peak_memory_stats(device)
    for n in (4096, N_SAMPLED):  # the first finds the quickest convolutions
        started = time.perf_counter()
        drawn = sample(stored, n_per_class={LesionClass.BENIGN: n}, seed=SEED, device=device)
        n_done = sum(len(patches) for _, patches in drawn)
        rate = n_done / (time.perf_counter() - started)
    peak = torch.cuda.max_memory_allocated(device) / 1e9
    print(f"  sampling, fp32, as int16 in the CPU's memory: {rate:,.0f} patches/s, peak {peak:.2f} GB")


if __name__ == "__main__":
    main()
