"""What a reader meets before the first panel: consent, questions about the reader, display check, instructions."""

from typing import Any

from django import forms

from generation.core.errors import InputError
from readerstudy.core import arrival as arrivals
from readerstudy.core.arrival import Arrival, ExpertiseQuestion

N_EMPTY_ROWS = 3
KIND_CHOICES = [
    (arrivals.CHOICE, "one of the choices"),
    (arrivals.NUMBER, "a number"),
    (arrivals.TEXT, "a line of text"),
]


class ArrivalFields(forms.Form):
    """Texts and steps before reading."""

    consent = forms.CharField(
        required=False,
        max_length=arrivals.MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        label="Consent",
        help_text="Markdown. Readers have to agree before anything is stored, and the time is kept. Take the wording"
        " that your ethics board approved. Empty: no consent is asked for.",
    )
    withdrawal = forms.ChoiceField(
        choices=[
            (arrivals.KEEP, "keep them under the pseudonym"),
            (arrivals.DELETE, "delete them too"),
        ],
        initial=arrivals.KEEP,
        widget=forms.RadioSelect,
        label="Answers of a reader who leaves the study",
        help_text="Name and address are deleted in any case. Kept answers stay in every analysis; deleted ones"
        " leave all of them. The consent page tells readers which.",
    )
    display_check = forms.BooleanField(
        label="Check the reader’s display",
        required=False,
        help_text="A grey ramp, patches of 5 % and 95 % that must be visible, size and pixel ratio of the screen, light"
        " in the room. Takes a minute; the result is stored with the session and shown on the readers page.",
    )
    instructions = forms.CharField(
        required=False,
        max_length=arrivals.MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        label="Instructions",
        help_text="Markdown, shown above the practice of the controls. Do not tell the share of synthetic panels:"
        " readers who know that it is half balance their answers, and these are no longer independent."
        " Empty: the built-in text.",
    )

    def arrival(self, values: dict[str, Any], questions: tuple[ExpertiseQuestion, ...]) -> Arrival:
        """The steps before the first panel.

        Raises
        ------
        InputError
            If two questions are the same.
        """
        # Browsers send a text area with carriage returns.
        texts = {name: "\n".join(values[name].splitlines()) for name in ("consent", "instructions")}
        return Arrival(
            **texts,
            questions=questions,
            display_check=values["display_check"],
            withdrawal=values["withdrawal"],
        )


class QuestionForm(forms.Form):
    """One question about the reader; an empty one is not asked."""

    label = forms.CharField(required=False, max_length=arrivals.MAX_LABEL_LENGTH, label="Question")
    kind = forms.ChoiceField(choices=KIND_CHOICES, label="Answer", initial=arrivals.TEXT)
    choices = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), label="Choices, one a line"
    )
    required = forms.BooleanField(required=False, label="Must be answered", initial=True)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        choices = tuple(line.strip() for line in values["choices"].splitlines() if line.strip())
        if not values["label"]:
            if choices and self.empty_permitted:  # a new row; an old one is dropped by clearing its question
                self.add_error("label", "These choices have no question; write it, or clear them.")
            values["question"] = None
            return values
        try:
            values["question"] = ExpertiseQuestion(
                label=values["label"],
                kind=values["kind"],
                choices=choices if values["kind"] == arrivals.CHOICE else (),
                required=values["required"],
            )
        except InputError as error:
            self.add_error(error.field, str(error))
        return values


_QuestionForms: Any = forms.formset_factory(
    QuestionForm, extra=N_EMPTY_ROWS, max_num=arrivals.MAX_QUESTIONS + N_EMPTY_ROWS, absolute_max=50
)


class QuestionRows(_QuestionForms):
    """The questions that are there, and three empty rows."""

    def __init__(self, data: Any, questions: tuple[ExpertiseQuestion, ...]) -> None:
        initial = [
            {
                "label": question.label,
                "kind": question.kind,
                "choices": "\n".join(question.choices),
                "required": question.required,
            }
            for question in questions
        ]
        super().__init__(data, initial=initial, prefix="questions")

    def questions(self) -> tuple[ExpertiseQuestion, ...]:
        """The questions of valid rows, in their order."""
        asked = (row.cleaned_data.get("question") for row in self.forms)
        return tuple(question for question in asked if question is not None)
