"""Leave-one-out 1-NN of 1000 reals and 1000 fakes: blocked float32 product against scikit-learn's brute force."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from benchmarks import timing
from benchmarks.bench_frechet import make_features
from evaluation.core import nearest_neighbours


def main() -> None:
    """Print times and the number of neighbours that differ."""
    reals, fakes = make_features(1), make_features(2)
    points = np.concatenate([reals, fakes])

    def by_scikit_learn() -> np.ndarray:
        brute = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points)
        return brute.kneighbors(return_distance=False)[:, 0]

    baseline, ours = "scikit-learn NearestNeighbors, brute force", "leave_one_out (this project)"
    runs = {baseline: by_scikit_learn, ours: lambda: nearest_neighbours.leave_one_out(reals, fakes)}
    seconds = timing.interleaved(runs, rounds=7)
    n_different = int((nearest_neighbours.nearest(points) != by_scikit_learn()).sum())
    notes = {ours: f"{n_different} of {len(points)} neighbours differ"}
    print(timing.table(f"1-NN, {len(points)} x {points.shape[1]}", seconds, baseline=baseline, notes=notes))


if __name__ == "__main__":
    main()
