"""Records of readers beside each other: compared on the same cases, and agreeing with others and themselves."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np

from evaluation.core import agreement, agreement_of_readers, paired_readers, repeats
from evaluation.core.accuracy import ALL
from evaluation.core.agreement import Agreement
from evaluation.core.estimate_records import holm_note, of_estimate, of_number, of_test
from evaluation.core.estimates import Estimate
from evaluation.core.many_raters import N_REPLICATES
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import Readings
from evaluation.core.records import THESE_READERS, Record
from generation.core.counting import counted

MIXED: Final = "over all origins agreement also reflects skill; read it beside those within each origin"
MAX_PAIRED: Final = 12  # readers; more make so many pairs that a list of them tells nothing
NO_LIST: Final = f"pairs are not listed for more than {MAX_PAIRED} readers"


def of_comparisons(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List readers against each other on the cases that both answered, per origin and over all."""
    if len(readings.readers) < 2:
        return
    for origin in (*readings.origins, ALL):
        found = paired_readers.compare(readings, origin, with_pairs=not _unlisted(readings))
        if found.overall is not None:
            yield of_test(
                "cochran_q", found.overall, origin=origin, population=THESE_READERS, note=_unlisted(readings)
            )
        n_pairs = len(found.pairs)
        for one in found.pairs:
            sides = f"{one.first} - {one.second}"
            yield of_estimate(
                "reader_difference",
                one.counts.difference(level=level),
                one.counts.test(),
                readers=sides,
                origin=origin,
                population=THESE_READERS,
                level=level,
                note=holm_note(one.p_holm, f"the {n_pairs} pairs of readers") if n_pairs > 1 else "",
            )
            yield of_test(
                "reader_difference_mid_p",
                one.counts.mid_p(),
                readers=sides,
                origin=origin,
                population=THESE_READERS,
            )


def of_agreement(
    readings: Readings,
    rng: np.random.Generator,
    *,
    n_replicates: int = N_REPLICATES,
    level: float = LEVEL,
) -> Iterator[Record]:
    """List the agreement of each two readers and of all, per origin and over all; nothing for one reader."""
    names = [reader.name for reader in readings.readers]
    if len(names) < 2:
        return
    for origin in (*readings.origins, ALL):
        for one, other in combinations(names, 2) if not _unlisted(readings) else ():
            found = agreement.of_readers(readings, one, other, origin, level=level)
            for analysis, estimate in _indices(found):
                yield of_estimate(
                    analysis,
                    estimate,
                    readers=f"{one}, {other}",
                    origin=origin,
                    population=THESE_READERS,
                    level=level,
                    note=_skill(origin),
                )
        yield from _of_all(readings, rng, origin, n_replicates, level)


def _of_all(
    readings: Readings, rng: np.random.Generator, origin: str, n_replicates: int, level: float
) -> Iterator[Record]:
    found = agreement_of_readers.of_all(readings, rng, origin, n_replicates=n_replicates, level=level)
    observed = Estimate(found.observed, found.n_cases, "mean over pairs of answers")
    for analysis, estimate, test in (
        ("observed_agreement", observed, None),
        ("fleiss_kappa", found.fleiss, found.fleiss_test),
        ("krippendorff_alpha", found.alpha, None),
        ("krippendorff_alpha_ordinal", found.alpha_ordinal, None),
        ("gwet_ac1", found.ac1, None),
    ):
        yield of_estimate(
            analysis,
            estimate,
            test,
            origin=origin,
            population=THESE_READERS,
            level=level,
            note="; ".join(filter(None, (f"{found.n_readers} readers", _skill(origin), _unlisted(readings)))),
        )


def of_repeats(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List each reader's agreement with themselves; nothing for a reader without repeats."""
    for reader in readings.readers:
        found = repeats.of_reader(readings, reader.name, level=level)
        if not found.n_shown:
            continue
        if found.agreement is None:
            counts = f"{found.n_same} of {counted(found.n_pairs, 'repeated case')} answered alike"
            yield of_number(
                "intra_reader_agreement",
                None,
                found.n_pairs,
                "counts",
                reader=reader,
                note=f"{counts}; {found.note}",
            )
            continue
        for analysis, estimate in _indices(found.agreement):
            yield of_estimate(f"intra_reader_{analysis}", estimate, reader=reader, level=level)


def _indices(found: Agreement) -> tuple[tuple[str, Estimate], ...]:
    return (
        ("observed_agreement", found.observed),
        ("cohen_kappa", found.kappa),
        ("pabak", found.pabak),
        ("gwet_ac1", found.ac1),
        ("agreement_on_fake", found.on_fake),
        ("agreement_on_real", found.on_real),
        ("weighted_kappa", found.weighted_kappa),
    )


def _skill(origin: str) -> str:
    return MIXED if origin == ALL else ""


def _unlisted(readings: Readings) -> str:
    return NO_LIST if len(readings.readers) > MAX_PAIRED else ""
