"""Score a generated patch set against a real one, class by class, and its classes against each other."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from evaluation.core import class_fidelity, class_scoring, draws, frame_pictures, kinetics
from evaluation.core.class_fidelity import ClassFidelity
from evaluation.core.class_scoring import Depth, ScoredClass, Sides
from evaluation.core.draws import N_DRAWS, N_PER_SET, DrawPlan
from evaluation.core.extractors import Extractor, Features
from evaluation.core.generator_scores import ClassScore
from evaluation.core.patch_comparison import PatchComparison
from evaluation.core.patch_sources import ClassPatches, of_class
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from generation.core.patch_set import PatchSetFolder

MAX_CLASSIFIED: Final = 1000  # patches of a class and side that the classifier sees
FIDELITY_WORK: Final = 200  # in units of one picture's features, for the progress bar only

Report = Callable[[int, int, str], None]  # n_done, n_total, step


@dataclass(frozen=True)
class ScoreOptions:
    """How often and how many patches are drawn, the seed, and how much is computed."""

    n_draws: int = N_DRAWS
    n_per_set: int = N_PER_SET
    seed: int = 0
    depth: Depth = Depth.PATCHES


@dataclass(frozen=True)
class SetScores:
    """Scores of a generated patch set per lesion class, with what makes them repeatable."""

    extractor: str
    extractor_key: str
    extractor_title: str
    distance_name: str
    real_sha256: str
    fake_sha256: str
    training_sha256: str
    source: str
    options: ScoreOptions
    classes: dict[LesionClass, ClassScore]
    patches: dict[LesionClass, PatchComparison] = field(default_factory=dict)
    fidelity: ClassFidelity | None = None
    frames: str = ""  # what the frames are, in words
    pictures: str = ""  # what the extractor saw of them

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON, never NaN."""
        values = asdict(self)
        for name in ("classes", "patches"):
            by_class = getattr(self, name)
            values[name] = {lesion_class.value: asdict(one) for lesion_class, one in by_class.items()}
        return values


def score_sets(
    real: PatchSetFolder,
    fake: PatchSetFolder,
    extractor: Extractor,
    options: ScoreOptions,
    *,
    training: PatchSetFolder | None = None,
    cache: Path | None = None,
    report: Report = lambda n_done, n_total, step: None,
) -> SetScores:
    """Score every lesion class that occurs in the generated set.

    Parameters
    ----------
    real, fake : opened patch sets
    extractor : where features come from
    options : draws and seed; each class has its own random streams, so classes do not disturb each other
    training : what the generator was trained on, for the test of memorisation; the real set if nothing else is known
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
    sides = Sides(real, fake, training or real)
    _check_frames(sides)
    is_deep = options.depth is Depth.PATCHES
    work = {one: class_scoring.work(plan, options.depth) for one, plan in plans.items()}
    total = sum(work.values()) + (FIDELITY_WORK if is_deep else 0)
    done = 0
    scored: dict[LesionClass, ScoredClass] = {}
    for lesion_class, plan in plans.items():

        def advance(n: int, step: str, done: int = done, name: str = lesion_class.words) -> None:
            report(done + n, total, f"{name}: {step}")

        scored[lesion_class] = class_scoring.score(
            sides,
            lesion_class,
            plan,
            extractor,
            cache=cache,
            seed=options.seed,
            depth=options.depth,
            advance=advance,
        )
        done += work[lesion_class]
    fidelity = None
    if is_deep:
        report(done, total, "classifier of lesion classes")
        fidelity = _fidelity(scored, options.seed)
    report(total, total, "done")
    return SetScores(
        extractor=extractor.about.name,
        extractor_key=extractor.key,
        extractor_title=extractor.about.title,
        distance_name=extractor.about.distance_title,
        real_sha256=real.sha256,
        fake_sha256=fake.sha256,
        training_sha256=sides.training.sha256,
        source=fake.source,
        options=options,
        classes={one: found.score for one, found in scored.items()},
        patches={one: found.patches for one, found in scored.items() if found.patches is not None},
        fidelity=fidelity,
        frames=real.frame_set.words,
        pictures=frame_pictures.words(real.frame_set),
    )


def _check_frames(sides: Sides) -> None:
    """Only patches of the same frames can be compared."""
    for one in (sides.fake, sides.training):
        if one.frame_set != sides.real.frame_set:
            raise InputError(
                f"Patches of {sides.real.source} and {one.source} cannot be compared: they differ in "
                f"{sides.real.frame_set.difference_words(one.frame_set)}; choose sets with the same frames."
            )


def _plan(
    real: PatchSetFolder, fake: PatchSetFolder, lesion_class: LesionClass, options: ScoreOptions
) -> DrawPlan:
    return draws.plan(
        n_real=real.counts()[lesion_class],
        n_fake=fake.counts()[lesion_class],
        n_draws=options.n_draws,
        n_per_set=options.n_per_set,
        rng=np.random.default_rng([options.seed, lesion_class.code]),
        patients=of_class(real, lesion_class).patients,
    )


def _fidelity(scored: dict[LesionClass, ScoredClass], seed: int) -> ClassFidelity:
    """Train on the reals that were drawn, classify the fakes that were drawn."""
    sides: list[list[tuple[Features, int]]] = [[], []]
    patients: list[str] = []
    for lesion_class, found in scored.items():
        rng = np.random.default_rng([seed, lesion_class.code, 4])
        both = ((found.reals, found.real_features), (found.fakes, found.fake_features))
        for side, (chosen, features) in zip(sides, both, strict=True):
            rows = np.sort(rng.permutation(len(features))[:MAX_CLASSIFIED])
            side.append((_described(chosen.at(rows), features[rows]), lesion_class.code))
            if side is sides[0]:
                patients.extend(chosen.at(rows).patients or [""] * len(rows))
    (x, y), (fakes, asked) = (
        (
            np.concatenate([features for features, _ in side]).astype(np.float64),
            np.concatenate([np.full(len(features), code) for features, code in side]),
        )
        for side in sides
    )
    names = [one.value for one in LESION_CLASSES]
    return class_fidelity.assess(x, y, patients, fakes, asked, names)


def _described(chosen: ClassPatches, features: Features) -> Features:
    """Append the kinetics, which the three frames of an extractor do not hold; dark patches count as not enhancing."""
    if kinetics.missing(chosen.frame_set):
        return features
    curves = np.zeros((len(chosen), 2), dtype=np.float32)
    for start in range(0, len(chosen), 200):
        part = chosen.at(np.arange(start, min(start + 200, len(chosen))))
        found = kinetics.measure(part.patches(), chosen.frame_set)
        curves[start + found.measured] = np.stack([found.initial, found.late_change], axis=1)
    return np.concatenate([features, curves], axis=1)
