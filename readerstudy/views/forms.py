"""Forms of the pools and of invitations."""

from typing import Any

from django import forms

from generation.core.errors import InputError
from readerstudy.core.names import MAX_GROUP_LENGTH, MAX_NAME_LENGTH, parse_group, parse_reader_name
from readerstudy.selectors import pools as pool_selectors


class PatchSetChoiceField(forms.ModelChoiceField):
    """Patch sets, each with its source and numbers."""

    def label_from_instance(self, obj: Any) -> str:
        numbers = ", ".join(f"{n} {lesion_class.words}" for lesion_class, n in pool_selectors.counts(obj))
        return f"{obj.name} · {obj.source} · {numbers}"


class PoolForm(forms.Form):
    """A new pool."""

    name = forms.CharField(
        max_length=100, help_text="How studies will refer to it, such as “Aachen 2019, real”."
    )
    patch_set = PatchSetChoiceField(pool_selectors.offered_patch_sets(), empty_label=None)


class InvitationForm(forms.Form):
    """A new reader."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH, help_text="Only study admins see it; exports say R01, R02 …"
    )
    group = forms.CharField(
        max_length=MAX_GROUP_LENGTH,
        widget=forms.TextInput(attrs={"list": "groups"}),
        help_text="radiologist, layperson, or a group of your own. Results are compared between groups.",
    )
    email = forms.EmailField(
        required=False, label="E-mail (optional)", help_text="A note for you: nothing is sent."
    )

    def clean_name(self) -> str:
        return _sentence(parse_reader_name, self.cleaned_data["name"])

    def clean_group(self) -> str:
        return _sentence(parse_group, self.cleaned_data["group"])


def _sentence(parse: Any, text: str) -> str:
    try:
        return str(parse(text))
    except InputError as error:
        raise forms.ValidationError(str(error)) from None
