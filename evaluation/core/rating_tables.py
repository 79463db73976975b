"""Readings laid out as readers x cases tables of numbers, as the ROC and multi-reader analyses take them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.core.accuracy import Reader
from evaluation.core.readings import FAKE, Reading, Readings
from generation.core.counting import counted
from generation.core.labels import REAL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NO_CONFIDENCE = "no confidence was given, so the area equals the balanced accuracy"


@dataclass(frozen=True)
class RatingTable:
    """One number per reader and case.

    Attributes
    ----------
    values : (J, C), NaN where the reader did not answer the case
    readers : J readers
    cases : C case names
    origins : C origins of the cases
    note : what the numbers leave out or stand for; empty where nothing is to be said
    """

    values: Floats
    readers: tuple[Reader, ...]
    cases: tuple[str, ...]
    origins: tuple[str, ...]
    note: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Pseudonyms of the readers."""
        return tuple(reader.name for reader in self.readers)

    @property
    def is_fake(self) -> Bools:
        """(C,) truth of the cases."""
        return np.array([origin != REAL for origin in self.origins], dtype=np.bool_)

    def of_origin(self, reader: int, origin: str) -> Floats:
        """A reader's numbers for the cases of one origin; NaN where unanswered."""
        chosen: Floats = self.values[
            reader, np.array([name == origin for name in self.origins], dtype=np.bool_)
        ]
        return chosen

    def of_fakes(self, reader: int) -> Floats:
        """A reader's numbers for the fakes of all generators; NaN where unanswered."""
        chosen: Floats = self.values[reader, self.is_fake]
        return chosen


def correctness(readings: Readings, group: str | None = None) -> RatingTable:
    """Lay out 1 for a correct answer and 0 for a wrong one."""
    return _table(readings, group, lambda reading: float(bool(reading.is_correct)))


def scores(readings: Readings, group: str | None = None) -> RatingTable:
    """Lay out the scores of readers who gave confidence; without any confidence, 1 for "fake" and 0 for "real".

    Parameters
    ----------
    group : keep the readers of this group

    Notes
    -----
    In a study with confidence, answers without it are left out, and so are readers who never gave it; the note counts
    them.
    """
    every = _table(readings, group, lambda reading: np.nan if reading.score is None else float(reading.score))
    answered = _table(readings, group, lambda reading: float(reading.answer == FAKE))
    scored = ~np.isnan(every.values)
    if not scored.any():
        return RatingTable(answered.values, answered.readers, answered.cases, answered.origins, NO_CONFIDENCE)
    kept: Bools = np.asarray(scored.any(axis=1))
    n_lost = int((~np.isnan(answered.values[kept]) & ~scored[kept]).sum())
    silent = [
        reader.name for reader, has_scores in zip(every.readers, kept.tolist(), strict=True) if not has_scores
    ]
    notes = [
        f"{counted(n_lost, 'answer')} without confidence left out" if n_lost else "",
        f"{', '.join(silent)} gave no confidence and {'is' if len(silent) == 1 else 'are'} left out"
        if silent
        else "",
    ]
    return RatingTable(
        every.values[kept],
        tuple(reader for reader, has_scores in zip(every.readers, kept.tolist(), strict=True) if has_scores),
        every.cases,
        every.origins,
        "; ".join(filter(None, notes)),
    )


def _table(readings: Readings, group: str | None, number: Callable[[Reading], float]) -> RatingTable:
    readers = tuple(reader for reader in readings.readers if group is None or reader.group == group)
    values = np.full((len(readers), len(readings.cases)), np.nan)
    column = {case: k for k, case in enumerate(readings.cases)}
    for row, reader in enumerate(readers):
        for case, reading in readings.first[reader.name].items():
            values[row, column[case]] = number(reading)
    return RatingTable(
        values, readers, readings.cases, tuple(readings.origin_of[case] for case in readings.cases)
    )
