"""A reporting checklist, filled in as far as the trials and the protocol tell; the rest is left to the authors.

GRRAS has its fifteen items in order. Of STARD 2015 and CLAIM those are listed that ask for more than GRRAS does:
blinding, sampling, missing answers, flow, partition of patients, registration.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evaluation.core import participant_flow, wording
from evaluation.core.analysis import Analysis
from evaluation.core.chance_records import margin_note
from generation.core.counting import counted

REFERENCES: Final = (
    "GRRAS: Kottner et al. 2011, doi:10.1016/j.jclinepi.2010.03.002",
    "STARD 2015: Bossuyt et al. 2015, doi:10.1136/bmj.h5527",
    "CLAIM: Mongan et al. 2020, doi:10.1148/ryai.2020200029; update: Tejani et al. 2024, doi:10.1148/ryai.240300",
)


@dataclass(frozen=True, kw_only=True)
class Design:
    """What a protocol fixed; what is absent or empty is not known, as with trials made elsewhere.

    Attributes
    ----------
    question : asked under every panel
    order_algorithms : of the readers' sessions
    case_seed : of the random draw of cases from the pools
    n_warm_up : panels shown before the test with their origin, real and synthetic
    is_origin_told_first : whether a warm-up panel came with its origin, or told it after the answer
    time_limit_seconds : 0 for none
    repeat_distance : least number of panels between the two readings of a case
    n_shared_patients : patients in both warm-up and test
    n_planned : test cases by the protocol
    fingerprint : SHA-256 over protocol and cases
    frozen_on, closed_on : dates
    notices : who knew results before the study was closed, or before it was amended; empty where nobody did
    amendment : version, reason and changes against the version before; empty for a first version
    """

    question: str = ""
    order_algorithms: tuple[str, ...] = ()
    case_seed: int | None = None
    n_warm_up: tuple[int, int] | None = None
    is_origin_told_first: bool | None = None
    time_limit_seconds: int | None = None
    repeat_distance: int | None = None
    n_shared_patients: int | None = None
    n_planned: int | None = None
    fingerprint: str = ""
    frozen_on: str = ""
    closed_on: str = ""
    notices: tuple[str, ...] = ()
    amendment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One item of a guideline.

    Attributes
    ----------
    guideline : short name and number
    topic : what is asked for
    statement : what is known; empty where nothing is
    by_authors : what the authors have to state; empty where nothing is left
    """

    guideline: str
    topic: str
    statement: str = ""
    by_authors: str = ""


def checklist(analysis: Analysis, design: Design | None = None) -> tuple[Item, ...]:
    """Fill in the checklist.

    Parameters
    ----------
    design : of the study; without it everything that the trials do not show is left to the authors
    """
    design = design or Design()
    return (*_grras(analysis, design), *_further(analysis, design))


def _grras(analysis: Analysis, design: Design) -> Iterator[Item]:
    readings = analysis.readings
    n_levels = readings.n_levels
    device = f"Question under every panel: “{design.question}”. " if design.question else ""
    scale = "Answers: real or synthetic" + (f", with {n_levels} levels of confidence." if n_levels else ".")
    yield Item("GRRAS 1", "Named in title or abstract", by_authors="that agreement of readers was studied")
    yield Item("GRRAS 2", "Task and scale", device + scale, "how panels were made and displayed")
    yield Item("GRRAS 3", "Population of cases", _cases(analysis), "patients, scanners, dates, eligibility")
    yield Item("GRRAS 4", "Population of readers", _groups(analysis), "which readers these stand for")
    yield Item("GRRAS 5", "What is known, and why this study", by_authors="background and rationale")
    yield Item(
        "GRRAS 6", "Sample size",
        f"By the protocol {design.n_planned} test cases." if design.n_planned else "",
        "why so many readers and cases",
    )  # fmt: skip
    drawn = (
        f"Cases were drawn at random within source and lesion class (seed {design.case_seed})."
        if design.case_seed is not None
        else ""
    )
    yield Item("GRRAS 7", "Sampling", drawn, "how patients and readers were recruited")
    yield Item("GRRAS 8", "Rating process", _process(analysis, design), _process_left(design))
    yield Item(
        "GRRAS 9", "Independence",
        "Each reader had a personal link and an order of their own." if design.order_algorithms else "",
        "that readers did not confer",
    )  # fmt: skip
    yield Item("GRRAS 10", "Statistical analysis", "See Methods; every estimate names its procedure.")
    yield Item("GRRAS 11", "Numbers obtained", _obtained(analysis))
    yield Item("GRRAS 12", "Characteristics", _groups(analysis), "training and experience of the readers")
    yield Item(
        "GRRAS 13", "Estimates with uncertainty",
        f"Every estimate has a {100 * analysis.options.level:g} % interval, or its note says why there is none.",
    )  # fmt: skip
    yield Item("GRRAS 14", "Practical relevance", by_authors="what the results mean in practice")
    yield Item("GRRAS 15", "Detailed results", "statistics.json, table3.csv, cases.csv and the appendix.")


