"""Short tables of the main text: agreement by origin, response times by reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.core import wording
from evaluation.core.accuracy import ALL
from evaluation.core.readings import Readings
from evaluation.core.records import Record
from evaluation.core.report.cells import DECIMAL, MILLISECONDS, PERCENT, lines, number
from evaluation.core.response_times import TimeSummary, kept_times, summarise


@dataclass(frozen=True)
class Value:
    """An estimate and the range below it."""

    estimate: str
    interval: str


@dataclass(frozen=True)
class AgreementLine:
    """Agreement of all readers on the panels of one origin, or all."""

    origin: str
    observed: Value
    kappa: Value
    alpha: Value
    ac1: Value


@dataclass(frozen=True)
class TimeLine:
    """Response times of one reader over all panels in seconds: medians, with quartiles below them."""

    reader: str
    group: str
    n: str
    median: Value
    right: Value
    wrong: Value


_COEFFICIENTS: Final = ("observed_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1")


def agreement(records: Sequence[Record]) -> tuple[AgreementLine, ...]:
    """Sum up the agreement of all readers; nothing for one reader."""
    found = {
        (one.analysis, one.origin): one
        for one in records
        if one.analysis in _COEFFICIENTS and one.reader is None and one.group is None
    }
    origins = dict.fromkeys(origin for _, origin in found)
    return tuple(
        AgreementLine(
            wording.origin(origin or ALL),
            _value(found.get(("observed_agreement", origin)), PERCENT),
            *(_value(found.get((name, origin)), DECIMAL) for name in _COEFFICIENTS[1:]),
        )
        for origin in origins
    )


def times(readings: Readings) -> tuple[TimeLine, ...]:
    """Sum up response times; readers without any are left out."""
    found = []
    for reader in readings.readers:
        whole, right, wrong = (
            summarise(kept_times(readings, reader.name, ALL, is_correct), ALL, is_correct)
            for is_correct in (None, True, False)
        )
        if whole.n:
            found.append(
                TimeLine(
                    reader.name, reader.group, str(whole.n), _median(whole), _median(right), _median(wrong)
                )
            )
    return tuple(found)


def _value(record: Record | None, unit: str) -> Value:
    if record is None:
        return Value(wording.ABSENT, "")
    (line,) = lines([record], unit)
    return Value(line.estimate, line.interval)


def _median(summary: TimeSummary) -> Value:
    if summary.median is None or summary.first_quartile is None or summary.third_quartile is None:
        return Value(wording.ABSENT, "")
    median, low, high = (
        number(one, MILLISECONDS) for one in (summary.median, summary.first_quartile, summary.third_quartile)
    )
    return Value(median, f"{low}–{high}")
