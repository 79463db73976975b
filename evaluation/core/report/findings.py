"""The main findings in sentences; each says whom it speaks for, and none claims more than was shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.core import wording
from evaluation.core.accuracy import ALL, Accuracy
from evaluation.core.chance_records import NOT_PRE_SPECIFIED
from evaluation.core.mrmc_records import ONE_ANSWER
from evaluation.core.multiplicity import holm
from evaluation.core.records import READERS_AND_CASES, THESE_READERS, THIS_READER, Record
from evaluation.core.report.cells import DECIMAL, PERCENT, POINTS, interval, number
from generation.core.labels import REAL

ALPHA: Final = 0.05
MAX_LISTED: Final = 8  # readers with a sentence of their own
UNEQUAL_MIX: Final = 0.02  # what one answer throughout may gain before it is said; a few timeouts gain less
_WHOM: Final = {
    THIS_READER: "this reader and panels like these",
    READERS_AND_CASES: "readers and cases like these",
}


@dataclass(frozen=True)
class Finding:
    """One sentence and the population it holds for."""

    sentence: str
    population: str

    @property
    def whom(self) -> str:
        """The population in words."""
        return _WHOM.get(self.population, self.population)


def findings(accuracy: Accuracy, records: Sequence[Record]) -> tuple[Finding, ...]:
    """State what was found about readers and cases like these, then about each reader, or about many in one sentence.

    Parameters
    ----------
    accuracy : counts of correct answers
    records : every record of the analysis

    Notes
    -----
    "Not shown to differ" and "shown to be equivalent" are different findings. Equivalence is claimed only where the
    test with the margin fixed in the protocol, or the stated default, rejects both one-sided hypotheses.
    """
    many = len(accuracy.readers) > MAX_LISTED
    return (*_of_all(records), *(_of_many(accuracy) if many else _of_readers(accuracy, records)))


def _of_many(accuracy: Accuracy) -> Iterator[Finding]:
    """Sum up readers who are too many to be told one by one; the tables list them."""
    cells = [cell for cell in (accuracy.proportion(one.name) for one in accuracy.readers) if cell.n]
    fractions = [cell.fraction for cell in cells if cell.fraction is not None]
    if not fractions:
        return
    adjusted = holm([cell.p_chance() for cell in cells])
    sides = [
        0 if p is None or p >= ALPHA else 1 if fraction > 0.5 else -1
        for p, fraction in zip(adjusted, fractions, strict=True)
    ]
    yield Finding(
        f"Of {len(cells)} readers, each tested alone, {sides.count(1)} were above chance, {sides.count(-1)} below it and "
        f"{sides.count(0)} not shown to differ from it (exact, Holm-adjusted over readers); their accuracy ran from "
        f"{wording.percent(min(fractions))} to {wording.percent(max(fractions))} %"
        f"{_one_answer(accuracy, [one.name for one in accuracy.readers])}.",
        THIS_READER,
    )


def _of_readers(accuracy: Accuracy, records: Sequence[Record]) -> Iterator[Finding]:
    tests = {r.reader: r for r in records if r.analysis == "accuracy_vs_chance" and _is_overall(r)}
    equivalence = {r.reader: r for r in records if r.analysis == "equivalence_to_chance" and _is_overall(r)}
    fractions = {r.reader: r for r in records if r.analysis == "accuracy" and _is_overall(r)}
    adjusted = dict(zip(tests, holm([record.p for record in tests.values()]), strict=True))
    for reader in accuracy.readers:
        cell, record = accuracy.proportion(reader.name), fractions[reader.name]
        if cell.fraction is None:
            yield Finding(f"{reader.name} answered no panel of the test.", THIS_READER)
            continue
        name = f"{reader.name} ({reader.group})" if reader.group else reader.name
        found = (
            f"{name} classified {cell.n_correct} of {cell.n} panels correctly: {wording.percent(cell.fraction)} % "
            f"({_level(record)} interval {wording.percent(record.ci_low)} to {wording.percent(record.ci_high)} %"
            f"{_one_answer(accuracy, [reader.name])})"
        )
        yield Finding(
            f"{found}; {_verdict(adjusted.get(reader.name), equivalence.get(reader.name), cell.fraction)}.",
            THIS_READER,
        )


def _one_answer(accuracy: Accuracy, readers: Sequence[str]) -> str:
    """Tell what a reader who looks at nothing reaches, where the mix of panels makes it more than one half."""
    n_reals = sum(accuracy.proportion(reader, REAL).n for reader in readers)
    n = sum(accuracy.proportion(reader).n for reader in readers)
    share = max(n_reals, n - n_reals) / n
    if share < 0.5 + UNEQUAL_MIX:
        return ""
    answer = "real" if 2 * n_reals > n else "synthetic"
    return f"; always answering “{answer}” would give {wording.percent(share)} %"


def _verdict(p: float | None, equivalence: Record | None, fraction: float) -> str:
    is_equivalent = equivalence is not None and equivalence.p is not None and equivalence.p < ALPHA
    margin = _margin(equivalence)
    if p is not None and p < ALPHA:
        side = "above" if fraction > 0.5 else "below"
        said = f"{side} chance ({wording.p_value(p)}, exact, Holm-adjusted over readers)"
        return f"{said}, though within {margin} of it" if is_equivalent else said
    tested = f"not shown to differ from chance ({wording.p_value(p)}, exact, Holm-adjusted over readers)"
    if is_equivalent and equivalence is not None:
        return f"{tested} and shown to lie within {margin} of it ({wording.p_value(equivalence.p)}, two one-sided tests)"
    return f"{tested}, nor shown to equal it"


def _margin(record: Record | None) -> str:
    """The margin as the record's note states it."""
    note = (record.note or "") if record else ""
    _, found, rest = note.partition("margin ")
    width = f"{rest.split(' percentage points')[0]} percentage points" if found else "the margin"
    return f"{width} (a margin that no protocol fixed)" if NOT_PRE_SPECIFIED in note else width


