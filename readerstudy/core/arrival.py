"""What a reader meets before the first panel: consent, questions about expertise, display check, instructions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generation.core.errors import InputError
from readerstudy.core.wording import translatable

CHOICE: Final = "choice"
NUMBER: Final = "number"
TEXT: Final = "text"
QUESTION_KINDS: Final = (CHOICE, NUMBER, TEXT)
MAX_TEXT_LENGTH: Final = 20_000  # of consent and instructions, Markdown
MAX_LABEL_LENGTH: Final = 200
MAX_QUESTIONS: Final = 20
MAX_CHOICES: Final = 20
MAX_ANSWER_LENGTH: Final = 200
MAX_NUMBER: Final = 100_000
KEEP: Final = "keep"  # the answers of somebody who leaves the study, under the pseudonym
DELETE: Final = "delete"  # them too


@dataclass(frozen=True, slots=True)
class ExpertiseQuestion:
    """One question about the reader, answered once before reading.

    Attributes
    ----------
    label : as the reader sees it
    kind : `choice` of one, a `number` from 0 up, or a line of `text`
    choices : for `choice`
    required : whether it may stay empty
    """

    label: str
    kind: str = TEXT
    choices: tuple[str, ...] = ()
    required: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.label.strip() or len(self.label) > MAX_LABEL_LENGTH:
            raise InputError(
                f"A question about the reader has {len(self.label.strip())} characters; write 1 to {MAX_LABEL_LENGTH}.",
                field="label",
            )
        if self.kind not in QUESTION_KINDS:
            raise InputError(
                f'The question "{self.label}" is of the unknown kind "{self.kind}"; choose one of {", ".join(QUESTION_KINDS)}.',
                field="kind",
            )
        n = len(set(self.choices))
        if self.kind == CHOICE and not 2 <= n <= MAX_CHOICES:
            raise InputError(
                f'The question "{self.label}" has {n} choice{"" if n == 1 else "s"}; give 2 to {MAX_CHOICES}.',
                field="choices",
            )
        if self.kind != CHOICE and self.choices:
            raise InputError(
                f'The question "{self.label}" has choices but is not of the kind "{CHOICE}".', field="choices"
            )
        if n != len(self.choices) or any(
            not one.strip() or len(one) > MAX_ANSWER_LENGTH for one in self.choices
        ):
            raise InputError(
                f'The question "{self.label}" has a choice that is empty, too long or there twice.',
                field="choices",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column."""
        return {
            "label": self.label,
            "kind": self.kind,
            "choices": list(self.choices),
            "required": self.required,
        }


# The questions most reader studies ask (GRRAS, Kottner 2011: characteristics of raters).
USUAL_QUESTIONS: Final = (
    ExpertiseQuestion(
        translatable("Your role"),
        CHOICE,
        (
            translatable("Radiologist, breast imaging"),
            translatable("Radiologist, other field"),
            translatable("Radiologist in training"),
            translatable("Other physician"),
            translatable("Radiographer or technologist"),
            translatable("Researcher"),
            translatable("No medical training"),
        ),
    ),
    ExpertiseQuestion(translatable("Years of experience in breast imaging"), NUMBER),
    ExpertiseQuestion(
        translatable("Breast MRI examinations read in the last year, about"), NUMBER, required=False
    ),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The steps before the first panel; building one checks it.

    Attributes
    ----------
    consent : Markdown that a reader has to agree to; "" asks for none
    instructions : Markdown shown above the practice of the controls; "" takes the built-in text
    questions : about the reader's expertise; none skips the step
    display_check : whether the reader's display is checked and described before reading
    withdrawal : what becomes of the answers of a reader who leaves the study, `keep` or `delete`; consent tells it
    """

    consent: str = ""
    instructions: str = ""
    questions: tuple[ExpertiseQuestion, ...] = ()
    display_check: bool = False
    withdrawal: str = KEEP

    def __post_init__(self) -> None:
        object.__setattr__(self, "questions", tuple(self.questions))
        for name in ("consent", "instructions"):
            text = getattr(self, name)
            if not isinstance(text, str) or len(text) > MAX_TEXT_LENGTH:
                raise InputError(
                    f"The text of {name} is too long; write at most {MAX_TEXT_LENGTH} characters.",
                    field=name,
                )
        if len(self.questions) > MAX_QUESTIONS:
            raise InputError(
                f"{len(self.questions)} questions about the reader are too many; ask at most {MAX_QUESTIONS}.",
                field="questions",
            )
        labels = [question.label for question in self.questions]
        if len(set(labels)) != len(labels):
            raise InputError("Two questions about the reader are the same; ask each once.", field="questions")
        if not isinstance(self.display_check, bool):
            raise InputError(f"display_check is {self.display_check!r}; write true or false.")
        if self.withdrawal not in {KEEP, DELETE}:
            raise InputError(
                f"What becomes of answers on withdrawal is {self.withdrawal!r}; write {KEEP} or {DELETE}.",
                field="withdrawal",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON column."""
        return {
            "consent": self.consent,
            "instructions": self.instructions,
            "questions": [question.to_json() for question in self.questions],
            "display_check": self.display_check,
            "withdrawal": self.withdrawal,
        }


def from_json(data: Mapping[str, Any]) -> Arrival:
    """Read stored steps.

    Raises
    ------
    InputError
        If a field is unknown or not usable.
    """
    unknown = data.keys() - set(Arrival.__dataclass_fields__)
    if unknown:
        raise InputError(
            f"The arrival of the protocol has unknown fields ({', '.join(sorted(unknown))}); "
            f"its fields are {', '.join(sorted(Arrival.__dataclass_fields__))}."
        )
    try:
        questions = tuple(ExpertiseQuestion(**question) for question in data.get("questions", ()))
    except TypeError as error:
        raise InputError(f"A question about the reader has fields that are not known ({error}).") from None
    return Arrival(**{**data, "questions": questions})


def recommended() -> Arrival:
    """The steps that new studies begin with: the usual questions and the display check."""
    return Arrival(questions=USUAL_QUESTIONS, display_check=True)
