"""Scores of a generator as lines of text for a terminal."""

from collections.abc import Iterator

from evaluation.core import kinetics, manifold
from evaluation.core.generator_scores import ClassScore
from evaluation.core.patch_comparison import PatchComparison
from evaluation.core.scoring import SetScores
from evaluation.core.wording import decimal

_NAME_WIDTH = 24


def lines_of(scores: SetScores) -> Iterator[str]:
    """Write the scores of every class, each with what limits it."""
    yield f"{scores.source} against real, {scores.distance_name}"
    for lesion_class, score in scores.classes.items():
        yield ""
        yield f"{lesion_class.words} ({score.n_draws} x {score.n_per_set} of {score.n_real} real, {score.n_fake} generated)"
        for name, text in _of_class(score):
            yield f"  {name:<{_NAME_WIDTH}} {text}"
        patches = scores.patches.get(lesion_class)
        for name, text in _of_patches(patches) if patches else ():
            yield f"  {name:<{_NAME_WIDTH}} {text}"
        if score.note:
            yield f"  {score.note}"
    if scores.fidelity is not None:
        yield ""
        found = scores.fidelity
        yield f"class fidelity: balanced recall {decimal(found.fake_balanced, 3)} generated, {decimal(found.real_balanced, 3)} unseen reals. {found.note}".rstrip()


def _of_class(score: ClassScore) -> Iterator[tuple[str, str]]:
    floor = f"floor {decimal(score.floor_mean)}"
    if score.patient_floor is not None:
        floor += f", between patients {decimal(score.patient_floor)} (n = {score.n_patient_floor})"
    yield "distance", f"{decimal(score.distance_mean)} (SD {decimal(score.distance_sd)}), {floor}"
    yield (
        "at infinite n",
        f"{decimal(score.distance_infinite)}, floor {decimal(score.floor_infinite)}",
    )
    interval = f"{decimal(score.kid_low, 5)} to {decimal(score.kid_high, 5)}"
    yield "kernel distance", f"{decimal(score.kid, 5)} ({interval}), floor {decimal(score.kid_floor, 5)}"
    sides = f"{decimal(score.knn_real, 3)} real, {decimal(score.knn_fake, 3)} fake"
    yield "1-NN accuracy", f"{sides}, overall {decimal(score.knn_overall, 3)} (z {decimal(score.knn_z, 1)})"
    yield (
        f"precision, recall k={manifold.K_PRECISION}",
        f"{decimal(score.precision, 3)}, {decimal(score.recall, 3)}",
    )
    expected = f"{decimal(score.coverage_expected, 3)} expected"
    yield (
        f"density, coverage k={manifold.K_DENSITY}",
        f"{decimal(score.density, 3)}, {decimal(score.coverage, 3)} ({expected})",
    )


def _of_patches(patches: PatchComparison) -> Iterator[tuple[str, str]]:
    yield (
        "MS-SSIM of pairs",
        f"{decimal(patches.fake_diversity.mean, 3)}, real {decimal(patches.real_diversity.mean, 3)}",
    )
    for test in patches.memorisation:
        share = f"{decimal(test.share_close, 3)} closer than the 5 % closest unseen reals"
        text = test.note or f"AUC {decimal(test.auc, 3)} (.5 without), {share}"
        yield "memorisation", f"{text} [{test.space}]"
    if patches.fake_coherence is not None and patches.real_coherence is not None:
        yield (
            "subtraction error",
            f"{decimal(patches.fake_coherence.mean, 1)} grey levels, real {decimal(patches.real_coherence.mean, 1)}",
        )
    elif patches.coherence_note:
        yield "subtraction error", patches.coherence_note
    found = patches.kinetics
    if found.note.startswith(kinetics.NO_KINETICS):
        yield "kinetics", found.note
        return
    yield "curve types, distance", f"{decimal(found.type_distance, 3)} {found.note}".rstrip()
    for name in ("initial", "late_change"):
        text = f"{decimal(found.wasserstein[name], 3)}, floor {decimal(found.wasserstein_floor[name], 3)}"
        yield f"{name.replace('_', ' ')}, distance", text
