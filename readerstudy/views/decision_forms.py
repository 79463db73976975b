"""Forms of decisions that stay in the audit log: an amendment, early unblinding, the end of reading."""

from datetime import date

from django import forms

from generation.core.errors import InputError
from readerstudy.core import reasons

FIRST_YEAR, LAST_YEAR = 2000, 2199  # of a day that somebody may mean; 0026 or 9999 is a slip


def check_year(day: date) -> None:
    """Refuse a day, or a time of it, in a year that nobody means: the first and last ones have no time in UTC."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise forms.ValidationError(
            f"The year is {day.year:04d}; write one from {FIRST_YEAR} to {LAST_YEAR}."
        )


class ReasonForm(forms.Form):
    """A written reason, and a box that says what will happen."""

    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": reasons.MAX_LENGTH}),
        help_text=f"At least {reasons.MIN_LENGTH} characters. It is kept for good and printed with every result.",
    )
    confirmed = forms.BooleanField(
        label="I understand what will happen.",
        error_messages={"required": "Nothing was changed: tick the box that says what will happen."},
    )

    def __init__(self, *args: object, of: str, tick: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.of = of
        self.fields["confirmed"].label = tick

    def clean_reason(self) -> str:
        try:
            return reasons.parse_reason(self.cleaned_data["reason"], of=self.of)
        except InputError as error:
            raise forms.ValidationError(str(error)) from None


class EndForm(forms.Form):
    """When reading ends by itself."""

    ends_at = forms.DateTimeField(
        label="Reading ends at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        error_messages={"invalid": "Write the end as 2026-03-31 18:00."},
        validators=[check_year],
    )
