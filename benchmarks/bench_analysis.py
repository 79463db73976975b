"""The whole analysis of 20 readers and 480 cases, and its jackknife against the one that recomputes every area."""

import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks import timing
from evaluation.core.analysis import STEPS, analyse
from evaluation.core.mrmc import merit
from evaluation.core.mrmc.ratings import Ratings
from readerstudy.core.trial_csv import TEST, TrialRow

N_READERS, N_REAL, N_FAKE = 20, 240, 120  # cases as in the paper, fakes of each generator
N_LEVELS = 4
GENERATORS = ("dcgan", "wgan")
TISSUES = ("benign", "malignant", "no_findings")


def make_trials() -> Iterator[TrialRow]:
    """Readers who differ in skill, with four levels of confidence and response times."""
    rng = np.random.default_rng(1)
    origins = ["real"] * N_REAL + [name for name in GENERATORS for _ in range(N_FAKE)]
    shared = rng.normal(size=len(origins)) * 0.5
    for j in range(N_READERS):
        skill = 0.8 + 0.3 * rng.normal()
        for position, index in enumerate(rng.permutation(len(origins)), start=1):
            origin = origins[index]
            x = shared[index] + rng.normal() + skill * ((origin != "real") - 0.5)
            yield TrialRow(
                reader=f"R{j + 1:02d}",
                group=("radiologist", "layperson")[j % 2],
                case=f"c{index:03d}",
                origin=origin,
                tissue=TISSUES[index % 3],
                phase=TEST,
                order=position,
                answer="fake" if x > 0 else "real",
                confidence=min(N_LEVELS, 1 + int(abs(x) / 0.5)),
                rt_ms=int(rng.lognormal(8, 0.4)),
            )


def make_ratings() -> Ratings:
    """Scores of the same readers laid out for the panel analysis."""
    rng = np.random.default_rng(1)
    origins = ("real",) * N_REAL + tuple(name for name in GENERATORS for _ in range(N_FAKE))
    is_fake = np.array([origin != "real" for origin in origins])
    values = rng.integers(1, 2 * N_LEVELS + 1, size=(N_READERS, len(origins))) + is_fake
    names = tuple(f"R{j + 1:02d}" for j in range(N_READERS))
    return Ratings.by_generator(values.astype(np.float64), origins, names, GENERATORS)


def recomputed(ratings: Ratings) -> NDArray[np.float64]:
    """Leave out case after case and rank the rest anew; (I, J, C) areas."""
    areas = np.empty(ratings.is_read.shape)
    for i, j, c in np.ndindex(areas.shape):
        kept = ratings.is_read[i, j].copy()
        kept[c] = False
        scores, is_fake = ratings.scores[i, j][kept], ratings.is_fake[kept]
        m = int(is_fake.sum())
        n = is_fake.size - m
        areas[i, j, c] = (rankdata(scores)[is_fake].sum() - m * (m + 1) / 2) / (m * n)
    return areas


def main() -> None:
    """Print times and the largest difference of the two jackknives."""
    ratings = make_ratings()
    baseline, ours = "every area computed anew", "closed form from the placements (this project)"
    left_out: dict[str, NDArray[np.float64]] = {}
    runs = {
        baseline: lambda: left_out.update({baseline: recomputed(ratings)}),
        ours: lambda: left_out.update({ours: merit.auc(ratings).left_out}),
    }
    seconds = timing.interleaved(runs, rounds=3)
    gap = float(np.abs(left_out[baseline] - left_out[ours]).max())
    title = f"Jackknife of ROC areas, {len(GENERATORS)} generators, {N_READERS} readers, {N_REAL + 2 * N_FAKE} cases"
    print(timing.table(title, seconds, baseline=baseline, notes={ours: f"largest difference {gap:.1e}"}))
    rows = list(make_trials())
    begun: list[tuple[float, str]] = []
    found = analyse(rows, report=lambda n_done, n_total, step: begun.append((time.perf_counter(), step)))
    print(f"\nWhole analysis of {len(rows)} trials: {len(found.records)} records")
    for (start, step), (end, _) in pairwise(begun):
        print(f"  {step:<48}{end - start:8.3f}s")
    print(f"  {f'all {len(STEPS)} steps':<48}{begun[-1][0] - begun[0][0]:8.3f}s")


if __name__ == "__main__":
    main()
