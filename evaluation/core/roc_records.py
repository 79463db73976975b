"""Records of the ROC analysis: areas per reader and generator, and differences of areas."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np

from evaluation.core import roc
from evaluation.core.accuracy import ALL, Reader
from evaluation.core.families import adjusted
from evaluation.core.inference import Inference
from evaluation.core.proportions import LEVEL
from evaluation.core.rating_tables import Floats, RatingTable, scores
from evaluation.core.readings import Readings
from evaluation.core.records import THESE_READERS, THIS_READER, Record
from generation.core.counting import counted
from generation.core.labels import REAL

MAX_PAIRED_READERS: Final = 20  # 190 pairs; more would bury the rest, and the panel analysis says more


def of_readings(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List every reader's area per generator, differences of generators and differences of readers.

    Without confidence the areas are balanced accuracies, and the notes say so. Without reals or fakes there is nothing
    to list.
    """
    if REAL not in readings.origins or not readings.generators:
        return
    table = scores(readings)
    for row, reader in enumerate(table.readers):
        for generator in (*readings.generators, ALL):
            yield _area(table, row, reader, generator, level)
        pairs = combinations(readings.generators, 2)
        yield from adjusted(
            [_generators(table, row, reader, pair, level) for pair in pairs], "pairs of generators"
        )
    if len(table.readers) > MAX_PAIRED_READERS:
        yield _too_many(len(table.readers), level)
        return
    for generator in (*readings.generators, ALL):
        readers = combinations(enumerate(table.readers), 2)
        yield from adjusted(
            [_readers(table, one, other, generator, level) for one, other in readers], "pairs of readers"
        )


def _area(table: RatingTable, row: int, reader: Reader, generator: str, level: float) -> Record:
    fakes, reals = _present(_fakes(table, row, generator)), _present(table.of_origin(row, REAL))
    area = roc.area(fakes, reals)
    limits, test = area.interval(level), area.against_chance()
    return Record(
        analysis="auc",
        reader=reader.name,
        group=reader.group or None,
        origin=generator,
        tissue=ALL,
        n=area.n_fakes + area.n_reals,
        estimate=area.estimate,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=level,
        statistic=test.statistic if test else None,
        p=test.p if test else None,
        method=f"{roc.LOGIT}; z test against 0.5",
        population=THIS_READER,
        note=_joined(f"{area.n_fakes} fakes and {area.n_reals} reals", area.flag, table.note),
    )


def _generators(
    table: RatingTable, row: int, reader: Reader, generators: tuple[str, str], level: float
) -> Record:
    first, second = (_present(table.of_origin(row, generator)) for generator in generators)
    reals = _present(table.of_origin(row, REAL))
    return _difference(
        roc.difference_between_generators(first, second, reals),
        reader=reader.name,
        group=reader.group or None,
        origin=" - ".join(generators),
        n=first.size + second.size + reals.size,
        level=level,
        population=THIS_READER,
        note=_joined("the reals are shared, the fakes are different cases", table.note),
    )


def _readers(
    table: RatingTable, first: tuple[int, Reader], second: tuple[int, Reader], generator: str, level: float
) -> Record:
    (a, one), (b, other) = first, second
    fakes = _fakes(table, a, generator), _fakes(table, b, generator)
    reals = table.of_origin(a, REAL), table.of_origin(b, REAL)
    n = sum(int((~np.isnan(x) & ~np.isnan(y)).sum()) for x, y in (fakes, reals))
    return _difference(
        roc.difference_between_readers(fakes, reals),
        reader=f"{one.name} - {other.name}",
        group=one.group or None if one.group == other.group else None,
        origin=generator,
        n=n,
        level=level,
        population=THESE_READERS,
        note=_joined(f"{counted(n, 'case')} that both scored", table.note),
    )


def _too_many(n_readers: int, level: float) -> Record:
    n_pairs = n_readers * (n_readers - 1) // 2
    return Record(
        analysis="auc_difference",
        origin=ALL,
        tissue=ALL,
        n=0,
        level=level,
        method=roc.DELONG,
        population=THESE_READERS,
        note=f"{n_readers} readers make {n_pairs} pairs, which are not compared one by one; see the panel analysis",
    )


def _difference(
    found: Inference | None,
    *,
    reader: str,
    group: str | None,
    origin: str,
    n: int,
    level: float,
    population: str,
    note: str,
) -> Record:
    limits = found.interval(level) if found else None
    reason = found.absent_because if found else "fakes or reals are missing"
    return Record(
        analysis="auc_difference",
        reader=reader,
        group=group,
        origin=origin,
        tissue=ALL,
        n=n,
        estimate=found.estimate if found else None,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=level,
        statistic=found.statistic if found else None,
        p=found.p if found else None,
        method=roc.DELONG,
        population=population,
        note=_joined(reason, note),
    )


def _fakes(table: RatingTable, row: int, generator: str) -> Floats:
    return table.of_fakes(row) if generator == ALL else table.of_origin(row, generator)


def _present(values: Floats) -> Floats:
    kept: Floats = values[~np.isnan(values)]
    return kept


def _joined(*notes: str) -> str:
    return "; ".join(filter(None, notes))
