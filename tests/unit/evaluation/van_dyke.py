"""Van Dyke 1993: 2 tests x 5 readers x 114 cases, the data set by which multi-reader programs are checked."""

import csv
from pathlib import Path

import numpy as np

from evaluation.core.mrmc.ratings import Ratings


def load_van_dyke(shared_folder: Path) -> Ratings:
    with (shared_folder / "known-answers" / "vandyke.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    cases = sorted({row["case"] for row in rows}, key=int)
    truth = {row["case"]: row["truth"] == "1" for row in rows}
    scores = np.full((2, 5, len(cases)), np.nan)
    for row in rows:
        scores[int(row["treatment"]) - 1, int(row["reader"]) - 1, cases.index(row["case"])] = float(
            row["rating"]
        )
    return Ratings(scores, np.array([truth[case] for case in cases]), ("1", "2"), tuple("12345"))


def make_ratings(
    seed: int, n_arms: int = 2, n_readers: int = 3, n_fakes: int = 6, n_reals: int = 7, gaps: float = 0.0
) -> Ratings:
    """Coarse random scores with many ties, optionally with gaps that leave every reader three cases of each kind."""
    rng = np.random.default_rng(seed)
    is_fake = np.arange(n_fakes + n_reals) < n_fakes
    scores = np.round(rng.normal(size=(n_arms, n_readers, is_fake.size)) * 1.5 + is_fake)
    missing = rng.random(scores.shape) < gaps
    missing[..., [0, 1, 2, n_fakes, n_fakes + 1, n_fakes + 2]] = False
    scores[missing] = np.nan
    return Ratings(
        scores, is_fake, tuple(f"arm{i}" for i in range(n_arms)), tuple(f"R{j}" for j in range(n_readers))
    )
