"""Forms of the evaluation pages."""

import secrets

from django import forms

from evaluation.core import draws, extractor_names
from evaluation.selectors import metric_runs as selectors
from evaluation.selectors import weights
from evaluation.services.curves import MAX_PER_CLASS, N_PER_CLASS
from evaluation.services.metric_runs import MAX_DRAWS, MAX_PER_SET

MAX_SEED = 2**31 - 1


def _extractors() -> list[tuple[str, str]]:
    return [(one.name, f"{one.title}: {one.distance_title}") for one in weights.usable_extractors()]


def _best_extractor() -> str:
    """FID where its weights are here."""
    is_fid_possible = extractor_names.INCEPTION in weights.usable_extractors()
    return extractor_names.INCEPTION.name if is_fid_possible else extractor_names.DEFAULT


def _any_seed() -> int:
    return secrets.randbelow(MAX_SEED)


class ScoreForm(forms.Form):
    """What a metric run needs."""

    fake_set = forms.ModelChoiceField(selectors.generated_sets(), label="Generated patches")
    real_set = forms.ModelChoiceField(selectors.real_sets(), label="Real patches")
    extractor = forms.ChoiceField(
        choices=_extractors,
        initial=_best_extractor,
        help_text="The network whose features are compared. Its name goes into every table.",
    )
    n_draws = forms.IntegerField(label="Draws", min_value=1, max_value=MAX_DRAWS, initial=draws.N_DRAWS)
    n_per_set = forms.IntegerField(
        label="Patches per set",
        min_value=draws.MIN_PER_SET,
        max_value=MAX_PER_SET,
        initial=draws.N_PER_SET,
        help_text="Real, and as many generated, in each draw; fewer where a class has fewer.",
    )
    seed = forms.IntegerField(
        min_value=0, max_value=MAX_SEED, initial=_any_seed, help_text="The same seed draws the same patches."
    )


class CurveForm(forms.Form):
    """How the checkpoints of a training are scored."""

    real_set = forms.ModelChoiceField(
        selectors.real_sets(),
        label="Real patches",
        help_text="Patches of patients that were not trained on, where there are any.",
    )
    reals = forms.ChoiceField(
        label="Patients",
        required=False,
        choices=[
            (
                "split",
                "Validation patients choose, test patients report; all reals beside them, as the paper",
            ),
            ("all", "All patients choose and report, as the paper"),
        ],
        help_text="The split is stored with the patch set; a patch set without one has all patients only.",
    )
    extractor = forms.ChoiceField(choices=_extractors, initial=_best_extractor)
    n_per_class = forms.IntegerField(
        label="Patches per class",
        min_value=2,
        max_value=MAX_PER_CLASS,
        initial=N_PER_CLASS,
        help_text="Drawn from each checkpoint, and as many reals; the same noise and the same reals for all.",
    )
    seed = forms.IntegerField(min_value=0, max_value=MAX_SEED, initial=0)
