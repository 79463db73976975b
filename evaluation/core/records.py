"""Records of statistics.json: every number with its n, interval, method and the population it speaks for."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from math import isfinite
from typing import Final

from evaluation.core.accuracy import ALL, Accuracy, Reader
from evaluation.core.proportions import LEVEL, IntervalMethod
from generation.core.counting import counted
from generation.core.labels import REAL

THIS_READER: Final = "this reader"
THESE_READERS: Final = "these readers"  # with cases like these
READERS_ON_THESE_CASES: Final = "readers on these cases"
READERS_AND_CASES: Final = "readers and cases"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One line of statistics.json; what does not apply is None.

    A value that is not finite becomes None, and the note says so.
    """

    analysis: str
    reader: str | None = None
    group: str | None = None
    origin: str | None = None
    tissue: str | None = None
    n: int | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    level: float | None = None
    statistic: float | None = None
    df: float | None = None
    df2: float | None = None
    p: float | None = None
    method: str
    population: str
    note: str | None = None

    def __post_init__(self) -> None:
        for name in ("estimate", "ci_low", "ci_high", "statistic", "df", "df2", "p"):
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                object.__setattr__(self, name, None)
                said = f"{name} is not finite"
                object.__setattr__(self, "note", f"{self.note}; {said}" if self.note else said)


def to_json(records: Iterable[Record]) -> str:
    """Write records as statistics.json; never NaN or Infinity."""
    return "".join(json_pieces(records))


def json_pieces(records: Iterable[Record]) -> Iterator[str]:
    """Write statistics.json record by record: thousands of readers make hundreds of thousands."""
    before = "[\n "
    for record in records:
        text = json.dumps(asdict(record), indent=1, allow_nan=False, ensure_ascii=False)
        yield before + text.replace("\n", "\n ")
        before = ",\n "
    yield "[]\n" if before[0] == "[" else "\n]\n"


def of_accuracy(
    accuracy: Accuracy, *, method: IntervalMethod = "wilson", level: float = LEVEL
) -> Iterator[Record]:
    """List everything the counts of correct answers say, reader by reader."""
    for reader in accuracy.readers:
        for tissue in (ALL, *accuracy.tissues):
            for origin in (*accuracy.origins, ALL):
                yield of_cell(accuracy, reader, origin, tissue, method, level)
                yield _against_chance(accuracy, reader, origin, tissue)
        if REAL in accuracy.origins:
            for generator in (*accuracy.generators, ALL):
                yield _balanced(accuracy, reader, generator, level)
        for first, second in combinations(accuracy.generators, 2):
            yield _source_difference(accuracy, reader, first, second, level)


def of_cell(
    accuracy: Accuracy, reader: Reader, origin: str, tissue: str, method: IntervalMethod, level: float
) -> Record:
    """Tell one cell of the accuracy table."""
    cell = accuracy.proportion(reader.name, origin, tissue)
    limits = cell.interval(method, level)
    n_unanswered = accuracy.n_unanswered[reader.name] if origin == tissue == ALL else 0
    return Record(
        analysis="accuracy",
        reader=reader.name,
        group=reader.group or None,
        origin=origin,
        tissue=tissue,
        n=cell.n,
        estimate=cell.fraction,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=level,
        method=method,
        population=THIS_READER,
        note=cell.absent_because
        or (f"{counted(n_unanswered, 'unanswered trial')} left out" if n_unanswered else None),
    )


def _against_chance(accuracy: Accuracy, reader: Reader, origin: str, tissue: str) -> Record:
    cell = accuracy.proportion(reader.name, origin, tissue)
    return Record(
        analysis="accuracy_vs_chance",
        reader=reader.name,
        group=reader.group or None,
        origin=origin,
        tissue=tissue,
        n=cell.n,
        estimate=cell.fraction,
        p=cell.p_chance(),
        method="exact-binomial, two-sided, against 0.5",
        population=THIS_READER,
        note=cell.absent_because or None,
    )


def _balanced(accuracy: Accuracy, reader: Reader, generator: str, level: float) -> Record:
    balanced = accuracy.balanced(reader.name, generator)
    limits = balanced.interval(level)
    n_fakes, n_reals = balanced.fakes.n, balanced.reals.n
    return Record(
        analysis="balanced_accuracy",
        reader=reader.name,
        group=reader.group or None,
        origin=generator,
        tissue=ALL,
        n=n_fakes + n_reals,
        estimate=balanced.estimate,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=level,
        method="mover-wilson",
        population=THIS_READER,
        note=f"{n_fakes} fakes and {n_reals} reals" + ("" if limits else "; some of both are needed"),
    )


def _source_difference(accuracy: Accuracy, reader: Reader, first: str, second: str, level: float) -> Record:
    difference = accuracy.between_generators(reader.name, first, second)
    limits, test = difference.interval(level), difference.test()
    return Record(
        analysis="source_difference",
        reader=reader.name,
        group=reader.group or None,
        origin=f"{first} - {second}",
        tissue=ALL,
        n=difference.first.n + difference.second.n,
        estimate=difference.estimate,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=level,
        statistic=test.statistic if test else None,
        p=test.p if test else None,
        method=f"newcombe; {test.name}" if test else "newcombe",
        population=THIS_READER,
        note=None if test else "one of the generators has no answered trials",
    )
