"""Participant flow: what became of every reader and every trial, from the warm-up to the analysis."""

from dataclasses import dataclass

from evaluation.core.accuracy import natural_order
from evaluation.core.readings import Readings
from evaluation.core.response_times import ExclusionRule, exclusions
from evaluation.core.trial_roles import CHECK


@dataclass(frozen=True)
class ReaderFlow:
    """Trials of one reader.

    Attributes
    ----------
    n_warm_up : warm-up trials, never analysed
    n_shown : test trials, of any role
    n_checks, n_checks_failed : attention checks; one without an answer counts as failed
    n_repeats : second readings of a case, kept for intra-reader agreement only
    n_first : first readings, answered or not; n_shown without checks and repeats
    n_timeouts : first readings that ended at the time limit
    n_skipped : first readings without an answer for any other reason
    n_analysed : first readings with an answer
    n_times_left_out : analysed answers whose response time is missing or excluded by the rule
    n_not_shown : cases of the study that this reader never had
    """

    reader: str
    group: str
    n_warm_up: int
    n_shown: int
    n_checks: int
    n_checks_failed: int
    n_repeats: int
    n_first: int
    n_timeouts: int
    n_skipped: int
    n_analysed: int
    n_times_left_out: int
    n_not_shown: int


@dataclass(frozen=True)
class ParticipantFlow:
    """All readers, and how many got how far.

    Attributes
    ----------
    n_started : readers with any trial, of the warm-up or the test
    n_tested : readers with a test trial
    n_complete : readers who answered every case of the study
    """

    readers: tuple[ReaderFlow, ...]
    n_cases: int

    @property
    def n_started(self) -> int:
        """Readers with any trial."""
        return len(self.readers)

    @property
    def n_tested(self) -> int:
        """Readers with a test trial."""
        return sum(one.n_shown > 0 for one in self.readers)

    @property
    def n_complete(self) -> int:
        """Readers who answered every case."""
        return sum(one.n_analysed == self.n_cases > 0 for one in self.readers)


def flow(readings: Readings, rule: ExclusionRule | None = None) -> ParticipantFlow:
    """Follow every reader, also those who left during the warm-up.

    Parameters
    ----------
    rule : which response times are usable
    """
    groups = {reader.name: reader.group for reader in readings.readers}
    names = sorted({*groups, *readings.n_warm_up}, key=natural_order)
    return ParticipantFlow(
        readers=tuple(
            _reader(readings, name, groups[name], rule) if name in groups else _only_warm_up(readings, name)
            for name in names
        ),
        n_cases=len(readings.cases),
    )


def _reader(readings: Readings, name: str, group: str, rule: ExclusionRule | None) -> ReaderFlow:
    shown, first, unanswered = readings.shown[name], readings.first[name], readings.unanswered[name]
    left_out = exclusions(readings, name, rule)
    n_timeouts = left_out.n_timeouts
    return ReaderFlow(
        reader=name,
        group=group,
        n_warm_up=readings.n_warm_up.get(name, 0),
        n_shown=len(shown),
        n_checks=readings.n_checks(name),
        n_checks_failed=sum(one.role == CHECK and not one.is_correct for one in shown),
        n_repeats=len(readings.repeats[name]),
        n_first=len(first) + len(unanswered),
        n_timeouts=n_timeouts,
        n_skipped=len(unanswered) - n_timeouts,
        n_analysed=len(first),
        n_times_left_out=left_out.n_without_time + left_out.n_too_fast + left_out.n_too_slow,
        n_not_shown=len(readings.cases) - len(first) - len(unanswered),
    )


def _only_warm_up(readings: Readings, name: str) -> ReaderFlow:
    return ReaderFlow(
        reader=name,
        group="",
        n_warm_up=readings.n_warm_up[name],
        n_shown=0,
        n_checks=0,
        n_checks_failed=0,
        n_repeats=0,
        n_first=0,
        n_timeouts=0,
        n_skipped=0,
        n_analysed=0,
        n_times_left_out=0,
        n_not_shown=len(readings.cases),
    )
