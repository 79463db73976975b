"""Records of statistics.json from estimates and tests."""

from evaluation.core.accuracy import ALL, Reader
from evaluation.core.estimates import Estimate, HypothesisTest, of_proportion
from evaluation.core.proportions import LEVEL, Difference, Proportion
from evaluation.core.records import THIS_READER, Record
from evaluation.core.wording import p_value


def of_estimate(
    analysis: str,
    estimate: Estimate,
    test: HypothesisTest | None = None,
    *,
    reader: Reader | None = None,
    readers: str | None = None,
    group: str | None = None,
    origin: str | None = ALL,
    tissue: str = ALL,
    population: str = THIS_READER,
    level: float = LEVEL,
    note: str = "",
) -> Record:
    """Turn an estimate, and a test of it where there is one, into a record.

    Parameters
    ----------
    reader : gives the record its reader and group; `readers` names several instead, as `R01 - R02`
    note : said before the notes of the estimate and the test
    """
    notes = [note, estimate.note, test.note if test and test.note != estimate.note else ""]
    limits = estimate.interval
    return Record(
        analysis=analysis,
        reader=reader.name if reader else readers,
        group=(reader.group or None) if reader else group,
        origin=origin,
        tissue=tissue,
        n=estimate.n,
        estimate=estimate.value,
        ci_low=limits.low if limits else None,
        ci_high=limits.high if limits else None,
        level=limits.level if limits else level,
        statistic=test.statistic if test else None,
        df=test.df if test else None,
        p=test.p if test else None,
        method=_methods(estimate, test),
        population=population,
        note="; ".join(filter(None, notes)) or None,
    )


def of_test(
    analysis: str,
    test: HypothesisTest,
    *,
    reader: Reader | None = None,
    readers: str | None = None,
    group: str | None = None,
    origin: str | None = ALL,
    population: str = THIS_READER,
    note: str = "",
) -> Record:
    """Turn a test without an estimate into a record."""
    return Record(
        analysis=analysis,
        reader=reader.name if reader else readers,
        group=(reader.group or None) if reader else group,
        origin=origin,
        tissue=ALL,
        n=test.n,
        statistic=test.statistic,
        df=test.df,
        p=test.p,
        method=test.method,
        population=population,
        note="; ".join(filter(None, (note, test.note))) or None,
    )


def of_counts(
    analysis: str,
    counts: Proportion,
    *,
    reader: Reader,
    origin: str = ALL,
    level: float = LEVEL,
    note: str = "",
) -> Record:
    """Turn a proportion of one reader's answers into a record with Wilson's interval."""
    return of_estimate(
        analysis, of_proportion(counts, level=level), reader=reader, origin=origin, level=level, note=note
    )


def of_number(
    analysis: str,
    value: float | None,
    n: int,
    method: str,
    *,
    reader: Reader,
    origin: str = ALL,
    note: str = "",
) -> Record:
    """Turn a number that has no interval, such as a count, into a record."""
    return Record(
        analysis=analysis,
        reader=reader.name,
        group=reader.group or None,
        origin=origin,
        tissue=ALL,
        n=n,
        estimate=value,
        method=method,
        population=THIS_READER,
        note=note or None,
    )


def of_difference(difference: Difference, *, level: float = LEVEL) -> tuple[Estimate, HypothesisTest | None]:
    """Read an unpaired difference of proportions as an estimate and its test."""
    n, test = difference.first.n + difference.second.n, difference.test()
    reason = "" if test else "one of the two sides has no answered trials"
    return (
        Estimate(difference.estimate, n, "newcombe", interval=difference.interval(level), note=reason),
        HypothesisTest(test.name, n, test.p, test.statistic) if test else None,
    )


def holm_note(p_holm: float | None, family: str) -> str:
    """Say the adjusted p and the family that it belongs to."""
    return "" if p_holm is None else f"Holm-adjusted {p_value(p_holm)} over {family}"


def _methods(estimate: Estimate, test: HypothesisTest | None) -> str:
    if test is None or test.method == estimate.method:
        return estimate.method
    return f"{estimate.method}; {test.method}"
