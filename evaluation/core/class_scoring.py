"""All scores of one lesion class: features -> draws -> everything drawn -> patches -> memorisation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from evaluation.core import feature_cache, generator_scores, memorisation, patch_comparison
from evaluation.core.draws import DrawPlan, Indices
from evaluation.core.extractors import Extractor, Features
from evaluation.core.generator_scores import ClassScore
from evaluation.core.memorisation import Memorisation, Pair
from evaluation.core.patch_comparison import PatchComparison
from evaluation.core.patch_sources import ClassPatches, of_class
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchSetFolder

MAX_TRAINING: Final = 10_000  # training patches compared with, pixel by pixel; 246 MB
MAX_TRAINING_FEATURES: Final = 2000  # of them as features, which cost more
MAX_FAKES: Final = 2000
PIXELS: Final = "pixels: six scanned frames at half resolution"
PIXELS_OF_OTHERS: Final = "pixels: all frames that are not computed, averaged to few pixels"

# Work in units of one picture's features, for the progress bar only.
DRAW_WORK: Final = 50
WHOLE_WORK: Final = 500

Advance = Callable[[int, str], None]  # n_done, step


class Depth(StrEnum):
    """How much is computed; each includes what stands before it."""

    DRAWS = "draws"  # distances and neighbours in repeated draws
    FEATURES = "features"  # the extrapolated and the kernel distance of everything drawn
    PATCHES = "patches"  # frames, kinetics, diversity, memorisation; of all classes together, class fidelity


@dataclass(frozen=True)
class Sides:
    """The patch sets that meet: real, generated, and what the generator was trained on."""

    real: PatchSetFolder
    fake: PatchSetFolder
    training: PatchSetFolder

    @property
    def is_trained_on_real(self) -> bool:
        return self.training.sha256 == self.real.sha256


@dataclass(frozen=True)
class ScoredClass:
    """Scores of a class, and the features they came from."""

    score: ClassScore
    patches: PatchComparison | None
    reals: ClassPatches
    fakes: ClassPatches
    real_features: Features
    fake_features: Features


def work(plan: DrawPlan, depth: Depth) -> int:
    """Estimate the work of a class."""
    per_draw = DRAW_WORK * len(plan.draws)
    whole = WHOLE_WORK if depth is not Depth.DRAWS and plan.draws else 0
    return len(plan.reals_needed) + len(plan.fakes_needed) + per_draw + whole


def score(
    sides: Sides,
    lesion_class: LesionClass,
    plan: DrawPlan,
    extractor: Extractor,
    *,
    cache: Path | None,
    seed: int,
    depth: Depth,
    advance: Advance,
) -> ScoredClass:
    """Score one class.

    Parameters
    ----------
    sides : patch sets
    plan : draws of this class
    cache : folder for features, or None
    seed : of everything that is drawn after the draws
    depth : how much is computed
    advance : called with the work done and the step
    """
    reals = of_class(sides.real, lesion_class).at(plan.reals_needed)
    fakes = of_class(sides.fake, lesion_class).at(plan.fakes_needed)
    if not plan.draws:
        nothing = np.empty((0, extractor.about.n_features), dtype=np.float32)
        empty = generator_scores.score(nothing, nothing, plan)
        return ScoredClass(empty, None, reals, fakes, nothing, nothing)
    n_both = len(reals) + len(fakes)

    def features_of(chosen: ClassPatches, done: int, step: str) -> Features:
        return feature_cache.features(
            extractor, chosen.pictures(), folder=cache, report=lambda n: advance(done + n, step)
        )

    real_features = features_of(reals, 0, "features of reals")
    fake_features = features_of(fakes, len(reals), "features of fakes")
    scores = generator_scores.score(
        real_features, fake_features, plan, lambda n: advance(n_both + DRAW_WORK * n, "draws")
    )
    found = ScoredClass(scores, None, reals, fakes, real_features, fake_features)
    if depth is Depth.DRAWS:
        return found
    done = n_both + DRAW_WORK * len(plan.draws)
    return _deeper(found, sides, lesion_class, depth, seed, features_of, lambda step: advance(done, step))


def _deeper(
    found: ScoredClass,
    sides: Sides,
    lesion_class: LesionClass,
    depth: Depth,
    seed: int,
    features_of: Callable[[ClassPatches, int, str], Features],
    say: Callable[[str], None],
) -> ScoredClass:
    whole, chosen, trained = (
        np.random.default_rng([seed, lesion_class.code, stream]) for stream in (1, 2, 3)
    )
    say("all patches together")
    scores = generator_scores.score_all(
        found.score, found.real_features, found.fake_features, whole, patients=found.reals.patients
    )
    if depth is Depth.FEATURES:
        return replace(found, score=scores)
    say("frames and kinetics")
    frame_set = found.reals.frame_set
    n_compared = patch_comparison.n_compared(frame_set)
    reals = found.reals.first(n_compared, chosen)
    fakes = found.fakes.first(n_compared, chosen)
    patches = patch_comparison.compare(
        reals.patches(), fakes.patches(), chosen, patients=reals.patients, frame_set=frame_set
    )
    say("nearest training patches")
    tests = _memorisation(found, sides, lesion_class, trained, features_of)
    return replace(found, score=scores, patches=replace(patches, memorisation=tests))


def _memorisation(
    found: ScoredClass,
    sides: Sides,
    lesion_class: LesionClass,
    rng: np.random.Generator,
    features_of: Callable[[ClassPatches, int, str], Features],
) -> tuple[Memorisation, ...]:
    """Test in pixels and in features."""
    every = of_class(sides.training, lesion_class)
    training = every.first(MAX_TRAINING, rng)
    chosen = np.sort(rng.permutation(len(found.fakes))[:MAX_FAKES])
    fakes = found.fakes.at(chosen)
    unseen = _unseen(found.reals, sides.training)
    pixels = memorisation.assess(
        fakes.small_frames(),
        training.small_frames(),
        space=PIXELS if found.reals.frame_set.is_paper else PIXELS_OF_OTHERS,
        training_groups=training.patients,
        held_out=found.reals.at(unseen).small_frames(),
    )
    if sides.is_trained_on_real:
        featured, features = found.reals, found.real_features
    else:
        featured = training.first(MAX_TRAINING_FEATURES, rng)
        features = features_of(featured, 0, "features of training patches")
    by_features = memorisation.assess(
        found.fake_features[chosen],
        features,
        space="features",
        training_groups=featured.patients,
        held_out=found.real_features[unseen],
    )
    return (
        _in_patch_sets(pixels, fakes, training, len(every)),
        _in_patch_sets(by_features, fakes, featured, len(every)),
    )


def _unseen(reals: ClassPatches, training: PatchSetFolder) -> Indices:
    """Positions of the reals whose patients are known not to be among the training patients."""
    trained = set(training.patients())
    if not trained or not reals.patients:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero([patient not in trained for patient in reals.patients])


def _in_patch_sets(
    test: Memorisation, fakes: ClassPatches, training: ClassPatches, n_every: int
) -> Memorisation:
    """Name pairs by their positions in the patch sets, and say what was left out."""
    pairs = tuple(
        Pair(int(fakes.rows[pair.fake]), int(training.rows[pair.real]), pair.distance) for pair in test.pairs
    )
    note = test.note
    if len(training) < n_every:
        note = f"{note} {len(training)} of {n_every} training patches were compared with.".strip()
    return replace(test, pairs=pairs, note=note)
