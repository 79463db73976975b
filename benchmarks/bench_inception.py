"""Inception features: normalization folded and channels last, against the plain network in NCHW, both fp32."""

import torch

from benchmarks import timing
from evaluation.core.inception import Inception

BATCH = 16


def main() -> None:
    """Print times, pictures per second and the relative difference of the features."""
    torch.manual_seed(0)
    plain = Inception().eval()
    for name, buffer in plain.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    folded = plain.folded()
    pictures = torch.randint(0, 256, (BATCH, 3, 64, 64), dtype=torch.uint8)
    baseline, ours = "plain fp32 network, NCHW", "folded, channels last, fp32 (this project)"
    with torch.inference_mode():
        expected, features = plain.features(pictures), folded.features(pictures)
        runs = {baseline: lambda: plain.features(pictures), ours: lambda: folded.features(pictures)}
        seconds = timing.interleaved(runs, rounds=5)
    error = float((expected - features).norm() / expected.norm())
    notes = {name: f"{BATCH / found.wall:6.1f} pictures/s" for name, found in seconds.items()}
    notes[ours] += f", relative difference {error:.1e}"
    threads = torch.get_num_threads()
    title = f"Inception-v3, 64 x 64 -> 299 x 299, batch {BATCH}, {threads} threads"
    print(timing.table(title, seconds, baseline=baseline, notes=notes))


if __name__ == "__main__":
    main()
