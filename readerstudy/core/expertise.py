"""A reader's answers to the questions about their expertise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from readerstudy.core.arrival import CHOICE, MAX_ANSWER_LENGTH, MAX_NUMBER, NUMBER, ExpertiseQuestion

Answer = str | int | None  # None: left open


class Fault(StrEnum):
    """Why an answer cannot be taken; the page has a sentence for each."""

    MISSING = "missing"
    NOT_OFFERED = "not_offered"
    NOT_A_NUMBER = "not_a_number"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"


LIMITS: Final = {"max_number": MAX_NUMBER, "max_length": MAX_ANSWER_LENGTH}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form said.

    Attributes
    ----------
    values : answer by the label of its question, in the order asked; only those that can be taken
    faults : by the name of the field
    """

    values: Mapping[str, Answer]
    faults: Mapping[str, Fault]


def field_name(number: int) -> str:
    """Name the field of the question with this number, from 1."""
    return f"question_{number}"


def read(questions: Sequence[ExpertiseQuestion], form: Mapping[str, str]) -> Answers:
    """Read the answers of a form; nothing is raised, every fault is told beside its field.

    Parameters
    ----------
    questions : as the study asks them
    form : texts by `field_name`
    """
    values: dict[str, Answer] = {}
    faults: dict[str, Fault] = {}
    for number, question in enumerate(questions, start=1):
        name = field_name(number)
        text = " ".join(form.get(name, "").replace("\0", "").split())
        if fault := _fault(question, text):
            faults[name] = fault
        elif not text:
            values[question.label] = None
        else:
            values[question.label] = int(text) if question.kind == NUMBER else text
    return Answers(values, faults)


def _fault(question: ExpertiseQuestion, text: str) -> Fault | None:
    if not text:
        return Fault.MISSING if question.required else None
    if question.kind == CHOICE:
        offered = [" ".join(choice.split()) for choice in question.choices]
        return None if text in offered else Fault.NOT_OFFERED
    if question.kind == NUMBER:
        # Digits alone: 1.000 is a thousand to some readers and one to others.
        if not (text.isascii() and text.isdigit()):
            return Fault.NOT_A_NUMBER
        return Fault.TOO_LARGE if len(text) > len(str(MAX_NUMBER)) or int(text) > MAX_NUMBER else None
    return Fault.TOO_LONG if len(text) > MAX_ANSWER_LENGTH else None
