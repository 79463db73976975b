"""The appendix of the report: every record, in sections that each answer one question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.core.records import Record
from evaluation.core.report.cells import (
    AREA_DIFFERENCE,
    COUNT,
    DECIMAL,
    FACTOR,
    MILLISECONDS,
    PERCENT,
    POINTS,
    Line,
    lines,
)


@dataclass(frozen=True)
class Family:
    """Analyses that belong together.

    Attributes
    ----------
    key : anchor of the section
    title, question : what it is about, in words
    analyses : name of a record (a pattern) -> title and unit
    """

    key: str
    title: str
    question: str
    analyses: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Part:
    """The lines of one analysis.

    Attributes
    ----------
    common : method, population and notes that hold for every line; told once
    hows : those of each line that do not
    """

    analysis: str
    title: str
    lines: tuple[Line, ...]
    common: str
    hows: tuple[str, ...]

    @classmethod
    def of(cls, analysis: str, title: str, lines: tuple[Line, ...]) -> "Part":
        """Tell once what all lines have in common."""
        shared = [
            piece for piece in dict.fromkeys(lines[0].pieces) if all(piece in one.pieces for one in lines)
        ]
        hows = tuple("; ".join(piece for piece in one.pieces if piece not in shared) for one in lines)
        return cls(analysis, title, lines, "; ".join(shared), hows)

    @property
    def rows(self) -> tuple[tuple[Line, str], ...]:
        """Lines with what is particular to each."""
        return tuple(zip(self.lines, self.hows, strict=True))


@dataclass(frozen=True)
class Section:
    """A family with what was found; analyses without records are left out."""

    family: Family
    parts: tuple[Part, ...]

    @property
    def n_lines(self) -> int:
        """Lines of all parts."""
        return sum(len(part.lines) for part in self.parts)


FAMILIES: Final = (
    Family(
        "disclosure", "Early unblinding and late amendments",
        "Who could see results while readers still read, and whether accuracy is another without the answers after it.",
        (
            ("disclosure", "Who knew results when", COUNT),
            ("accuracy_before_unblinding", "Accuracy, answers before early unblinding only", PERCENT),
        ),
    ),
    Family(
        "chance", "Better than guessing?",
        "Whether the answers of a reader differ from guessing, whether they are shown to be equivalent to it, and how the data weigh the two.",
        (
            ("accuracy_vs_chance", "Exact test against 50 %", PERCENT),
            ("equivalence_to_chance", "Equivalence to 50 %", PERCENT),
            ("bayes_factor_vs_chance", "Bayes factor against 50 %", FACTOR),
        ),
    ),
    Family(
        "panel", "Readers and cases as samples",
        "What holds for readers and cases like these, and what for these alone.",
        (
            ("mrmc_accuracy", "Accuracy", PERCENT),
            ("mrmc_balanced_accuracy", "Balanced accuracy", PERCENT),
            ("mrmc_detection_rate", "Fakes found out", PERCENT),
            ("mrmc_auc", "Area under the ROC curve", DECIMAL),
            ("mrmc_(accuracy|balanced_accuracy|detection_rate)_equivalence", "Equivalence of {0} to chance", PERCENT),
            ("mrmc_auc_equivalence", "Equivalence of the area to chance", DECIMAL),
            ("mrmc_detection_difference", "Difference of generators, fakes found out", POINTS),
            ("mrmc_detection_overall", "All generators alike, fakes found out", POINTS),
            ("mrmc_auc_difference", "Difference of generators, areas", AREA_DIFFERENCE),
            ("mrmc_auc_overall", "All generators alike, areas", DECIMAL),
        ),
    ),
    Family(
        "detection", "Sensitivity and bias",
        "How well a reader tells synthetic from real panels, and which way they lean. Criterion below 0: towards “synthetic”.",
        (
            ("d_prime", "Sensitivity d′", DECIMAL),
            ("criterion", "Criterion c", DECIMAL),
            ("ln_beta", "ln β", DECIMAL),
            ("a_prime", "A′", DECIMAL),
            ("d_prime_difference", "Difference of d′", DECIMAL),
        ),
    ),
    Family(
        "answers", "Answers and what they are worth",
        "How often a reader calls panels synthetic, and how far each answer can be trusted at a stated share of fakes.",
        (
            ("answered_fake", "Called synthetic", PERCENT),
            ("balanced_accuracy", "Balanced accuracy", PERCENT),
            ("ppv_fake", "Predictive value of “synthetic”", PERCENT),
            ("ppv_real", "Predictive value of “real”", PERCENT),
            ("ppv_fake_at_half", "Predictive value of “synthetic” at 50 % fakes", PERCENT),
        ),
    ),
    Family(
        "generators", "One generator against another",
        "Which generator's panels the same reader finds out more often; the panels are different ones.",
        (
            ("source_difference", "Difference", POINTS),
            ("source_odds_ratio", "Odds ratio within lesion classes", DECIMAL),
            ("source_odds_ratio_homogeneity", "Homogeneity over lesion classes", DECIMAL),
        ),
    ),
    Family(
        "roc", "ROC areas",
        "How well confidence ranks synthetic above real panels.",
        (("auc", "Area", DECIMAL), ("auc_difference", "Difference of areas", AREA_DIFFERENCE)),
    ),
    Family(
        "readers", "One reader against another",
        "Whether readers and groups differ on the same panels.",
        (
            ("cochran_q", "Cochran's Q", DECIMAL),
            ("reader_difference", "Difference of accuracy", POINTS),
            ("reader_difference_mid_p", "McNemar's mid-p", POINTS),
            ("group_accuracy", "Accuracy of a group, mean of readers", PERCENT),
            ("group_difference", "Difference of groups", POINTS),
            ("group_difference_permutation", "Difference of groups, permutation of readers", POINTS),
        ),
    ),
    Family(
        "agreement", "Agreement of answers",
        "How often readers give the same answer, right or wrong. Over all panels it mixes skill with agreement; within one origin it does not.",
        (
            ("observed_agreement", "Observed agreement", PERCENT),
            ("agreement_on_fake", "Agreement on “synthetic”", PERCENT),
            ("agreement_on_real", "Agreement on “real”", PERCENT),
            ("cohen_kappa", "Cohen's κ", DECIMAL),
            ("weighted_kappa", "Weighted κ of confidence", DECIMAL),
            ("pabak", "PABAK", DECIMAL),
            ("gwet_ac1", "Gwet's AC1", DECIMAL),
            ("fleiss_kappa", "Fleiss' κ", DECIMAL),
            ("krippendorff_alpha", "Krippendorff's α", DECIMAL),
            ("krippendorff_alpha_ordinal", "Krippendorff's α of confidence", DECIMAL),
            ("intra_reader_agreement", "Agreement with oneself", PERCENT),
            ("intra_reader_(.+)", "Agreement with oneself, {0}", DECIMAL),
        ),
    ),
    Family(
        "times", "Response times",
        "Seconds from the panel's first paint to the answer.",
        (
            ("response_time_median(?:_(correct|wrong))?", "Median, {0} answers", MILLISECONDS),
            ("response_time_geometric_mean(?:_(correct|wrong))?", "Geometric mean, {0} answers", MILLISECONDS),
            ("response_time_superiority", "Chance that a time of the first kind is the longer", DECIMAL),
            ("response_times_left_out", "Times left out", COUNT),
        ),
    ),
    Family(
        "course", "Learning, fatigue and sequence",
        "Whether answers changed during the session, or followed the answer before.",
        (
            (r"accuracy_quarter_(\d)", "Accuracy, quarter {0}", PERCENT),
            (r"answered_fake_quarter_(\d)", "Called synthetic, quarter {0}", PERCENT),
            ("learning_slope(?:_mean)?", "Trend of correct answers, log odds", DECIMAL),
            ("answer_drift(?:_mean)?", "Trend of “synthetic”, log odds", DECIMAL),
            ("previous_answer_effect(?:_mean)?", "Effect of the answer before, log odds", DECIMAL),
            ("answer_repetition", "“Synthetic” after “synthetic” minus after “real”", POINTS),
        ),
    ),
    Family(
        "calibration", "Calibration of confidence",
        "Whether surer answers are right more often.",
        (
            (r"accuracy_at_confidence_(\d+)", "Accuracy at level {0}", PERCENT),
            ("type_2_auc", "Type-2 ROC area", DECIMAL),
        ),
    ),
)  # fmt: skip
# Told in tables of their own: Table 3, the flow of participants.
_TOLD_ELSEWHERE: Final = re.compile(r"accuracy|flow_.*")


def sections(records: Sequence[Record]) -> tuple[Section, ...]:
    """Sort records into sections; analyses that no family names come last, so that nothing is left out."""
    named: set[str] = set()
    found = []
    for family in FAMILIES:
        parts = []
        for pattern, title, unit in family.analyses:
            for name, same in _matching(records, pattern).items():
                named.add(name)
                parts.append(Part.of(name, _title(pattern, title, name), lines(same, unit)))
        found.append(Section(family, tuple(parts)))
    rest = [
        one for one in records if one.analysis not in named and not _TOLD_ELSEWHERE.fullmatch(one.analysis)
    ]
    if rest:
        names = dict.fromkeys(record.analysis for record in rest)
        family = Family("others", "Further analyses", "What the sections above do not hold.", ())
        parts = [
            Part.of(
                name, name.replace("_", " "), lines([one for one in rest if one.analysis == name], DECIMAL)
            )
            for name in names
        ]
        found.append(Section(family, tuple(parts)))
    return tuple(section for section in found if section.parts)


def _matching(records: Sequence[Record], pattern: str) -> dict[str, list[Record]]:
    """Records whose whole name fits, by name, in their own order."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if re.fullmatch(pattern, record.analysis):
            found.setdefault(record.analysis, []).append(record)
    return found


def _title(pattern: str, title: str, name: str) -> str:
    match = re.fullmatch(pattern, name)
    words = [(group or "all").replace("_", " ") for group in match.groups()] if match else []
    suffix = ", mean of readers" if name.endswith("_mean") else ""
    return title.format(*words) + suffix
