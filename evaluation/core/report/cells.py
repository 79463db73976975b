"""Records as lines of a printed table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evaluation.core import wording
from evaluation.core.records import Record

# How the estimate of an analysis is written: fractions in per cent, differences of fractions in points.
PERCENT: Final = "percent"
POINTS: Final = "points"
DECIMAL: Final = "decimal"
AREA_DIFFERENCE: Final = (
    "area difference"  # three decimals with a sign: a tiny one is no difference, not 1e-4
)
FACTOR: Final = "factor"  # spans many powers of ten
MILLISECONDS: Final = "milliseconds"  # written as seconds
COUNT: Final = "count"


@dataclass(frozen=True)
class Line:
    """One record, written out; an absent value is a dash, and the note says why."""

    reader: str
    origin: str
    tissue: str
    n: str
    estimate: str
    interval: str
    test: str
    p: str
    method: str
    population: str
    note: str

    @property
    def pieces(self) -> tuple[str, ...]:
        """Method, population and note, one statement each."""
        return tuple(filter(None, f"{self.method}; {self.population}; {self.note}".split("; ")))


def lines(records: Iterable[Record], unit: str) -> tuple[Line, ...]:
    """Write records in one unit."""
    return tuple(_line(record, unit) for record in records)


def _line(record: Record, unit: str) -> Line:
    return Line(
        reader=record.reader or (f"group {record.group}" if record.group else "all readers"),
        origin=_origin(record.origin),
        tissue="" if record.tissue in (None, "all") else wording.tissue(record.tissue),
        n="" if record.n is None else str(record.n),
        estimate=number(record.estimate, unit),
        interval=interval(record, unit),
        test=_test(record),
        p="" if record.p is None else wording.p_value(record.p),
        method=record.method,
        population=record.population,
        note=record.note or "",
    )


def number(value: float | None, unit: str) -> str:
    """Write one value in its unit."""
    if unit == PERCENT:
        return wording.percent(value)
    if unit == POINTS:
        return wording.points(value)
    if unit == MILLISECONDS:
        return wording.decimal(None if value is None else value / 1000, 2)
    if unit == AREA_DIFFERENCE:
        return wording.ABSENT if value is None else f"{value:+.3f}".replace("-", "−")
    if unit == COUNT:
        return wording.decimal(value, 0)
    return _decimal(value, smallest=0.001 if unit == FACTOR else 0.0)


def _decimal(value: float | None, *, smallest: float = 0.0) -> str:
    """Three decimals, or three digits where the value is large, or tiny in a unit that has tiny values."""
    if value is None:
        return wording.ABSENT
    if value != 0 and not smallest <= abs(value) < 10_000:
        return f"{value:.2e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e").replace("-", "−")
    return wording.decimal(value, 3 if abs(value) < 100 else 0)


def interval(record: Record, unit: str) -> str:
    """Write an interval; empty where there is none."""
    if record.ci_low is None or record.ci_high is None:
        return ""
    joint = " to " if unit in (POINTS, AREA_DIFFERENCE) or record.ci_low < 0 else "–"
    return f"{number(record.ci_low, unit)}{joint}{number(record.ci_high, unit)}"


def _test(record: Record) -> str:
    """The test statistic with its degrees of freedom."""
    if record.statistic is None:
        return ""
    degrees = [f"{value:.3g}" for value in (record.df, record.df2) if value is not None]
    return f"{_decimal(record.statistic)}" + (f" (df {', '.join(degrees)})" if degrees else "")


def _origin(origin: str | None) -> str:
    if not origin:
        return ""
    return " − ".join(wording.origin(part) for part in origin.split(" - "))
