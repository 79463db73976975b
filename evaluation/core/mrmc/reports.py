"""Every multi-reader procedure run on one set of ratings, each with the population it speaks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from evaluation.core.inference import Inference
from evaluation.core.mrmc import bootstrap, dbm, merit, one_shot
from evaluation.core.mrmc import obuchowski_rockette as anova
from evaluation.core.mrmc.merit import AUC, Merit
from evaluation.core.mrmc.obuchowski_rockette import FRRC, RRFC, RRRC, FTest, ObuchowskiRockette, Randomness
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.proportions import LEVEL, Interval
from generation.core.counting import counted

PROCEDURES: Final[dict[Randomness, str]] = {
    RRRC: "random readers and random cases, Hillis df",
    FRRC: "fixed readers, random cases, normal",
    RRFC: "random readers, fixed cases",
}


@dataclass(frozen=True)
class Finding:
    """One procedure's answer about one arm, a pair of arms or all arms.

    Attributes
    ----------
    arms : the arm, or the two that are compared (first minus second), or all of an overall test
    randomness : which factors are random; says whom the claim generalizes to
    procedure : short name of the method first
    inference : estimate, test and interval; absent for an overall test and a bootstrap
    test : F test of all arms, where that is what was done
    interval : percentile interval, where there is no inference
    estimate : of a bootstrap
    notes : components, warnings and reasons
    """

    arms: tuple[str, ...]
    randomness: Randomness
    procedure: str
    inference: Inference | None = None
    test: FTest | None = None
    interval: Interval | None = None
    estimate: float | None = None
    notes: tuple[str, ...] = ()


def usable(ratings: Ratings, kind: str) -> Ratings:
    """Keep readers whose values have an error that can be estimated: two cases, for an area two of each kind."""
    return ratings.with_enough(2, 2, 2) if kind == AUC else ratings.with_enough(2)


def of_arm(ratings: Ratings, kind: str, null: float = 0.5) -> Iterator[Finding]:
    """Test the reader average of the only arm against `null` by every procedure; the primary one comes first.

    Parameters
    ----------
    ratings : one arm, at least one reader, see `usable`
    kind : `auc` or `proportion`
    """
    figures = _merit(ratings, kind)
    study = anova.analyse(figures)
    by_randomness = {one: anova.single(study, 0, one, null) for one in PROCEDURES}
    for randomness, found in by_randomness.items():
        notes = _notes(study, randomness)
        if randomness == RRRC:
            notes = (*notes, *_narrower(found, by_randomness[FRRC]))
        procedure = f"or-jackknife, {PROCEDURES[randomness]}"
        yield Finding(ratings.arms, randomness, procedure, found, notes=notes)
    if kind != AUC:
        return
    by_delong = anova.analyse(figures, "delong")
    found = anova.single(by_delong, 0, RRRC, null)
    yield Finding(ratings.arms, RRRC, f"or-delong, {PROCEDURES[RRRC]}", found, notes=_notes(by_delong, RRRC))
    yield _one_shot(ratings.arms, one_shot.single(ratings), null, ratings)


def of_differences(ratings: Ratings, kind: str) -> Iterator[Finding]:
    """Compare every two arms by every procedure, and all of them where there are more than two.

    Parameters
    ----------
    ratings : two arms or more, at least one reader, see `usable`
    kind : `auc` or `proportion`
    """
    for first, second in combinations(range(ratings.n_arms), 2):
        yield from _of_pair(ratings.pair(first, second), kind)
    if ratings.n_arms > 2:
        study = anova.analyse(_merit(ratings, kind))
        for randomness, text in PROCEDURES.items():
            test = anova.overall(study, randomness)
            yield Finding(
                ratings.arms, randomness, f"or-jackknife, {text}", test=test, notes=_notes(study, randomness)
            )


def _of_pair(pair: Ratings, kind: str) -> Iterator[Finding]:
    figures = _merit(pair, kind)
    study = anova.analyse(figures)
    by_randomness = {one: anova.difference(study, 0, 1, one) for one in PROCEDURES}
    for randomness, found in by_randomness.items():
        notes = _notes(study, randomness)
        if randomness == RRRC:
            notes = (*notes, *_narrower(found, by_randomness[FRRC]))
        procedure = f"or-jackknife, {PROCEDURES[randomness]}"
        yield Finding(pair.arms, randomness, procedure, found, notes=notes)
    if pair.n_readers > 1:
        yield Finding(pair.arms, RRRC, "dbm, pseudovalue analysis as a check", test=_dbm(figures))
    if kind != AUC:
        return
    by_delong = anova.analyse(figures, "delong")
    found = anova.difference(by_delong, 0, 1, RRRC)
    yield Finding(pair.arms, RRRC, f"or-delong, {PROCEDURES[RRRC]}", found, notes=_notes(by_delong, RRRC))
    yield _one_shot(pair.arms, one_shot.difference(pair, 0, 1), 0.0, pair)


def by_bootstrap(
    ratings: Ratings,
    kind: str,
    rng: np.random.Generator,
    n_resamples: int = bootstrap.N_RESAMPLES,
    level: float = LEVEL,
) -> Iterator[Finding]:
    """Resample readers and cases: the only arm, or every difference of two.

    Parameters
    ----------
    ratings : one arm or more, at least one reader, see `usable`
    kind : `auc` or `proportion`
    rng : source of randomness
    level : of the intervals
    """
    drawn = bootstrap.resample(ratings, kind, rng, n_resamples)
    procedure = f"{bootstrap.METHOD}, {n_resamples} resamples stratified by origin, percentile"
    notes = ["a check: the variance of a bootstrap of readers and cases is biased upwards"]
    randomness: Randomness = RRRC
    if ratings.n_readers == 1:
        notes, randomness = ["only the cases are resampled, for there is one reader"], FRRC
    notes.extend(_few_readers(ratings.n_readers))
    if drawn.n_left_out:
        notes.append(f"{counted(drawn.n_left_out, 'resample')} without a value left out")
    if ratings.n_arms == 1:
        estimate = float(drawn.estimates[0])
        yield Finding(
            ratings.arms,
            randomness,
            procedure,
            interval=drawn.arm(0, level),
            estimate=estimate,
            notes=tuple(notes),
        )
    for first, second in combinations(range(ratings.n_arms), 2):
        yield Finding(
            (ratings.arms[first], ratings.arms[second]),
            randomness,
            procedure,
            interval=drawn.difference(first, second, level),
            estimate=float(drawn.estimates[first] - drawn.estimates[second]),
            notes=tuple(notes),
        )


def _merit(ratings: Ratings, kind: str) -> Merit:
    return merit.auc(ratings) if kind == AUC else merit.proportion(ratings)


def _dbm(figures: Merit) -> FTest:
    found = dbm.analyse(figures)
    reason = anova.EQUAL_DIFFERENCES if found.f is None else ""
    return FTest(RRRC, found.f, found.df1, found.df2, found.p, reason)


def _one_shot(arms: tuple[str, ...], found: one_shot.OneShot, null: float, ratings: Ratings) -> Finding:
    inference = found.inference(null)
    notes: tuple[str, ...] = ()
    if found.is_fallback:
        notes = (
            f"the unbiased variance is {found.variance:.3g}, so the V-statistic (biased upwards) stands in for it",
        )
    return Finding(
        arms,
        RRRC,
        f"{inference.method}, BDG df",
        inference,
        notes=(*notes, *_weights(ratings), *_few_readers(ratings.n_readers)),
    )


def _weights(ratings: Ratings) -> tuple[str, ...]:
    """Say where readers with more answers weigh more in a one-shot estimate."""
    read = ratings.is_read
    n_pairs = read[..., ratings.is_fake].sum(axis=-1) * read[..., ~ratings.is_fake].sum(axis=-1)
    if all(len(set(arm)) == 1 for arm in n_pairs.tolist()):
        return ()
    return ("answers are missing, so readers weigh by their number of comparisons",)


def _notes(study: ObuchowskiRockette, randomness: Randomness) -> tuple[str, ...]:
    notes = [_components(study)]
    if negative := study.negative_components:
        notes.append(f"negative by sampling error: {', '.join(negative)}")
    return (*notes, *(() if randomness == FRRC else _few_readers(study.n_readers)))


def _narrower(random: Inference, fixed: Inference) -> tuple[str, ...]:
    """Say where readers agree more than chance lets them, so that random readers look more certain than fixed ones."""
    if random.se is None or fixed.se is None or random.se >= fixed.se:
        return ()
    return (
        "the readers differ less than the errors of their values let expect, so the standard error is smaller than "
        f"that of fixed readers ({fixed.se:.3g}), which is the safer one here",
    )


def _few_readers(n_readers: int) -> tuple[str, ...]:
    """Warn where the variance between readers rests on next to nothing."""
    if not 1 < n_readers < anova.FEW_READERS:
        return ()
    return (
        f"only {n_readers} readers: the variance between readers rests on {counted(n_readers - 1, 'degree')} "
        "of freedom; read the interval with care",
    )


def _components(study: ObuchowskiRockette) -> str:
    e = study.errors
    named = {
        "MS(T)": study.ms_t,
        "MS(R)": study.ms_r,
        "MS(TR)": study.ms_tr,
        "var(reader)": study.var_reader,
        "var(arm x reader)": study.var_arm_reader,
        "var(error)": e.variance,
        "cov1": e.cov1,
        "cov2": e.cov2,
        "cov3": e.cov3,
    }
    return ", ".join(f"{name} {value:.6g}" for name, value in named.items() if value is not None)
