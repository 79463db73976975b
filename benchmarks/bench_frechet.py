"""Frechet distance of 1000 against 1000 patches in 2048 features: low-rank form against scipy's matrix square root."""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from benchmarks import timing
from evaluation.core import frechet

N, D = 1000, 2048  # the paper's protocol


def make_features(seed: int) -> NDArray[np.float32]:
    """Rectified, correlated features, as a network's last pool gives them."""
    mixing = np.random.default_rng(0).standard_normal((200, D)) * np.exp(-np.arange(200) / 40)[:, None]
    rng = np.random.default_rng(seed)
    raw = 0.3 * rng.standard_normal((N, 200)) @ mixing + 0.1 * rng.standard_normal((N, D)) + 0.4
    return np.maximum(raw, 0).astype(np.float32)


def by_sqrtm(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Equation 4 of the paper as usually computed: covariances, then a square root of their product."""
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    gap = a.mean(0) - b.mean(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy says that the product is singular, which it is
        root = linalg.sqrtm(s @ t)
    return float(gap @ gap + np.trace(s) + np.trace(t) - 2 * np.trace(np.real(root)))


def main() -> None:
    """Print times and values."""
    a, b = make_features(1), make_features(2)
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    baseline, ours = "scipy.linalg.sqrtm of the covariances' product", "low-rank, nuclear norm (this project)"
    values = {}
    runs = {
        baseline: lambda: values.update({baseline: by_sqrtm(a64, b64)}),
        ours: lambda: values.update({ours: frechet.distance(a, b)}),
    }
    seconds = timing.interleaved(runs, rounds=3)
    notes = {name: f"value {value:.6f}" for name, value in values.items()}
    print(
        timing.table(
            f"Frechet distance, {N} x {D} against {N} x {D}", seconds, baseline=baseline, notes=notes
        )
    )


if __name__ == "__main__":
    main()
