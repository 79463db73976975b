"""A whole simulated study: readers of different skill, confidence, times, repeats, timeouts and checks."""

import numpy as np

from readerstudy.core.trial_csv import TEST, TrialRow

TISSUES = ("benign", "malignant", "no_findings")


def make_study(n_readers: int = 3, n_real: int = 24, n_fake: int = 12, seed: int = 1) -> list[TrialRow]:
    """Every reader judges all cases, then a quarter of the reals again; latent-normal answers."""
    rng = np.random.default_rng(seed)
    cases = [
        (f"{origin}-{i}", origin, TISSUES[i % 3])
        for origin, n in (("real", n_real), ("dcgan", n_fake), ("wgan", n_fake))
        for i in range(n)
    ]
    rows = []
    for j in range(n_readers):
        order = [*rng.permutation(len(cases)), *range(0, n_real, 2)]
        for position, index in enumerate(order, start=1):
            case, origin, tissue = cases[index]
            belief = rng.normal() + 0.8 * (origin != "real") - 0.4
            is_timeout = rng.random() < 0.03
            role = "first" if position <= len(cases) else "repeat"
            rows.append(
                TrialRow(
                    f"R{j + 1}",
                    ("radiologist", "layperson")[j % 2],
                    case,
                    origin,
                    tissue,
                    TEST,
                    position,
                    "" if is_timeout else "fake" if belief > 0 else "real",
                    None if is_timeout else 1 + min(2, int(abs(belief) / 0.6)),
                    int(rng.lognormal(8, 0.4)),
                    {"role": role, "is_timeout": str(int(is_timeout))},
                )
            )
    return rows
