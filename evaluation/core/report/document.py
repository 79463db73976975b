"""The report of an analysis, section by section, ready for a template."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from evaluation.core import case_table, order_effects, participant_flow, wording
from evaluation.core.accuracy import ALL, Reader
from evaluation.core.analysis import Analysis
from evaluation.core.chance_records import margin_note
from evaluation.core.confusion import of_reader
from evaluation.core.figures import accuracy_figure, cases_figure, roc_figure, times_figure
from evaluation.core.figures.drawing import Picture
from evaluation.core.multiplicity import holm
from evaluation.core.participant_flow import ParticipantFlow
from evaluation.core.readings import Readings
from evaluation.core.records import Record
from evaluation.core.report import methods, summaries
from evaluation.core.report import panel as panels
from evaluation.core.report.cells import DECIMAL, FACTOR, Line, lines
from evaluation.core.report.checklist import Design, Item, checklist
from evaluation.core.report.findings import Finding, findings
from evaluation.core.report.panel import GroupContrast, GroupPanel, PanelLine
from evaluation.core.report.sections import Section, sections
from evaluation.core.report.summaries import AgreementLine, TimeLine, Value
from evaluation.core.signal_detection import detect

MAX_READERS: Final = (
    60  # in figures and in the appendix; more make pages that no browser shows and nobody reads
)
NO_SINGLE_READERS: Final = (
    "The lines of single readers are left out here, because {n} readers are too many to be read one by one; "
    "statistics.json has them all."
)


@dataclass(frozen=True)
class TableCell:
    """One entry of Table 3, written out."""

    percent: str
    counts: str
    interval: str
    p: str


@dataclass(frozen=True)
class TableLine:
    """One reader of Table 3."""

    reader: Reader
    cells: tuple[TableCell, ...]


@dataclass(frozen=True)
class Table:
    """Table 3, for all panels or one lesion class."""

    title: str
    lines: tuple[TableLine, ...]


@dataclass(frozen=True)
class ChanceLine:
    """What one reader's answers say about guessing, in one line."""

    reader: Reader
    accuracy: str
    p: str
    p_holm: str
    equivalence: str
    bayes_factor: str
    d_prime: Value
    criterion: Value


@dataclass(frozen=True)
class Document:
    """Everything the report prints."""

    findings: tuple[Finding, ...]
    flow: ParticipantFlow
    origins: tuple[str, ...]
    tables: tuple[Table, ...]
    chance: tuple[ChanceLine, ...]
    panel: tuple[PanelLine, ...]
    groups: tuple[GroupPanel, ...]
    contrasts: tuple[GroupContrast, ...]
    agreement: tuple[AgreementLine, ...]
    times: tuple[TimeLine, ...]
    pictures: tuple[Picture, ...]
    methods: str
    references: tuple[str, ...]
    checklist: tuple[Item, ...]
    sections: tuple[Section, ...]
    level_percent: str
    interval_name: str
    left_out: str = ""


def compose(analysis: Analysis, design: Design | None = None) -> Document:
    """Arrange an analysis for reading.

    Parameters
    ----------
    analysis : of one study or file of trials
    design : what the protocol fixed; absent for trials made elsewhere
    """
    options, counts = analysis.options, analysis.accuracy
    origins = (*counts.origins, ALL)
    n_readers = len(counts.readers)
    are_many = n_readers > MAX_READERS
    tissues = counts.tissues if len(counts.tissues) > 1 else ()
    prose, references = methods.paragraph(
        analysis.records, method=options.method, level=options.level, margin=margin_note(options.margin)
    )
    return Document(
        findings=findings(counts, analysis.records),
        flow=participant_flow.flow(analysis.readings),
        origins=origins,
        tables=tuple(_table(analysis, origins, tissue) for tissue in (ALL, *tissues)),
        chance=_chance(analysis),
        panel=panels.panel(analysis.records),
        groups=panels.groups(analysis.records),
        contrasts=panels.contrasts(analysis.records),
        agreement=summaries.agreement(analysis.records),
        times=summaries.times(analysis.readings),
        pictures=pictures(analysis),
        methods=prose,
        references=references,
        checklist=checklist(analysis, design),
        sections=sections(
            [one for one in analysis.records if one.reader is None] if are_many else analysis.records
        ),
        level_percent=f"{100 * options.level:g}",
        interval_name={"wilson": "Wilson", "clopper-pearson": "Clopper-Pearson"}[options.method],
        left_out=NO_SINGLE_READERS.format(n=n_readers) if are_many else "",
    )