def _of_all(records: Sequence[Record]) -> Iterator[Finding]:
    """The primary result of each question for readers and cases like these: the jackknife analysis."""
    told = ("mrmc_accuracy", "mrmc_auc", "mrmc_detection_difference")
    for record in sorted((r for r in records if r.analysis in told), key=lambda r: told.index(r.analysis)):
        if record.population != READERS_AND_CASES or not record.method.startswith("or-jackknife"):
            continue
        if record.group is not None:
            continue
        if record.estimate is None or record.ci_low is None or record.ci_high is None:
            continue
        wider = _wider(record, records)
        if record.analysis == "mrmc_accuracy" and _is_overall(record):
            mix = (one for one in (record.note or "").split("; ") if ONE_ANSWER in one)
            yield _mean("accuracy over all panels", record, PERCENT, " %", "; ".join(("", *mix)) + wider)
        elif record.analysis == "mrmc_auc" and _is_overall(record):
            yield _mean("the area under the ROC curve", record, DECIMAL, "", wider)
        elif record.analysis == "mrmc_detection_difference":
            yield Finding(
                f"{_pair(record.origin)}: the shares of panels found out as synthetic differ by "
                f"{number(record.estimate, POINTS)} points ({_level(record)} interval {number(record.ci_low, POINTS)} to "
                f"{number(record.ci_high, POINTS)}, {wording.p_value(record.p)}){_no_difference(record)}{wider}.",
                record.population,
            )


def _wider(record: Record, records: Sequence[Record]) -> str:
    """Tell the interval of fixed readers where it is the wider one: what holds for all readers has to hold for these."""
    fixed = next(
        (
            one
            for one in records
            if (one.analysis, one.origin, one.group) == (record.analysis, record.origin, None)
            and one.population == THESE_READERS
            and one.method.startswith("or-jackknife")
        ),
        None,
    )
    if fixed is None or _width(fixed) <= _width(record):
        return ""
    unit = {"mrmc_auc": DECIMAL, "mrmc_detection_difference": POINTS}.get(record.analysis, PERCENT)
    limits = interval(fixed, unit).replace("–", " to ")
    return f"; for these readers alone the interval is wider, {limits} ({wording.p_value(fixed.p)}), and the safer one"


def _level(record: Record) -> str:
    return f"{100 * (record.level or 0):g} %"


def _width(record: Record) -> float:
    return 0.0 if record.ci_low is None or record.ci_high is None else record.ci_high - record.ci_low


def _mean(what: str, record: Record, unit: str, sign: str, wider: str) -> Finding:
    differs = record.p is not None and record.p < ALPHA
    said = (
        f"Averaged over readers, {what} was {number(record.estimate, unit)}{sign} ({_level(record)} interval "
        f"{number(record.ci_low, unit)} to {number(record.ci_high, unit)}{sign}, {wording.p_value(record.p)} against chance)"
    )
    verdict = "" if differs else "; not shown to differ from chance"
    return Finding(f"{said}{verdict}{wider}.", record.population)


def _no_difference(record: Record) -> str:
    is_open = record.p is None or record.p >= ALPHA
    return "; no difference is shown, which does not show that the generators are alike" if is_open else ""


def _pair(origin: str | None) -> str:
    return " and ".join(wording.origin(one) for one in (origin or "").split(" - "))


def _is_overall(record: Record) -> bool:
    return record.origin in (None, ALL) and record.tissue in (None, ALL)
