"""Score a generated patch set against a real one, class by class: draws -> pictures -> features -> scores."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from evaluation.core import feature_cache, generator_scores
from evaluation.core.extractors import Extractor, Features
from evaluation.core.generator_scores import N_DRAWS, N_PER_SET, ClassScore, DrawPlan, Indices
from evaluation.core.rgb import to_rgb
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchSetFolder

PICTURES_PER_DRAW: Final = (
    50  # a draw takes about as long as extracting this many pictures; for the progress bar only
)
PATCHES_READ: Final = 500  # held in memory at once, 29 MB

Report = Callable[[int, int, str], None]  # n_done, n_total, step


@dataclass(frozen=True)
class ScoreOptions:
    """How often and how many patches are drawn, and the seed of the draws."""

    n_draws: int = N_DRAWS
    n_per_set: int = N_PER_SET
    seed: int = 0


@dataclass(frozen=True)
class SetScores:
    """Scores of a generated patch set per lesion class, with what makes them repeatable."""

    extractor: str
    extractor_key: str
    distance_name: str
    real_sha256: str
    fake_sha256: str
    source: str
    options: ScoreOptions
    classes: dict[LesionClass, ClassScore]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON, never NaN."""
        values = asdict(self)
        values["classes"] = {
            lesion_class.value: asdict(score) for lesion_class, score in self.classes.items()
        }
        return values


def score_sets(
    real: PatchSetFolder,
    fake: PatchSetFolder,
    extractor: Extractor,
    options: ScoreOptions,
    *,
    cache: Path | None = None,
    report: Report = lambda n_done, n_total, step: None,
) -> SetScores:
    """Score every lesion class that occurs in the generated set.

    Parameters
    ----------
    real, fake : opened patch sets
    extractor : where features come from
    options : draws and seed; each class has its own random stream, so classes do not disturb each other
    cache : folder for features, or None
    report : called with the work done, the work in all and the step

    Raises
    ------
    InputError
        If both are the same patches, or no class of the generated set can be scored.
    """
    if real.sha256 == fake.sha256:
        raise InputError(
            f"Both patch sets hold the same patches (SHA-256 {real.sha256[:12]}...); give two different ones."
        )
    plans = {one: _plan(real, fake, one, options) for one in LESION_CLASSES if fake.counts()[one]}
    if not any(plan.draws for plan in plans.values()):
        raise InputError(
            "No lesion class has 2 real and 2 generated patches; sample more or compare other sets."
        )
    total = sum(_work(plan) for plan in plans.values())
    done = 0
    classes: dict[LesionClass, ClassScore] = {}
    for lesion_class, plan in plans.items():

        def advance(n: int, step: str, done: int = done, name: str = lesion_class.words) -> None:
            report(done + n, total, f"{name}: {step}")

        classes[lesion_class] = _score_class(real, fake, lesion_class, plan, extractor, cache, advance)
        done += _work(plan)
    return SetScores(
        extractor=extractor.about.name,
        extractor_key=extractor.key,
        distance_name=extractor.about.distance_title,
        real_sha256=real.sha256,
        fake_sha256=fake.sha256,
        source=fake.source,
        options=options,
        classes=classes,
    )


def _plan(
    real: PatchSetFolder, fake: PatchSetFolder, lesion_class: LesionClass, options: ScoreOptions
) -> DrawPlan:
    return generator_scores.plan(
        n_real=real.counts()[lesion_class],
        n_fake=fake.counts()[lesion_class],
        n_draws=options.n_draws,
        n_per_set=options.n_per_set,
        rng=np.random.default_rng([options.seed, lesion_class.code]),
    )


def _work(plan: DrawPlan) -> int:
    return len(plan.reals_needed) + len(plan.fakes_needed) + PICTURES_PER_DRAW * len(plan.draws)


def _score_class(
    real: PatchSetFolder,
    fake: PatchSetFolder,
    lesion_class: LesionClass,
    plan: DrawPlan,
    extractor: Extractor,
    cache: Path | None,
    advance: Callable[[int, str], None],
) -> ClassScore:
    def features_of(patch_set: PatchSetFolder, positions: Indices, done: int, step: str) -> Features:
        rows = patch_set.indices_of(lesion_class)[positions]
        parts = (rows[start : start + PATCHES_READ] for start in range(0, len(rows), PATCHES_READ))
        pictures = np.concatenate([to_rgb(patch_set.patches[part]) for part in parts])
        return feature_cache.features(
            extractor, pictures, folder=cache, report=lambda n: advance(done + n, step)
        )

    if not plan.draws:
        nothing = np.empty((0, extractor.about.n_features), dtype=np.float32)
        return generator_scores.score(nothing, nothing, plan)
    n_reals, n_both = len(plan.reals_needed), len(plan.reals_needed) + len(plan.fakes_needed)
    reals = features_of(real, plan.reals_needed, 0, "features of reals")
    fakes = features_of(fake, plan.fakes_needed, n_reals, "features of fakes")
    return generator_scores.score(
        reals, fakes, plan, lambda n_draws: advance(n_both + PICTURES_PER_DRAW * n_draws, "draws")
    )
