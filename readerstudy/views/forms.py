"""Forms of the pools."""

from typing import Any

from django import forms

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
