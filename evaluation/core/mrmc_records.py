"""Records of the multi-reader analyses: what the panel of readers says together, and about whom."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from evaluation.core import equivalence
from evaluation.core.accuracy import ALL
from evaluation.core.chance_records import margin_note
from evaluation.core.families import adjusted
from evaluation.core.mrmc import reports
from evaluation.core.mrmc.merit import AUC, PROPORTION
from evaluation.core.mrmc.obuchowski_rockette import FRRC, RRFC, RRRC, Randomness
from evaluation.core.mrmc.ratings import Ratings
from evaluation.core.mrmc.reports import Finding
from evaluation.core.proportions import LEVEL, Interval
from evaluation.core.rating_tables import RatingTable, correctness, scores
from evaluation.core.readings import Readings
from evaluation.core.records import (
    READERS_AND_CASES,
    READERS_ON_THESE_CASES,
    THESE_READERS,
    THIS_READER,
    Record,
)
from generation.core.labels import REAL

PRIMARY: Final = "or-jackknife"
ONE_SIDE: Final = "a rate off 50 % may be a habit of answering one way; balanced accuracy is free of that"
ONE_ANSWER: Final = "always giving one answer is"
_POPULATIONS: Final[dict[Randomness, str]] = {
    RRRC: READERS_AND_CASES,
    FRRC: THESE_READERS,
    RRFC: READERS_ON_THESE_CASES,
}
_MEANINGS: Final = {
    "mrmc_auc": "area under the ROC curve, reader average",
    "mrmc_balanced_accuracy": "balanced accuracy, reader average",
    "mrmc_accuracy": "fraction correct, reader average",
    "mrmc_detection_rate": "fakes called fake, reader average",
}


@dataclass(frozen=True)
class _Panel:
    """Ratings to analyse, named as the records name them."""

    analysis: str
    origin: str
    kind: str
    ratings: Ratings
    note: str = ""

    @cached_property
    def usable(self) -> Ratings:
        """Ratings of readers with enough cases."""
        return reports.usable(self.ratings, self.kind)


@dataclass(frozen=True)
class _Settings:
    level: float
    alpha: float
    margin: float | None
    group: str | None


def of_readings(
    readings: Readings,
    *,
    margin: float | None = None,
    alpha: float = equivalence.ALPHA,
    level: float = LEVEL,
    group: str | None = None,
    seed: int | None = None,
    n_resamples: int = 2000,
) -> Iterator[Record]:
    """List the panel's tests against chance, its equivalence to chance, and the differences of generators.

    Parameters
    ----------
    margin : equivalence margin from the study's protocol; without it the default, and the note says so
    group : keep the readers of this group
    seed : of the bootstrap of the main results; without it there is none
    """
    settings = _Settings(level, alpha, margin, group)
    panels = [*_arms(readings, group)]
    for panel in panels:
        yield from _single(panel, settings)
    comparisons = [*_comparisons(readings, group)]
    for panel in comparisons:
        yield from _differences(panel, settings)
    if seed is None:
        return
    for number, panel in enumerate([*(one for one in panels if one.origin == ALL), *comparisons]):
        if panel.usable.n_readers:
            rng = np.random.default_rng([seed, number])
            for found in reports.by_bootstrap(panel.usable, panel.kind, rng, n_resamples, level):
                yield _record(panel, found, settings, f"seed {seed}, stream {number}")


def _arms(readings: Readings, group: str | None) -> Iterator[_Panel]:
    """Single arms against chance: the area and balanced accuracy need reals and fakes, the rest takes what is there."""
    correct, scored = correctness(readings, group), scores(readings, group)
    called_fake = _called_fake(correct)
    if REAL in readings.origins and readings.generators:
        for generator in (ALL, *readings.generators):
            yield _Panel(
                "mrmc_auc", generator, AUC, _one_arm(scored, generator, with_reals=True), scored.note
            )
            yield _Panel(
                "mrmc_balanced_accuracy", generator, AUC, _one_arm(called_fake, generator, with_reals=True)
            )
    yield _Panel(
        "mrmc_accuracy", ALL, PROPORTION, _one_arm(correct, ALL, with_reals=True), _prevalence(correct)
    )
    if REAL in readings.origins:
        reals = _one_arm(correct, ALL, with_reals=True).reals_only()
        yield _Panel("mrmc_accuracy", REAL, PROPORTION, reals, ONE_SIDE)
    if readings.generators:
        for generator in (ALL, *readings.generators):
            fakes = _one_arm(correct, generator, with_reals=False)
            yield _Panel("mrmc_detection_rate", generator, PROPORTION, fakes, ONE_SIDE)


def _comparisons(readings: Readings, group: str | None) -> Iterator[_Panel]:
    """Generators against one another: the reals are shared, the fakes are not."""
    generators = readings.generators
    if len(generators) < 2:
        return
    if REAL in readings.origins:
        scored = scores(readings, group)
        areas = Ratings.by_generator(scored.values, scored.origins, scored.names, generators)
        yield _Panel("mrmc_auc_difference", ALL, AUC, areas, scored.note)
    correct = correctness(readings, group)
    rates = Ratings.by_generator(correct.values, correct.origins, correct.names, generators).fakes_only()
    yield _Panel("mrmc_detection_difference", ALL, PROPORTION, rates)


def _single(panel: _Panel, settings: _Settings) -> Iterator[Record]:
    if not panel.usable.n_readers:
        yield _nothing(panel, settings)
        return
    findings = list(reports.of_arm(panel.usable, panel.kind))
    for found in findings:
        yield _record(panel, found, settings)
    primary = {one.randomness: one for one in findings if one.procedure.startswith(PRIMARY)}
    yield _equivalence(panel, primary[RRRC], primary[FRRC], settings)


def _differences(panel: _Panel, settings: _Settings) -> Iterator[Record]:
    if not panel.usable.n_readers:
        yield _nothing(panel, settings)
        return
    findings = list(reports.of_differences(panel.usable, panel.kind))
    for procedure in dict.fromkeys(found.procedure for found in findings):
        of_pairs = [one for one in findings if one.procedure == procedure and len(one.arms) == 2]
        yield from adjusted([_record(panel, one, settings) for one in of_pairs], "pairs of generators")
        overall = (one for one in findings if one.procedure == procedure and len(one.arms) > 2)
        yield from (_record(panel, one, settings) for one in overall)


def _record(panel: _Panel, found: Finding, settings: _Settings, *notes: str) -> Record:
    inference, test = found.inference, found.test
    limits = inference.interval(settings.level) if inference else found.interval
    overall = len(found.arms) > 2
    is_difference = panel.analysis.endswith("_difference")
    bounds = (-1.0, 1.0) if is_difference else (0.0, 1.0)
    reason = inference.absent_because if inference else (test.reason if test else "")
    used = panel.usable
    population = _POPULATIONS[found.randomness]
    return Record(
        analysis=panel.analysis.replace("_difference", "_overall") if overall else panel.analysis,
        group=settings.group,
        origin=" - ".join(found.arms) if is_difference and not overall else _origin(panel, found),
        tissue=ALL,
        n=_n_scores(used, found.arms),
        estimate=inference.estimate if inference else found.estimate,
        ci_low=max(limits.low, bounds[0]) if limits else None,
        ci_high=min(limits.high, bounds[1]) if limits else None,
        level=limits.level if limits else settings.level,
        statistic=inference.statistic if inference else (test.statistic if test else None),
        df=inference.df if inference else (test.df1 if test else None),
        df2=test.df2 if test else None,
        p=inference.p if inference else (test.p if test else None),
        method=found.procedure,
        population=THIS_READER if population == THESE_READERS and used.n_readers == 1 else population,
        note=_joined(
            reason, _size(panel), _cut(limits, bounds), *found.notes, _left_out(panel), panel.note, *notes
        ),
    )


def _equivalence(panel: _Panel, found: Finding, fixed: Finding, settings: _Settings) -> Record:
    """Test equivalence for readers and cases; whatever holds for them has to hold for these readers as well."""
    margin = equivalence.MARGIN if settings.margin is None else settings.margin
    tests = [
        (equivalence.of_estimate(one.inference, margin, settings.alpha), one.inference.df)
        for one in (found, fixed)
        if one.inference is not None
    ]
    (tested, df), (also, also_df) = tests[0], tests[-1]
    remark = ""
    if tested.p is not None and also.p is not None and also.p > tested.p:
        tested, df = also, also_df
        remark = "from the standard error of fixed readers, which is the larger one here"
    shown = "equivalence to chance is shown" if tested.is_shown else "equivalence to chance is not shown"
    return replace(
        _record(panel, found, settings),
        analysis=f"{panel.analysis}_equivalence",
        ci_low=tested.interval.low if tested.interval else None,
        ci_high=tested.interval.high if tested.interval else None,
        level=1 - 2 * settings.alpha,
        statistic=None,
        df=df,
        p=tested.p,
        method=f"tost, {found.procedure}",
        note=_joined(
            tested.reason,
            shown if tested.p is not None else "",
            remark,
            margin_note(settings.margin),
            _size(panel),
        ),
    )


def _nothing(panel: _Panel, settings: _Settings) -> Record:
    needed = "two fakes and two reals" if panel.kind == AUC else "two cases"
    return Record(
        analysis=panel.analysis,
        group=settings.group,
        origin=panel.origin,
        tissue=ALL,
        n=0,
        method=PRIMARY,
        population=READERS_AND_CASES,
        note=_joined(f"no reader answered {needed} of every source that is compared", panel.note),
    )


def _one_arm(table: RatingTable, generator: str, *, with_reals: bool) -> Ratings:
    kept = np.array(
        [
            (origin == REAL and with_reals) or (origin != REAL and generator in (ALL, origin))
            for origin in table.origins
        ],
        dtype=np.bool_,
    )
    origins = tuple(origin for origin, keep in zip(table.origins, kept, strict=True) if keep)
    return Ratings.of_one_arm(table.values[:, kept], table.is_fake[kept], table.names, origins)


def _prevalence(table: RatingTable) -> str:
    """Say what a reader who always gives the same answer scores, where that is not one half."""
    share = float(table.is_fake.mean()) if table.is_fake.size else 0.5
    if abs(share - 0.5) < 0.005:
        return ""
    return f"{100 * share:.1f} % of the cases are fakes, so {ONE_ANSWER} {100 * max(share, 1 - share):.1f} % correct"


def _called_fake(correct: RatingTable) -> RatingTable:
    """Turn correctness into answers: 1 where the reader said "fake"."""
    return replace(correct, values=np.where(correct.is_fake, correct.values, 1 - correct.values))


def _origin(panel: _Panel, found: Finding) -> str:
    return ", ".join(found.arms) if len(found.arms) > 2 else panel.origin


def _n_scores(ratings: Ratings, arms: tuple[str, ...]) -> int:
    """Count answers that enter; one that is shared by two arms counts once."""
    chosen = [ratings.arms.index(arm) for arm in arms]
    return int(ratings.is_read[chosen].any(axis=0).sum())


def _size(panel: _Panel) -> str:
    used = panel.usable
    n_fakes = int(used.is_fake.sum())
    meaning = _MEANINGS.get(panel.analysis, "reader average, first minus second")
    return (
        f"{meaning}; {used.n_readers} reader{'' if used.n_readers == 1 else 's'}, "
        f"{n_fakes} fakes and {used.is_fake.size - n_fakes} reals"
    )


def _left_out(panel: _Panel) -> str:
    lost = [name for name in panel.ratings.readers if name not in panel.usable.readers]
    return f"{', '.join(lost)} left out for too few answers" if lost else ""


def _cut(limits: Interval | None, bounds: tuple[float, float]) -> str:
    if limits is None or (limits.low >= bounds[0] and limits.high <= bounds[1]):
        return ""
    return "the interval is cut at the bounds of the scale"


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