def pictures(analysis: Analysis) -> tuple[Picture, ...]:
    """Draw every figure that the trials allow; of very many readers the first ones, but all in that of the cases."""
    if len(analysis.readings.readers) <= MAX_READERS:
        return _drawn(analysis, analysis.readings)
    shown = replace(
        analysis,
        accuracy=replace(analysis.accuracy, readers=analysis.accuracy.readers[:MAX_READERS]),
        readings=replace(analysis.readings, readers=analysis.readings.readers[:MAX_READERS]),
    )
    said = f" Shown are the first {MAX_READERS} of {len(analysis.readings.readers)} readers."
    return tuple(
        picture if picture.name == cases_figure.NAME else replace(picture, caption=picture.caption + said)
        for picture in _drawn(shown, analysis.readings)
    )


def _drawn(analysis: Analysis, of_all: Readings) -> tuple[Picture, ...]:
    options, readings = analysis.options, analysis.readings
    if not readings.readers:
        return ()  # nobody read yet
    effects = [order_effects.of_reader(readings, reader.name) for reader in readings.readers]
    learning = [
        accuracy_figure.LearningLine(one.reader, tuple(quarter.accuracy for quarter in one.quarters))
        for one in effects
        if one.quarters
    ]
    plane = [
        roc_figure.CriterionPoint(
            reader.name, generator, detect(of_reader(readings, reader.name, generator), level=options.level)
        )
        for reader in readings.readers
        for generator in readings.generators
    ]
    drawn = [
        accuracy_figure.forest(analysis.accuracy, method=options.method, level=options.level),
        accuracy_figure.confusion(analysis.accuracy),
        roc_figure.curves(readings),
        roc_figure.criterion_plane(plane),
        times_figure.response_times(readings),
        accuracy_figure.learning(learning, method=options.method, level=options.level) if learning else None,
        cases_figure.hardest(case_table.tabulate(of_all).lines, level=options.level),
    ]
    return tuple(picture for picture in drawn if picture)


def _table(analysis: Analysis, origins: Sequence[str], tissue: str) -> Table:
    counts, options = analysis.accuracy, analysis.options
    found = []
    for reader in counts.readers:
        cells = []
        for origin in origins:
            cell = counts.proportion(reader.name, origin, tissue)
            limits = cell.interval(options.method, options.level)
            cells.append(
                TableCell(
                    percent=wording.percent(cell.fraction),
                    counts=f"{cell.n_correct}/{cell.n}",
                    interval=f"{wording.percent(limits.low)}–{wording.percent(limits.high)}"
                    if limits
                    else "",
                    p=wording.p_value(cell.p_chance()),
                )
            )
        found.append(TableLine(reader, tuple(cells)))
    return Table("" if tissue == ALL else wording.tissue(tissue), tuple(found))


def _chance(analysis: Analysis) -> tuple[ChanceLine, ...]:
    """Each reader over all panels; p adjusted over readers."""
    counts = analysis.accuracy
    overall = {
        (one.analysis, one.reader): one
        for one in analysis.records
        if one.origin in (None, ALL) and one.tissue in (None, ALL)
    }
    cells = [counts.proportion(reader.name) for reader in counts.readers]
    adjusted = holm([cell.p_chance() for cell in cells])
    found = []
    for reader, cell, p_holm in zip(counts.readers, cells, adjusted, strict=True):
        equivalence = overall.get(("equivalence_to_chance", reader.name))
        bayes = overall.get(("bayes_factor_vs_chance", reader.name))
        found.append(
            ChanceLine(
                reader=reader,
                accuracy=wording.percent(cell.fraction),
                p=wording.p_value(cell.p_chance()),
                p_holm=wording.p_value(p_holm),
                equivalence=wording.p_value(equivalence.p if equivalence else None),
                bayes_factor=_single(bayes, FACTOR).estimate,
                d_prime=_with_interval(overall.get(("d_prime", reader.name))),
                criterion=_with_interval(overall.get(("criterion", reader.name))),
            )
        )
    return tuple(found)


def _single(record: Record | None, unit: str = DECIMAL) -> Line:
    empty = Record(analysis="", method="", population="")
    return lines([record or empty], unit)[0]


def _with_interval(record: Record | None) -> Value:
    line = _single(record)
    return Value(line.estimate, line.interval)
