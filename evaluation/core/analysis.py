"""Everything that a file of trials says about its readers: counts, records, figures, findings, methods."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from evaluation.core import (
    accuracy,
    chance_records,
    groups,
    mrmc_records,
    reader_records,
    readings,
    records,
    roc_records,
    unblinding_records,
)
from evaluation.core.accuracy import Accuracy
from evaluation.core.many_raters import N_REPLICATES
from evaluation.core.proportions import LEVEL, IntervalMethod
from evaluation.core.readings import Readings
from evaluation.core.records import Record
from evaluation.core.trial_columns import TrialColumns
from readerstudy.core.trial_csv import TrialRow

Report = Callable[[int, int, str], None]  # n_done, n_total, step
STEPS = (
    "counts",
    "accuracy",
    "detection and agreement",
    "chance",
    "ROC",
    "readers and cases",
    "groups of readers",
)


@dataclass(frozen=True)
class AnalysisOptions:
    """What an analyst may choose.

    Attributes
    ----------
    method, level : of the intervals of accuracies
    margin : of the equivalence to chance, a fraction; absent where no protocol fixed one
    seed : of the bootstraps
    n_replicates : of each bootstrap
    n_levels : levels of confidence; absent: the highest level used
    notices : what every result has to say about who knew results when
    """

    method: IntervalMethod = "wilson"
    level: float = LEVEL
    margin: float | None = None
    seed: int = 1
    n_replicates: int = N_REPLICATES
    n_levels: int | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """All that was computed."""

    options: AnalysisOptions
    accuracy: Accuracy
    readings: Readings
    records: tuple[Record, ...]


def analyse(
    rows: Iterable[TrialRow],
    options: AnalysisOptions | None = None,
    *,
    report: Report = lambda n_done, n_total, step: None,
) -> Analysis:
    """Run every analysis that the trials allow; what they do not allow is absent with a reason.

    Parameters
    ----------
    rows : trials in any order, of one to many readers
    report : called with the steps done, the steps in all and the next one's name

    Raises
    ------
    InputError
        If trials contradict one another.
    """
    options = options or AnalysisOptions()
    every = TrialColumns.of(rows)

    def step(number: int) -> None:
        report(number, len(STEPS), STEPS[number])

    step(0)
    counts = accuracy.tabulate_by_reader(every)
    given = readings.collect(every, options.n_levels)
    found: list[Record] = []
    step(1)
    found.extend(
        unblinding_records.of_rows(every, options.notices, method=options.method, level=options.level)
    )
    found.extend(records.of_accuracy(counts, method=options.method, level=options.level))
    step(2)
    rng = np.random.default_rng(options.seed)
    found.extend(
        reader_records.of_readings(given, rng, n_replicates=options.n_replicates, level=options.level)
    )
    step(3)
    found.extend(chance_records.of_readings(given, margin=options.margin))
    step(4)
    found.extend(roc_records.of_readings(given, level=options.level))
    step(5)
    found.extend(
        mrmc_records.of_readings(
            given,
            margin=options.margin,
            level=options.level,
            seed=options.seed,
            n_resamples=options.n_replicates,
        )
    )
    step(6)
    for group in groups.panels(given):  # no bootstrap: it is a check of the main results
        found.extend(mrmc_records.of_readings(given, margin=options.margin, level=options.level, group=group))
    report(len(STEPS), len(STEPS), "done")
    return Analysis(options, counts, given, tuple(found))
