"""Forms of the cohort pages."""

import secrets
from pathlib import Path
from typing import Any

from django import forms

from generation.core.extraction_options import (
    HEALTHY_PER_BREAST_SLICE,
    MAX_HEALTHY_PER_BREAST_SLICE,
    ExtractionOptions,
)
from generation.core.intensity import IntensityRange
from generation.services.naming import MAX_NAME_LENGTH

MAX_SEED = 2**31 - 1  # short enough to be typed again
RANGE_TITLES = {
    IntensityRange.MIN_MAX: "Darkest to brightest voxel, the paper's way",
    IntensityRange.PERCENTILE: "Darkest voxel to the 99.9th percentile",
}


class ImportForm(forms.Form):
    """Which folder to import, and what to call it."""

    folder = forms.CharField(
        max_length=1000,
        help_text="On the machine that runs the worker: one sub-folder per patient with T2, T1_pre, T1_post1 to T1_post4 and "
        "lesions as NIfTI, NRRD or MHA, and truth.json or lesions.csv. The sub-folder's name becomes the pseudonym.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=MAX_NAME_LENGTH, required=False, help_text="Empty: the folder's name.")
    note = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_folder(self) -> Path:
        """The folder, as an absolute path."""
        folder = Path(self.cleaned_data["folder"].strip()).expanduser()
        if not folder.is_absolute():
            raise forms.ValidationError("Write the whole path, beginning with /.")
        return folder


class ExtractionForm(forms.Form):
    """Options of an extraction."""

    seed = forms.IntegerField(
        min_value=0, max_value=MAX_SEED, help_text="The same seed draws the same healthy patches."
    )
    healthy_per_breast_slice = forms.IntegerField(
        label="Healthy patches per breast and slice",
        min_value=0,
        max_value=MAX_HEALTHY_PER_BREAST_SLICE,
        initial=HEALTHY_PER_BREAST_SLICE,
    )
    intensity_range = forms.ChoiceField(
        label="Values that become 0 and 1023",
        choices=[(choice.value, RANGE_TITLES[choice]) for choice in IntensityRange],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seed"].initial = secrets.randbelow(MAX_SEED)

    def options(self) -> ExtractionOptions:
        """What was chosen."""
        return ExtractionOptions.parse(self.cleaned_data)
