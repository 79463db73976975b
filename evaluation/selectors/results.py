"""Read the results of a closed study."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evaluation.core import accuracy as accuracies
from evaluation.core import forest, records, table3, unblinding_records, wording
from evaluation.core.accuracy import ALL, Accuracy, Reader
from evaluation.core.forest import Forest
from evaluation.core.multiplicity import holm
from evaluation.core.proportions import LEVEL, BalancedAccuracy, Difference, Interval, Proportion
from evaluation.core.trial_columns import TrialColumns
from evaluation.selectors import answer_counts
from generation.core.counting import counted
from readerstudy.models import Study
from readerstudy.selectors import rules, trials, unblinding


@dataclass(frozen=True)
class Cell:
    """One entry of Table 3."""

    proportion: Proportion
    limits: Interval | None
    p: float | None


@dataclass(frozen=True)
class ReaderLine:
    """One line of Table 3, or of its part for one lesion class."""

    reader: Reader
    cells: tuple[Cell, ...]
    n_unanswered: int = 0


@dataclass(frozen=True)
class TissueBlock:
    """Table 3 for one lesion class."""

    tissue: str
    lines: tuple[ReaderLine, ...]


@dataclass(frozen=True)
class Comparison:
    """Balanced accuracy of a reader, and their detection of one generator against another."""

    reader: Reader
    balanced: BalancedAccuracy
    balanced_limits: Interval | None
    differences: tuple["GeneratorDifference", ...]


@dataclass(frozen=True)
class GeneratorDifference:
    """First minus second generator, as fractions of their panels called fake."""

    first: str
    second: str
    difference: Difference
    limits: Interval | None
    p: float | None


@dataclass(frozen=True)
class Results:
    """What the results page shows."""

    accuracy: Accuracy
    origins: tuple[str, ...]
    lines: tuple[ReaderLine, ...]
    tissues: tuple[TissueBlock, ...]
    comparisons: tuple[Comparison, ...]
    figure: Forest
    chance_note: str
    population_note: str


def of_study(study: Study) -> Results:
    """Tabulate the test trials of a closed study."""
    return of_accuracy(accuracy_of(study))


def accuracy_of(study: Study) -> Accuracy:
    """Count the correct answers of a study whose results can be seen."""
    return answer_counts.of_study(study)


def table3_lines(study: Study) -> Iterator[str]:
    """Write table3.csv of a closed study."""
    return table3.csv_lines(accuracy_of(study), notices=unblinding.notices(study))


def statistics_text(study: Study) -> str:
    """Write statistics.json of a closed study."""
    rules.check_can_see_results(study)
    table = TrialColumns.of(trials.trial_rows(study))
    disclosed = unblinding_records.of_rows(table, unblinding.notices(study), method="wilson", level=LEVEL)
    return records.to_json([*disclosed, *records.of_accuracy(accuracies.tabulate_by_reader(table))])


def of_accuracy(accuracy: Accuracy, readers: Sequence[Reader] | None = None) -> Results:
    """Arrange counts for the page: all readers, or the lines of those on one page; what sums up is of all."""
    origins = (*accuracy.origins, ALL)
    shown = accuracy if readers is None else replace(accuracy, readers=tuple(readers))
    blocks = (TissueBlock(tissue, _lines(shown, origins, tissue)) for tissue in accuracy.tissues)
    return Results(
        accuracy=accuracy,
        origins=origins,
        lines=_lines(shown, origins, ALL),
        tissues=tuple(blocks) if len(accuracy.tissues) > 1 else (),
        comparisons=tuple(_comparison(accuracy, reader) for reader in shown.readers),
        figure=forest.layout(shown),
        chance_note=_chance_note(accuracy),
        population_note=_population_note(len(accuracy.readers)),
    )


def _lines(accuracy: Accuracy, origins: Iterable[str], tissue: str) -> tuple[ReaderLine, ...]:
    lines = []
    for reader in accuracy.readers:
        proportions = [accuracy.proportion(reader.name, origin, tissue) for origin in origins]
        cells = tuple(Cell(one, one.interval(), one.p_chance()) for one in proportions)
        lines.append(ReaderLine(reader, cells, accuracy.n_unanswered[reader.name]))
    return tuple(lines)


def _comparison(accuracy: Accuracy, reader: Reader) -> Comparison:
    differences = []
    for i, first in enumerate(accuracy.generators):
        for second in accuracy.generators[i + 1 :]:
            difference = accuracy.between_generators(reader.name, first, second)
            test = difference.test()
            p = test.p if test else None
            differences.append(GeneratorDifference(first, second, difference, difference.interval(), p))
    balanced = accuracy.balanced(reader.name)
    return Comparison(reader, balanced, balanced.interval(), tuple(differences))


def _chance_note(accuracy: Accuracy) -> str:
    """Say what the tests against chance amount to, adjusted over the cells of reader and origin."""
    cells = [accuracy.proportion(reader.name, one) for reader in accuracy.readers for one in accuracy.origins]
    adjusted = [p for p in holm([cell.p_chance() for cell in cells]) if p is not None]
    n = sum(p < 0.05 for p in adjusted)
    if not adjusted:
        return ""
    family = f"Holm-adjusted over {counted(len(adjusted), 'cell')} of reader and source"
    if n == len(adjusted):
        return f"Every cell differs from chance (largest {wording.p_value(max(adjusted))}, {family})."
    found = f"{wording.count(n).capitalize()} of {counted(len(adjusted), 'cell')} {'differs' if n == 1 else 'differ'} from chance"
    return f"{found} at the 5 % level ({family}). A cell that does not differ has not been shown to equal chance."


def _population_note(n_readers: int) -> str:
    """Say whom the intervals speak for."""
    if n_readers == 1:
        return "The intervals speak for this reader; one reader cannot speak for all readers."
    return f"The intervals speak for these readers, each on their own; {wording.count(n_readers)} readers cannot speak for all readers."
