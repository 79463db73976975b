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
from generation.core.import_options import RULE_WORDS, PhaseRule
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
        help_text="On the machine that runs the worker: one sub-folder per patient with DICOM files, or with T2, T1_pre, T1_post1 to "
        "T1_post4 and lesions as NIfTI, NRRD or MHA and truth.json or lesions.csv; or the layout of MAMA-MIA, BreastDCEDL or ODELIA.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(max_length=MAX_NAME_LENGTH, required=False, help_text="No patient's name.")
    note = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    without_t2 = forms.BooleanField(
        label="The cohort has no T2", required=False, help_text="That frame is then black in every patch."
    )
    keep_ids = forms.BooleanField(
        label="Keep PatientID as pseudonym",
        required=False,
        help_text="Only where the DICOM files say that identity was removed.",
    )
    phase_rule = forms.ChoiceField(
        label="Tell DICOM phases apart by",
        required=False,
        choices=[("", "the first tag that does"), *((rule.value, RULE_WORDS[rule]) for rule in PhaseRule)],
    )
    phases = forms.CharField(
        label="Phases to take",
        required=False,
        max_length=40,
        help_text="Empty: the posts nearest to 70, 140, 210 and 280 s. Else five, counted from 0, for instance 0,1,2,3,5.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off"}),
    )

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
