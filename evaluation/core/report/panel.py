"""The panel section of the report: what holds for readers and cases like these, for all readers and for each group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.core import wording
from evaluation.core.accuracy import ALL
from evaluation.core.records import READERS_AND_CASES, THESE_READERS, Record
from evaluation.core.report.cells import AREA_DIFFERENCE, DECIMAL, PERCENT, POINTS, Line, interval, lines

PRIMARY: Final = "or-jackknife"


@dataclass(frozen=True)
class PanelLine:
    """One claim about readers and cases like these.

    Attributes
    ----------
    line : the primary analysis: random readers, random cases, jackknife
    checks : what other procedures say to the same question
    """

    question: str
    line: Line
    checks: str = ""


@dataclass(frozen=True)
class GroupPanel:
    """One group of readers as a panel of its own."""

    group: str
    lines: tuple[PanelLine, ...]


@dataclass(frozen=True)
class GroupContrast:
    """Two groups of readers, each reader one observation."""

    groups: str
    measure: str
    difference: str
    interval: str
    p_welch: str
    p_permutation: str
    note: str


# Each question with its unit; groups are shown on the first four, for all panels together.
_QUESTIONS: Final = (
    ("mrmc_accuracy", "Accuracy over all panels", PERCENT),
    ("mrmc_balanced_accuracy", "Balanced accuracy", PERCENT),
    ("mrmc_auc", "Area under the ROC curve", DECIMAL),
    ("mrmc_detection_rate", "Fakes found out", PERCENT),
    ("mrmc_detection_difference", "Fakes found out, difference", POINTS),
    ("mrmc_auc_difference", "Area, difference", AREA_DIFFERENCE),
)
_MEASURES: Final = {"balanced": "Balanced accuracy", ALL: "Accuracy over all panels"}


def panel(records: Sequence[Record], group: str | None = None) -> tuple[PanelLine, ...]:
    """List the primary analysis of each question that has an interval, with what its checks say.

    Parameters
    ----------
    group : of readers; absent for all readers
    """
    found: list[PanelLine] = []
    for analysis, question, unit in _QUESTIONS:
        same = [one for one in records if one.analysis == analysis and one.group == group]
        for record in same:
            if _is_primary(record):
                said = question
                if analysis == "mrmc_accuracy" and record.origin == "real":
                    said = "Reals recognised"
                found.append(
                    PanelLine(said, lines([record], unit)[0], "; ".join(_checks(record, same, unit)))
                )
    return tuple(found)


def groups(records: Sequence[Record]) -> tuple[GroupPanel, ...]:
    """List every group of readers that was analysed as a panel, on all panels together and on each difference."""
    names = dict.fromkeys(one.group for one in records if one.group and one.analysis.startswith("mrmc_"))
    found = []
    for name in names:
        shown = [
            one
            for one in panel(records, name)
            if one.line.origin == wording.origin(ALL) or "difference" in one.question
        ]
        if shown:
            found.append(GroupPanel(name, tuple(shown)))
    return tuple(found)


def contrasts(records: Sequence[Record]) -> tuple[GroupContrast, ...]:
    """List the differences of groups: mean of readers against mean of readers, never trials pooled."""
    permutations = {
        (one.group, one.origin): one for one in records if one.analysis == "group_difference_permutation"
    }
    found = []
    for record in records:
        if record.analysis != "group_difference" or record.origin not in _MEASURES:
            continue
        permutation = permutations.get((record.group, record.origin))
        (line,) = lines([record], POINTS)
        found.append(
            GroupContrast(
                groups=_groups(record.group),
                measure=_MEASURES[record.origin],
                difference=line.estimate,
                interval=line.interval,
                p_welch=line.p or wording.ABSENT,
                p_permutation=wording.p_value(permutation.p if permutation else None),
                note="; ".join(filter(None, (record.note, permutation.note if permutation else None))),
            )
        )
    return tuple(found)


def _is_primary(record: Record) -> bool:
    return (
        record.population == READERS_AND_CASES
        and record.method.startswith(PRIMARY)
        and record.ci_low is not None
    )


def _checks(primary: Record, same: Sequence[Record], unit: str) -> Iterator[str]:
    """Tell what the other procedures found for the same panels: their interval, or their p where there is none."""
    names = {
        "or-jackknife, fixed readers": "these readers alone",
        "or-delong": "DeLong covariances",
        "gallas-one-shot": "one-shot",
        "gallas-v-statistic": "one-shot (V-statistic)",
        "bootstrap": "bootstrap",
        "dbm": "DBM",
    }
    for record in same:
        if record is primary or record.origin != primary.origin:
            continue
        if record.population not in (READERS_AND_CASES, THESE_READERS):
            continue
        name = next((words for start, words in names.items() if record.method.startswith(start)), None)
        said = interval(record, unit) or ("" if record.p is None else wording.p_value(record.p))
        if name and said:
            yield f"{name} {said}"


def _groups(names: str | None) -> str:
    return " − ".join(part or "no group" for part in (names or "").split(" - "))
