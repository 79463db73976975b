"""Every record about readers that needs no ROC curve: one call for a whole trial file."""

from collections.abc import Iterator

import numpy as np

from evaluation.core import agreement_records, course_records, detection_records
from evaluation.core.many_raters import N_REPLICATES
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import Readings
from evaluation.core.records import Record
from evaluation.core.response_times import ExclusionRule


def of_readings(
    readings: Readings,
    rng: np.random.Generator,
    *,
    rule: ExclusionRule | None = None,
    n_replicates: int = N_REPLICATES,
    level: float = LEVEL,
) -> Iterator[Record]:
    """List confusion, signal detection, comparisons, agreement, repeats, groups, times, order effects and flow.

    Parameters
    ----------
    rng : draws the bootstrap replicates; the same seed and trials give the same records
    rule : which response times are left out
    n_replicates : of each bootstrap over cases
    """
    yield from detection_records.of_confusion(readings, level=level)
    yield from detection_records.of_signal_detection(readings, level=level)
    yield from detection_records.of_generators(readings, level=level)
    yield from detection_records.of_calibration(readings, level=level)
    yield from agreement_records.of_comparisons(readings, level=level)
    yield from agreement_records.of_agreement(readings, rng, n_replicates=n_replicates, level=level)
    yield from agreement_records.of_repeats(readings, level=level)
    yield from course_records.of_groups(readings, level=level)
    yield from course_records.of_response_times(readings, rule, level=level)
    yield from course_records.of_order_effects(readings, rule, level=level)
    yield from course_records.of_flow(readings, rule)
