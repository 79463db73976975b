"""Confusion of one reader: what fakes and reals were called, and what follows for the answer "fake"."""

from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.core.accuracy import ALL
from evaluation.core.proportions import BalancedAccuracy, Proportion
from evaluation.core.readings import FAKE, Reading, Readings
from generation.core.errors import InputError
from generation.core.labels import REAL


@dataclass(frozen=True)
class Confusion:
    """Counts of the four outcomes; the signal is a fake.

    Parameters
    ----------
    n_hits : fakes called fake
    n_misses : fakes called real
    n_false_alarms : reals called fake
    n_correct_rejections : reals called real

    Raises
    ------
    InputError
        If a count is negative.
    """

    n_hits: int
    n_misses: int
    n_false_alarms: int
    n_correct_rejections: int

    def __post_init__(self) -> None:
        least = min(self.n_hits, self.n_misses, self.n_false_alarms, self.n_correct_rejections)
        if least < 0:
            raise InputError(f"A count of {least} answers is impossible; give counts of 0 or more.")

    @property
    def n_fakes(self) -> int:
        """Fakes that were answered."""
        return self.n_hits + self.n_misses

    @property
    def n_reals(self) -> int:
        """Reals that were answered."""
        return self.n_false_alarms + self.n_correct_rejections

    @property
    def n(self) -> int:
        """All answers."""
        return self.n_fakes + self.n_reals

    @property
    def prevalence(self) -> float | None:
        """Share of fakes among the answered cases; predictive values depend on it."""
        return self.n_fakes / self.n if self.n else None

    @property
    def sensitivity(self) -> Proportion:
        """Fakes called fake, of the fakes."""
        return Proportion(self.n_hits, self.n_fakes)

    @property
    def specificity(self) -> Proportion:
        """Reals called real, of the reals."""
        return Proportion(self.n_correct_rejections, self.n_reals)

    @property
    def accuracy(self) -> Proportion:
        """Correct answers, of all."""
        return Proportion(self.n_hits + self.n_correct_rejections, self.n)

    @property
    def balanced(self) -> BalancedAccuracy:
        """Mean of sensitivity and specificity."""
        return BalancedAccuracy(self.sensitivity, self.specificity)

    @property
    def answered_fake(self) -> Proportion:
        """Answers "fake", of all: the reader's inclination, whatever the truth."""
        return Proportion(self.n_hits + self.n_false_alarms, self.n)

    @property
    def ppv_of_fake(self) -> Proportion:
        """Answers "fake" that were right, at the prevalence of this study."""
        return Proportion(self.n_hits, self.n_hits + self.n_false_alarms)

    @property
    def ppv_of_real(self) -> Proportion:
        """Answers "real" that were right, at the prevalence of this study."""
        return Proportion(self.n_correct_rejections, self.n_correct_rejections + self.n_misses)

    def ppv_of_fake_at(self, prevalence: float) -> float | None:
        """Carry the predictive value of "fake" over to another share of fakes, by Bayes' theorem.

        Absent without fakes or reals, or where the reader never said "fake".

        Parameters
        ----------
        prevalence : share of fakes, between 0 and 1
        """
        if not 0 <= prevalence <= 1:
            raise InputError(f"Prevalence {prevalence} is not between 0 and 1; give a share such as 0.5.")
        if not self.n_fakes or not self.n_reals:
            return None
        true = prevalence * self.n_hits / self.n_fakes
        false = (1 - prevalence) * self.n_false_alarms / self.n_reals
        return true / (true + false) if true + false else None


def count(given: Iterable[Reading]) -> Confusion:
    """Count answered readings into the four outcomes."""
    counts = {(is_real, called_fake): 0 for is_real in (False, True) for called_fake in (False, True)}
    for reading in given:
        if reading.answer:
            counts[reading.origin == REAL, reading.answer == FAKE] += 1
    return Confusion(
        n_hits=counts[False, True],
        n_misses=counts[False, False],
        n_false_alarms=counts[True, True],
        n_correct_rejections=counts[True, False],
    )


def of_reader(readings: Readings, reader: str, generator: str = ALL, tissue: str = ALL) -> Confusion:
    """Count a reader's answers to one generator, or all fakes, and always to all reals."""
    return count(
        reading
        for reading in readings.answered(reader)
        if tissue in (ALL, reading.tissue) and (generator == ALL or reading.origin in (REAL, generator))
    )


@dataclass(frozen=True)
class AnswersToOrigin:
    """One row of the origin x answer table."""

    origin: str
    n_fake: int
    n_real: int


def answers_by_origin(readings: Readings, reader: str) -> tuple[AnswersToOrigin, ...]:
    """Lay out a reader's answers, one row for every origin of the study."""
    rows = []
    for origin in readings.origins:
        given = [reading.answer for reading in readings.answered(reader, origin)]
        rows.append(AnswersToOrigin(origin, given.count(FAKE), given.count(REAL)))
    return tuple(rows)
