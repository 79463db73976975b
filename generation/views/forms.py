"""Forms of the generation pages."""

import secrets
from typing import Any

from django import forms

from generation.core.labels import LESION_CLASSES, REAL
from generation.core.presets import PRESETS
from generation.models import Job, PatchSet, TrainingRun
from generation.services.generators import MAX_PATCHES_PER_CLASS

PRESET_TITLES = {
    "dcgan": "DCGAN, the paper's recipe",
    "wgan": "WGAN, the paper's recipe",
    "dcgan-small": "DCGAN, small: half the width, augmented, averaged; for an hour on a CPU",
    "wgan-small": "WGAN, small: half the width, augmented, averaged; for an hour on a CPU",
}
MAX_SEED = 2**31 - 1


def _any_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(MAX_SEED)


class TrainingForm(forms.Form):
    """What a new training needs."""

    patch_set = forms.ModelChoiceField(
        PatchSet.objects.filter(source=REAL, status=Job.Status.FINISHED),
        help_text="Real patches that the generator learns from.",
    )
    preset = forms.ChoiceField(choices=[(name, PRESET_TITLES.get(name, name)) for name in PRESETS])
    n_steps = forms.IntegerField(
        label="Generator updates",
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text="Empty: as the preset says.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=MAX_SEED,
        initial=_any_seed,
        help_text="The same seed on the same patches trains the same generator.",
    )
    name = forms.CharField(
        max_length=100, required=False, help_text="Empty: named after preset and patch set."
    )


class SamplingForm(forms.Form):
    """How many patches to draw from which checkpoint."""

    per_class = forms.IntegerField(
        label="Patches per class", min_value=1, max_value=MAX_PATCHES_PER_CLASS, initial=100
    )
    seed = forms.IntegerField(min_value=0, max_value=MAX_SEED, initial=_any_seed)
    field_order = ["checkpoint", "per_class", "seed"]

    def __init__(self, *args: Any, run: TrainingRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest_first = run.checkpoints.order_by("-step")
        self.fields["checkpoint"] = forms.ModelChoiceField(newest_first, initial=newest_first.first())
        self.order_fields(self.field_order)
        self._known = [c.value for c in LESION_CLASSES if run.patch_set.n_of(c)]

    def n_per_class(self) -> dict[str, int]:
        """The wanted number for each class that the run was trained on."""
        return dict.fromkeys(self._known, self.cleaned_data["per_class"])
