"""Forms of invitations: one reader, a list of readers, until when a link works, the words of an e-mail."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from generation.core.errors import InputError
from readerstudy.core import invitation_csv
from readerstudy.core.names import (
    MAX_GROUP_LENGTH,
    MAX_NAME_LENGTH,
    MAX_NOTE_LENGTH,
    MAX_SUBJECT_LENGTH,
    parse_group,
    parse_reader_name,
)
from readerstudy.views.decision_forms import check_year

MAX_DAYS = 3650
LANGUAGE_CHOICES = [("", "as the study says"), *settings.LANGUAGES]
_LAST_MINUTE = time(23, 59, 59)


class ExpiryForm(forms.Form):
    """Until when a link works: some days, a day, or no limit."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
        label="Link works for, days",
        help_text="Counted from today, to the end of the last day.",
    )
    until = forms.DateField(
        required=False,
        label="or until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="To the end of this day. Both empty: as long as the study is open.",
        validators=[check_year],
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        days, until = values.pop("days", None), values.pop("until", None)
        if days and until:
            self.add_error("until", "Give a number of days or a day, not both.")
        if days:
            until = timezone.localdate() + timedelta(days=days)
        values["expires_at"] = end_of(until) if until else None
        if values["expires_at"] and values["expires_at"] <= timezone.now():
            self.add_error("until", f"{until:%Y-%m-%d} is past; choose today or a later day.")
        return values


class InvitationForm(ExpiryForm):
    """A new reader."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH, help_text="Only owner and coordinators see it; exports say R01, R02 …"
    )
    group = forms.CharField(
        max_length=MAX_GROUP_LENGTH,
        widget=forms.TextInput(attrs={"list": "groups"}),
        help_text="radiologist, layperson, or a group of your own. Results are compared between groups.",
    )
    email = forms.EmailField(
        required=False,
        label="E-mail (optional)",
        help_text="To send the link to. Nothing is sent before you ask for it.",
    )
    language = forms.ChoiceField(
        required=False,
        choices=LANGUAGE_CHOICES,
        label="Language of letters",
        help_text="Counts where the study leaves the language to the reader.",
    )

    field_order = ("name", "group", "email", "language", "days", "until")

    def clean_name(self) -> str:
        return _sentence(parse_reader_name, self.cleaned_data["name"])

    def clean_group(self) -> str:
        return _sentence(parse_group, self.cleaned_data["group"])


class InvitationListForm(ExpiryForm):
    """Many readers, pasted or as a file."""

    text = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "mono"}),
        max_length=invitation_csv.MAX_BYTES,
        strip=False,
        label="Paste the list",
        help_text="First the heading name,email,group and, where you want it, language (en or de). "
        "Commas, semicolons or tabs; an e-mail may be empty.",
    )
    file = forms.FileField(
        required=False,
        label="or choose a CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        help_text=f"At most {invitation_csv.MAX_LINES} readers.",
    )

    field_order = ("text", "file", "days", "until")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        file = values.pop("file", None)
        if file:
            values["text"] = _sentence(invitation_csv.decode, file.read(invitation_csv.MAX_BYTES + 1))
        try:
            values["lines"] = invitation_csv.read(values.get("text") or "")
        except InputError as error:
            self.add_error("text", str(error))
        return values


class LetterForm(forms.Form):
    """The inviter's words in the e-mails of a study."""

    subject = forms.CharField(required=False, max_length=MAX_SUBJECT_LENGTH)
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="Covering note",
        help_text="Stands between the greeting and the link. {study} becomes the name of the study. "
        "Say who invites and whom to ask; say nothing of how many panels are real.",
    )


def end_of(day: Any) -> datetime:
    """The last second of a day, in the time zone of this instance."""
    return timezone.make_aware(datetime.combine(day, _LAST_MINUTE))


def _sentence(parse: Any, given: Any) -> str:
    try:
        return str(parse(given))
    except InputError as error:
        raise forms.ValidationError(str(error)) from None
