"""Confidence of a reader: whether more of it goes with more right answers."""

from dataclasses import dataclass
from typing import Final

from evaluation.core.estimates import Estimate
from evaluation.core.proportions import LEVEL, Proportion
from evaluation.core.readings import Readings
from evaluation.core.roc import area

TYPE_2: Final = "delong, logit interval"
NO_CONFIDENCE: Final = "no confidence was given"
ONE_OUTCOME: Final = "both right and wrong answers with confidence are needed"


@dataclass(frozen=True)
class ConfidenceLevel:
    """Right answers at one level of confidence; no trials, no fraction."""

    confidence: int
    accuracy: Proportion


@dataclass(frozen=True)
class Calibration:
    """Confidence against correctness.

    Attributes
    ----------
    levels : every level that any reader used, in rising order; empty without confidence
    type_2_auc : chance that a right answer was given with more confidence than a wrong one, ties counting half;
        .5 where confidence says nothing about being right
    """

    reader: str
    levels: tuple[ConfidenceLevel, ...]
    type_2_auc: Estimate


def of_reader(readings: Readings, reader: str, *, level: float = LEVEL) -> Calibration:
    """Set a reader's confidence against the truth of the answers.

    Source: Galvin, Podd, Drga & Whitmore 2003, Psychon Bull Rev 10:843-876 (type-2 ROC); DeLong 1988, Biometrics
    44:837-845 (standard error).
    """
    given = [one for one in readings.answered(reader) if one.confidence is not None]
    levels = []
    for confidence in readings.confidences:
        at = [bool(one.is_correct) for one in given if one.confidence == confidence]
        levels.append(ConfidenceLevel(confidence, Proportion(sum(at), len(at))))
    right = [one.confidence for one in given if one.is_correct and one.confidence is not None]
    wrong = [one.confidence for one in given if not one.is_correct and one.confidence is not None]
    if not right or not wrong:
        reason = ONE_OUTCOME if given else NO_CONFIDENCE
        return Calibration(reader, tuple(levels), Estimate(None, len(given), TYPE_2, note=reason))
    found = area(right, wrong)
    limits = found.interval(level)
    note = "" if limits else "the area is 0, 1 or without spread, so there is no interval"
    return Calibration(
        reader,
        tuple(levels),
        Estimate(found.estimate, len(given), TYPE_2, found.se, limits, note),
    )