def _further(analysis: Analysis, design: Design) -> Iterator[Item]:
    sealed = (
        f". {' '.join(design.notices)}"
        if design.notices
        else ", and results were sealed until the study was closed."
    )
    blinded = (
        f"The truth of a test panel was told to no reader before their session ended{sealed}"
        if design.fingerprint
        else ""
    )
    yield Item(
        "STARD 13a", "Blinding", blinded, "what else readers knew" if blinded else "how readers were blinded"
    )
    yield Item(
        "STARD 9", "Series of cases", by_authors="consecutive, random or convenience sample of patients"
    )
    yield Item("STARD 16, CLAIM 13", "Missing answers", _missing(analysis))
    yield Item("STARD 19", "Flow", "See Participants and trials.", "readers invited who did not begin")
    yield Item("CLAIM 16", "Truth", "Origin of each panel, known from how it was made.")
    yield Item("CLAIM 18", "Variability of readers", _variability(analysis))
    shared = ""
    if design.n_shared_patients is not None:
        n = design.n_shared_patients
        shared = (
            "No patient is in both warm-up and test."
            if n == 0
            else f"Patients in both warm-up and test: {n}."
        )
    yield Item(
        "CLAIM 20", "Partition of patients", shared, "that generators were not trained on the patients of the test"
    )  # fmt: skip
    fixed = f"Protocol and cases fixed {design.frozen_on or 'before the first answer'}, SHA-256 in the head of this report; "
    closed = f"closed {design.closed_on}; " if design.closed_on else ""
    amended = f"{' '.join(design.amendment)} " if design.amendment else ""
    yield Item(
        "STARD 28, 29", "Registration and protocol",
        f"{fixed if design.fingerprint else ''}{closed if design.fingerprint else ''}{amended}equivalence: {margin_note(analysis.options.margin)}.",
        "registration number",
    )  # fmt: skip


def _cases(analysis: Analysis) -> str:
    readings = analysis.readings
    by_origin = ", ".join(f"{len(readings.cases_of(one))} {wording.origin(one)}" for one in readings.origins)
    tissues = ", ".join(wording.tissue(one) for one in readings.tissues)
    return f"{counted(len(readings.cases), 'test case')}: {by_origin}; {tissues}."


def _groups(analysis: Analysis) -> str:
    names = [reader.group for reader in analysis.readings.readers]
    counts = {name: names.count(name) for name in dict.fromkeys(sorted(names))}
    if set(counts) == {""}:
        return ""
    return (
        "Readers by group: " + ", ".join(f"{n} {name or 'without group'}" for name, n in counts.items()) + "."
    )


def _process(analysis: Analysis, design: Design) -> str:
    flow = participant_flow.flow(analysis.readings)
    said = []
    if design.order_algorithms:
        named = ", ".join(design.order_algorithms)
        said.append(f"Random order for each reader, stored before the first trial ({named}).")
    if design.n_warm_up is not None and design.n_warm_up != (0, 0):
        when = (
            "with their origin" if design.is_origin_told_first else "with their origin told after the answer"
        )
        said.append(
            f"Warm-up of {design.n_warm_up[0]} real and {design.n_warm_up[1]} synthetic panels {when}."
        )
    elif any(one.n_warm_up for one in flow.readers):
        said.append(f"Warm-up trials: up to {max(one.n_warm_up for one in flow.readers)} for each reader.")
    n_repeats = sum(one.n_repeats for one in flow.readers)
    if n_repeats:
        gap = (
            f", not announced, at least {design.repeat_distance} panels later"
            if design.repeat_distance
            else ""
        )
        said.append(f"{counted(n_repeats, 'second reading')}{gap}; only agreement with oneself uses them.")
    if design.time_limit_seconds is not None:
        limit = f"{design.time_limit_seconds} s for a panel" if design.time_limit_seconds else "none"
        said.append(f"Time limit: {limit}.")
    return " ".join(said)


def _process_left(design: Design) -> str:
    known = "clinical information given to readers, room and monitors"
    return known if design.order_algorithms else f"order of panels, {known}"


def _obtained(analysis: Analysis) -> str:
    flow = participant_flow.flow(analysis.readings)
    n_answers, n_repeats = (
        sum(one.n_analysed for one in flow.readers),
        sum(one.n_repeats for one in flow.readers),
    )
    counts = {"reader": flow.n_tested, "case": flow.n_cases}
    told = ", ".join(counted(n, noun) for noun, n in counts.items())
    return f"{told}, {counted(n_answers, 'answer')} analysed, {counted(n_repeats, 'repeated reading')}."


def _missing(analysis: Analysis) -> str:
    flow = participant_flow.flow(analysis.readings)
    n_timeouts = sum(one.n_timeouts for one in flow.readers)
    n_skipped = sum(one.n_skipped for one in flow.readers)
    n_not_shown = sum(one.n_not_shown for one in flow.readers if one.n_shown)
    return (
        f"{n_timeouts} timed out, {n_skipped} not answered, {n_not_shown} not shown; left out, not imputed, and the "
        "denominators are those of answered panels."
    )


def _variability(analysis: Analysis) -> str:
    n_readers, has_repeats = len(analysis.readings.readers), any(analysis.readings.repeats.values())
    between = "between readers: agreement of answers" if n_readers > 1 else "between readers: one reader only"
    within = "within readers: repeated cases" if has_repeats else "within readers: no case was repeated"
    return f"{between.capitalize()}; {within}."
