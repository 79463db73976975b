"""Records of each reader's evidence for and against guessing: equivalence to chance and Bayes factor."""

from collections.abc import Iterator

from evaluation.core import bayes_factor, equivalence
from evaluation.core.accuracy import ALL, Reader
from evaluation.core.proportions import Proportion
from evaluation.core.readings import Readings
from evaluation.core.records import THIS_READER, Record

NOT_PRE_SPECIFIED = "the margin is the default; nothing shows that a protocol fixed it before the data"


def of_readings(
    readings: Readings, *, margin: float | None = None, alpha: float = equivalence.ALPHA
) -> Iterator[Record]:
    """List the exact equivalence test and the Bayes factor per reader, for every origin and all together.

    Parameters
    ----------
    margin : from the study's protocol; without it the default, and the note says so
    """
    for reader in readings.readers:
        for origin in (*readings.origins, ALL):
            answered = readings.answered(reader.name, origin)
            counts = Proportion(sum(bool(one.is_correct) for one in answered), len(answered))
            yield _equivalence(reader, origin, counts, margin, alpha)
            yield _bayes_factor(reader, origin, counts)


def margin_note(margin: float | None) -> str:
    """Say how wide the margin is and who fixed it."""
    width = equivalence.MARGIN if margin is None else margin
    said = f"margin {100 * width:g} percentage points either side of 50 %"
    return f"{said}; {NOT_PRE_SPECIFIED}" if margin is None else f"{said}, fixed by the protocol"


def _equivalence(
    reader: Reader, origin: str, counts: Proportion, margin: float | None, alpha: float
) -> Record:
    found = equivalence.to_chance(counts, equivalence.MARGIN if margin is None else margin, alpha)
    shown = "equivalence to chance is shown" if found.is_shown else "equivalence to chance is not shown"
    return Record(
        analysis="equivalence_to_chance",
        reader=reader.name,
        group=reader.group or None,
        origin=origin,
        tissue=ALL,
        n=counts.n,
        estimate=found.estimate,
        ci_low=found.interval.low if found.interval else None,
        ci_high=found.interval.high if found.interval else None,
        level=1 - 2 * alpha,
        p=found.p,
        method=f"{found.method}; clopper-pearson interval",
        population=THIS_READER,
        note="; ".join([found.reason or shown, margin_note(margin)]),
    )


def _bayes_factor(reader: Reader, origin: str, counts: Proportion) -> Record:
    found = bayes_factor.against_chance(counts)
    factors = [
        f"{name} is beyond the largest number that can be stored" if value is None else f"{name} {value:.4g}"
        for name, value in (("BF10", found.bf10), ("BF01", found.bf01))
    ]
    return Record(
        analysis="bayes_factor_vs_chance",
        reader=reader.name,
        group=reader.group or None,
        origin=origin,
        tissue=ALL,
        n=counts.n,
        estimate=found.bf10 if counts.n else None,
        statistic=found.log10_bf10 if counts.n else None,
        method=f"{bayes_factor.METHOD}, {bayes_factor.PRIOR}; estimate BF10, statistic its decimal logarithm",
        population=THIS_READER,
        note=", ".join(factors) if counts.n else counts.absent_because,
    )
