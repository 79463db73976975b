"""Forms of the generation pages."""

import secrets
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget

from generation.core.labels import LESION_CLASSES, REAL
from generation.core.presets import PRESETS
from generation.models import Job, PatchSet, TrainingRun
from generation.services.generators import MAX_PATCHES_PER_CLASS
from generation.services.naming import MAX_NAME_LENGTH

# A title and one plain sentence for each preset.
PRESET_WORDS = {
    "dcgan": (
        "DCGAN, the paper's first",
        "A generator and a discriminator that are both told the class, with Radford's settings.",
    ),
    "wgan": (
        "WGAN, the paper's second",
        "A critic with clipped weights that learns five times for each time the generator does.",
    ),
    "dcgan-literal": (
        "DCGAN, the paper's text to the letter",
        "Only the generator is told the class, and classes come as often as the patches have them, so lesions are rare.",
    ),
    "wgan-acb17": (
        "WGAN with a head start for its critic",
        "As the public code of its authors: 100 updates of the critic for each of the first 25 steps; slow to begin.",
    ),
    "wgan-gp": (
        "WGAN with gradient penalty, beyond the paper",
        "The critic's slope is held near one instead of clipping its weights; a step takes about twice as long.",
    ),
    "rpgan-r1r2": (
        "Relativistic GAN with R1 and R2, beyond the paper",
        "A recipe of 2024 on the same networks: each generated patch is judged against a real one of its class.",
    ),
    "dcgan-small": (
        "DCGAN, small",
        "For about an hour on a CPU: half the width, flips and shifts, averaged weights.",
    ),
    "wgan-small": (
        "WGAN, small",
        "For about an hour on a CPU: as above, with half the batch and four times the paper's learning rate.",
    ),
}
SAMPLING_CHOICES = [
    ("", "As the preset says"),
    ("uniform", "Each class equally often"),
    ("shuffle", "As often as the patches have them"),
]
SPLIT_CHOICES = [
    ("", "As the preset says"),
    ("yes", "Training patients; the others choose the checkpoint and judge it"),
    ("no", "All patients, as the paper"),
]
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
    preset = forms.ChoiceField(
        label="Recipe",
        choices=[(name, PRESET_WORDS[name][0]) for name in PRESETS],
        initial="dcgan",
        widget=forms.RadioSelect,
    )
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
    width = forms.IntegerField(
        required=False,
        min_value=4,
        max_value=512,
        help_text="Feature maps of the generator's last hidden layer; half the width is about twice as fast.",
    )
    use_split = forms.ChoiceField(
        label="Patients trained on",
        required=False,
        choices=SPLIT_CHOICES,
        help_text="A patch set without a split is always trained on whole.",
    )
    class_sampling = forms.ChoiceField(label="Classes drawn", required=False, choices=SAMPLING_CHOICES)
    shift_pixels = forms.IntegerField(
        label="Augmentation, pixels",
        required=False,
        min_value=0,
        max_value=31,
        help_text="Flips, and shifts of up to so many pixels, of real and generated patches alike; 0: none.",
    )
    ema_decay = forms.FloatField(
        label="Averaged weights, decay",
        required=False,
        min_value=0,
        max_value=0.99999,
        help_text="Patches are sampled from a running average of the generator, such as 0.998; 0: from its last weights.",
    )
    RECIPE_FIELDS = ("use_split", "width", "class_sampling", "shift_pixels", "ema_decay")

    def presets(self) -> list[tuple[BoundWidget, str]]:
        """Each preset's radio button with its sentence."""
        return [(choice, PRESET_WORDS[choice.data["value"]][1]) for choice in self["preset"]]

    def recipe_fields(self) -> list[forms.BoundField]:
        """What may differ from the preset."""
        return [self[name] for name in self.RECIPE_FIELDS]

    def is_recipe_changed(self) -> bool:
        """Whether a field of the recipe was filled in, so that it must be in sight."""
        return self.is_bound and any(self[name].value() or self[name].errors for name in self.RECIPE_FIELDS)

    def changes(self) -> dict[str, Any]:
        """What was asked to differ from the preset."""
        wanted = {name: self.cleaned_data[name] for name in ("n_steps", *self.RECIPE_FIELDS)}
        changes = {name: value for name, value in wanted.items() if value not in (None, "")}
        if changes.get("ema_decay") == 0:
            changes["ema_decay"] = None
        if "use_split" in changes:
            changes["use_split"] = changes["use_split"] == "yes"
        return changes


class SamplingForm(forms.Form):
    """How many patches to draw from which checkpoint."""

    per_class = forms.IntegerField(
        label="Patches per class", min_value=1, max_value=MAX_PATCHES_PER_CLASS, initial=100
    )
    seed = forms.IntegerField(min_value=0, max_value=MAX_SEED, initial=_any_seed)
    pool = forms.CharField(
        label="Offer as pool",
        max_length=MAX_NAME_LENGTH,
        required=False,
        help_text="Name of a pool that is made of the patches as soon as they are drawn. Empty: no pool is made.",
    )
    field_order = ["checkpoint", "per_class", "seed", "pool"]

    def __init__(self, *args: Any, run: TrainingRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest_first = run.checkpoints.order_by("-step")
        self.fields["checkpoint"] = forms.ModelChoiceField(newest_first, initial=newest_first.first())
        self.order_fields(self.field_order)
        self._known = [c.value for c in LESION_CLASSES if run.patch_set.n_of(c)]

    def n_per_class(self) -> dict[str, int]:
        """The wanted number for each class that the run was trained on."""
        return dict.fromkeys(self._known, self.cleaned_data["per_class"])
