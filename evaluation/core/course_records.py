"""Records of how the reading went: groups of readers, response times, order effects and participant flow."""

from collections.abc import Iterator

from evaluation.core import groups, order_effects, participant_flow, response_times
from evaluation.core.accuracy import Reader
from evaluation.core.estimate_records import (
    holm_note,
    of_counts,
    of_difference,
    of_estimate,
    of_number,
    of_test,
)
from evaluation.core.proportions import LEVEL
from evaluation.core.readings import Readings
from evaluation.core.records import READERS_ON_THESE_CASES, Record
from evaluation.core.response_times import ExclusionRule, TimeSummary
from evaluation.core.wording import decimal

_SUFFIXES = {None: "", True: "_correct", False: "_wrong"}


def of_groups(readings: Readings, *, level: float = LEVEL) -> Iterator[Record]:
    """List the means of groups of readers and their differences; nothing where no reader has a group."""
    if not any(reader.group for reader in readings.readers):
        return
    for measure in groups.measures(readings):
        found = groups.compare(readings, measure, level=level)
        for one in found.means:
            yield of_estimate(
                "group_accuracy",
                one.mean,
                group=one.group,
                origin=measure,
                population=READERS_ON_THESE_CASES,
                level=level,
            )
        for pair in found.pairs:
            sides = f"{pair.first} - {pair.second}"
            yield of_estimate(
                "group_difference",
                pair.difference,
                pair.welch,
                group=sides,
                origin=measure,
                population=READERS_ON_THESE_CASES,
                level=level,
            )
            family = f"the {len(found.pairs)} pairs of groups"
            yield of_test(
                "group_difference_permutation",
                pair.permutation,
                group=sides,
                origin=measure,
                population=READERS_ON_THESE_CASES,
                note=holm_note(pair.p_holm, family) if len(found.pairs) > 1 else "",
            )


def of_response_times(
    readings: Readings, rule: ExclusionRule | None = None, *, level: float = LEVEL
) -> Iterator[Record]:
    """List response times in milliseconds; nothing for a reader without any."""
    rule = rule or ExclusionRule()
    for reader in readings.readers:
        if all(one.rt_ms is None for one in readings.answered(reader.name)):
            continue
        for summary in response_times.summaries(readings, reader.name, rule, level=level):
            yield from _times(summary, reader, level)
        for one in response_times.contrasts(readings, reader.name, rule):
            yield of_estimate(
                "response_time_superiority",
                one.superiority,
                one.test,
                reader=reader,
                origin=f"{one.first} - {one.second}",
                level=level,
                note="chance that a time of the first is the longer",
            )
        left_out = response_times.exclusions(readings, reader.name, rule)
        n = left_out.n_without_time + left_out.n_too_fast + left_out.n_too_slow
        yield of_number(
            "response_times_left_out",
            n,
            len(readings.first[reader.name]),
            "count",
            reader=reader,
            note=f"{rule.words}; {left_out.n_too_fast} below, {left_out.n_too_slow} above, "
            f"{left_out.n_without_time} missing; {left_out.n_timeouts} timeouts apart",
        )


def _times(summary: TimeSummary, reader: Reader, level: float) -> Iterator[Record]:
    suffix = _SUFFIXES[summary.is_correct]
    quartiles = f"quartiles {decimal(summary.first_quartile, 0)} and {decimal(summary.third_quartile, 0)} ms"
    yield of_number(
        f"response_time_median{suffix}",
        summary.median,
        summary.n,
        "median, milliseconds",
        reader=reader,
        origin=summary.origin,
        note=quartiles if summary.n else summary.geometric_mean.note,
    )
    yield of_estimate(
        f"response_time_geometric_mean{suffix}",
        summary.geometric_mean,
        reader=reader,
        origin=summary.origin,
        level=level,
    )


def of_order_effects(
    readings: Readings, rule: ExclusionRule | None = None, *, level: float = LEVEL
) -> Iterator[Record]:
    """List accuracy and inclination by quarter, slopes over the session and the pull of the previous answer."""
    every = [
        (reader, order_effects.of_reader(readings, reader.name, rule, level=level))
        for reader in readings.readers
    ]
    for reader, found in every:
        for quarter in found.quarters:
            for analysis, counts in (
                ("accuracy", quarter.accuracy),
                ("answered_fake", quarter.answered_fake),
            ):
                yield of_counts(f"{analysis}_quarter_{quarter.number}", counts, reader=reader, level=level)
        for analysis, slope, note in (
            ("learning_slope", found.learning, "log odds of a correct answer, last against first trial"),
            ("answer_drift", found.drift, 'log odds of the answer "fake", last against first trial'),
            (
                "previous_answer_effect",
                found.dependence,
                'log odds of "fake" after "fake" against after "real"',
            ),
        ):
            yield of_estimate(analysis, slope.estimate, slope.test, reader=reader, level=level, note=note)
        repetition, test = of_difference(found.repetition, level=level)
        note = found.note or 'share of "fake" after "fake" minus that after "real"'
        yield of_estimate("answer_repetition", repetition, test, reader=reader, level=level, note=note)
    if len(every) > 1:
        yield from _mean_slopes([found for _, found in every], level)


def _mean_slopes(every: list[order_effects.OrderEffects], level: float) -> Iterator[Record]:
    for analysis, slopes in (
        ("learning_slope_mean", [one.learning for one in every]),
        ("answer_drift_mean", [one.drift for one in every]),
        ("previous_answer_effect_mean", [one.dependence for one in every]),
    ):
        estimate, test = order_effects.mean_slope(slopes, level=level)
        yield of_estimate(analysis, estimate, test, population=READERS_ON_THESE_CASES, level=level)


def of_flow(readings: Readings, rule: ExclusionRule | None = None) -> Iterator[Record]:
    """List what became of every reader's trials, as counts."""
    for one in participant_flow.flow(readings, rule).readers:
        reader = Reader(one.reader, one.group)
        for name in (
            "n_warm_up",
            "n_shown",
            "n_checks",
            "n_checks_failed",
            "n_repeats",
            "n_first",
            "n_timeouts",
            "n_skipped",
            "n_analysed",
            "n_times_left_out",
            "n_not_shown",
        ):
            count = getattr(one, name)
            yield of_number(f"flow_{name}", count, one.n_shown, "count", reader=reader)
