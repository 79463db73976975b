"""Records of how each reader told fakes from reals: confusion, signal detection, generators, confidence."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from evaluation.core import calibration, confusion, generator_difference, signal_detection
from evaluation.core.accuracy import ALL, Reader
from evaluation.core.estimate_records import of_counts, of_difference, of_estimate, of_number, of_test
from evaluation.core.estimates import Estimate
from evaluation.core.proportions import LEVEL, Proportion
from evaluation.core.readings import Readings
from evaluation.core.records import Record
from evaluation.core.wording import decimal, percent
from generation.core.labels import REAL

NO_FAKE: Final = "fakes, reals or answers “fake” are missing"
MAX_LEVELS: Final = 10  # a slider has too many positions to list the accuracy at each


def of_confusion(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List the share of answers "fake" and the predictive values of both answers."""
    for reader in readings.readers:
        for row in confusion.answers_by_origin(readings, reader.name):
            share = Proportion(row.n_fake, row.n_fake + row.n_real)
            yield of_counts("answered_fake", share, reader=reader, origin=row.origin, level=level)
        everything = confusion.of_reader(readings, reader.name)
        yield of_counts("answered_fake", everything.answered_fake, reader=reader, level=level)
        for generator in _generators(readings):
            counts = confusion.of_reader(readings, reader.name, generator)
            note = f"at {percent(counts.prevalence)} % fakes"
            yield of_counts(
                "ppv_fake", counts.ppv_of_fake, reader=reader, origin=generator, level=level, note=note
            )
            yield of_counts(
                "ppv_real", counts.ppv_of_real, reader=reader, origin=generator, level=level, note=note
            )
            at_half = counts.ppv_of_fake_at(0.5)
            yield of_number(
                "ppv_fake_at_half",
                at_half,
                counts.n,
                "bayes, at 50 % fakes",
                reader=reader,
                origin=generator,
                note=NO_FAKE if at_half is None else "derived from both rates, no interval",
            )


def of_signal_detection(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List d', c, ln beta and A' of each reader, overall and per generator, and differences of d'."""
    for reader in readings.readers:
        for generator in _generators(readings):
            found = signal_detection.detect(
                confusion.of_reader(readings, reader.name, generator), level=level
            )
            for analysis, estimate in (
                ("d_prime", found.d_prime),
                ("criterion", found.criterion),
                ("ln_beta", found.ln_beta),
                ("a_prime", found.a_prime),
            ):
                yield of_estimate(
                    analysis, estimate, reader=reader, origin=generator, level=level, note=_se(estimate)
                )
        for first, second in combinations(readings.generators, 2):
            one, other = (confusion.of_reader(readings, reader.name, name) for name in (first, second))
            estimate = signal_detection.d_prime_difference(one, other, level=level)
            yield of_estimate(
                "d_prime_difference",
                estimate,
                reader=reader,
                origin=f"{first} - {second}",
                level=level,
                note=_se(estimate),
            )


def of_generators(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List each two generators within lesion classes: differences, common odds ratio, homogeneity."""
    for reader in readings.readers:
        for first, second in combinations(readings.generators, 2):
            yield from _stratified(readings, reader, first, second, level)


def _stratified(
    readings: Readings, reader: Reader, first: str, second: str, level: float
) -> Iterator[Record]:
    found = generator_difference.by_tissue(readings, reader.name, first, second, level=level)
    sides = f"{first} - {second}"
    for tissue, stratum in zip(found.tissues, found.strata, strict=True):
        estimate, test = of_difference(stratum, level=level)
        yield of_estimate(
            "source_difference", estimate, test, reader=reader, origin=sides, tissue=tissue, level=level
        )
    yield of_estimate(
        "source_odds_ratio",
        found.odds_ratio,
        found.test,
        reader=reader,
        origin=sides,
        level=level,
        note="odds of a correct answer, within lesion classes",
    )
    yield of_test("source_odds_ratio_homogeneity", found.homogeneity, reader=reader, origin=sides)


def of_calibration(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List the accuracy at each level of confidence and the type-2 area; nothing without confidence."""
    if readings.n_levels is None:
        return
    for reader in readings.readers:
        found = calibration.of_reader(readings, reader.name, level=level)
        for one in found.levels if len(found.levels) <= MAX_LEVELS else ():
            yield of_counts(
                f"accuracy_at_confidence_{one.confidence}", one.accuracy, reader=reader, level=level
            )
        yield of_estimate("type_2_auc", found.type_2_auc, reader=reader, level=level)


def _generators(readings: Readings) -> tuple[str, ...]:
    if REAL not in readings.origins or not readings.generators:
        return ()
    return (*readings.generators, ALL)


def _se(estimate: Estimate) -> str:
    return "" if estimate.se is None else f"standard error {decimal(estimate.se, 4)}"
