"""The form in which a study is designed: one line per source, one column per lesion class."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from generation.core.errors import InputError
from generation.core.labels import DCGAN, LESION_CLASSES, REAL, WGAN
from readerstudy.core import protocol as protocols
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase
from readerstudy.models import Pool
from readerstudy.selectors import pools as pool_selectors

PRESETS: Mapping[str, tuple[str, float]] = {
    "paper": ("As the paper: 240 real, 240 synthetic", 1.0),
    "half": ("Half: 120 and 120", 0.5),
    "quarter": ("Quarter: 60 and 60", 0.25),
}
CONFIDENCE_CHOICES = [
    (0, "No"),
    *((n, f"Yes, in {n} levels") for n in range(2, protocols.MAX_CONFIDENCE_LEVELS + 1)),
]
LAYOUT_CHOICES = [
    (protocols.SEVEN_FRAMES, "Seven frames, one subtraction"),
    (protocols.FIGURE_4, "Ten frames, four subtractions"),
]
INTERPOLATION_CHOICES = [
    (protocols.BICUBIC, "Smooth (bicubic)"),
    (protocols.NEAREST, "Every pixel a square (nearest)"),
]
_MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One source: its pools and its number fields."""

    title: str
    pool: Any
    numbers: list[Any]


class PoolChoiceField(forms.ModelChoiceField):
    """Pools of one source, each with its numbers."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({' / '.join(str(n) for _, n in pool_selectors.counts(obj.patch_set))})"


class StudyForm(forms.Form):
    """Name, question, answers, and how many panels of each kind from which pools."""

    name = forms.CharField(
        max_length=100, help_text="Readers see it above every panel; it should not hint at an answer."
    )
    question = forms.CharField(max_length=protocols.MAX_QUESTION_LENGTH)
    confidence_levels = forms.TypedChoiceField(
        label="Ask how sure the reader is",
        choices=CONFIDENCE_CHOICES,
        coerce=int,
        help_text="Needed for ROC curves; costs a key press per panel.",
    )
    layout = forms.ChoiceField(
        label="Layout of a panel",
        choices=LAYOUT_CHOICES,
        initial=protocols.SEVEN_FRAMES,
        help_text="Ten frames as in Figure 4 of the paper.",
    )
    interpolation = forms.ChoiceField(
        label="Enlargement",
        choices=INTERPOLATION_CHOICES,
        initial=protocols.BICUBIC,
        help_text="The same for every source.",
    )
    own_subtraction = forms.BooleanField(
        label="Show each source’s own subtraction frame",
        required=False,
        help_text="A generator’s own subtraction never fits its T1 frames exactly, as a scan’s does, so that this alone"
        " can give it away; otherwise the subtraction is computed from the T1 frames shown, for every source.",
    )
    real_key = forms.CharField(max_length=1, label="Key for “real”")
    synthetic_key = forms.CharField(max_length=1, label="Key for “synthetic”")
    warm_up_real = forms.IntegerField(
        min_value=0, max_value=1000, label="Real panels in the warm-up", help_text="Spread over classes."
    )
    warm_up_synthetic = forms.IntegerField(
        min_value=0,
        max_value=1000,
        label="Synthetic panels in the warm-up",
        help_text="Spread over classes and generators.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=_MAX_SEED,
        label="Seed of the draw",
        help_text="The same seed draws the same cases from the same pools.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grouped = pool_selectors.pools_by_source(pool_selectors.pools())
        for source, offered in self.grouped.items():
            queryset = Pool.objects.filter(pk__in=[pool.pk for pool in offered]).select_related("patch_set")
            title = source_title(source)
            pool_field = PoolChoiceField(
                queryset, required=False, empty_label="none", label=f"Pool of {title}"
            )
            self.fields[f"pool_{source}"] = pool_field
            for lesion_class in LESION_CLASSES:
                number = forms.IntegerField(
                    min_value=0, max_value=protocols.MAX_PANELS, label=f"{title}, {lesion_class.words}"
                )
                self.fields[_cell(source, lesion_class)] = number

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                values["protocol"] = self._protocol(values)
            except InputError as error:
                raise forms.ValidationError(str(error)) from None
            chosen = [values[f"pool_{source}"] for source in self._sources(values)]
            values["pools"] = [pool for pool in chosen if pool is not None]
        return values

    def lines(self) -> Iterator[Line]:
        """The table of quotas, for the template."""
        for source in self.grouped:
            cells = [self[_cell(source, lesion_class)] for lesion_class in LESION_CLASSES]
            yield Line(source_title(source), self[f"pool_{source}"], cells)

    def _sources(self, values: dict[str, Any]) -> list[str]:
        return [source for source in self.grouped if any(values[_cell(source, c)] for c in LESION_CLASSES)]

    def _protocol(self, values: dict[str, Any]) -> Protocol:
        sources = self._sources(values)
        generators = [source for source in sources if source != REAL]
        if not generators:
            raise InputError("No generator has panels in the test; give at least one a number.")
        return Protocol(
            test={source: {c: values[_cell(source, c)] for c in LESION_CLASSES} for source in sources},
            warm_up=protocols.spread_warm_up(values["warm_up_real"], values["warm_up_synthetic"], generators),
            seed=values["seed"],
            question=values["question"],
            confidence_levels=values["confidence_levels"],
            real_key=values["real_key"],
            synthetic_key=values["synthetic_key"],
            layout=values["layout"],
            interpolation=values["interpolation"],
            own_subtraction=values["own_subtraction"],
        )


def initial_of_preset(preset: str) -> dict[str, Any]:
    """Fields filled in as the paper did, with the generators and pools that are there."""
    grouped = pool_selectors.pools_by_source(pool_selectors.pools())
    generators = [source for source in grouped if source != REAL] or [DCGAN, WGAN]
    _, scale = PRESETS.get(preset, PRESETS["paper"])
    protocol = protocols.paper(seed=secrets.randbelow(_MAX_SEED), scale=scale, generators=generators[:2])
    return initial_of_protocol(protocol, {source: offered[0] for source, offered in grouped.items()})


def initial_of_protocol(protocol: Protocol, pools: Mapping[str, Pool]) -> dict[str, Any]:
    """Fields filled in from a protocol."""
    initial: dict[str, Any] = {
        "question": protocol.question,
        "confidence_levels": protocol.confidence_levels,
        "real_key": protocol.real_key,
        "synthetic_key": protocol.synthetic_key,
        "layout": protocol.layout,
        "interpolation": protocol.interpolation,
        "own_subtraction": protocol.own_subtraction,
        "warm_up_real": protocol.n_real(Phase.WARM_UP),
        "warm_up_synthetic": protocol.n_synthetic(Phase.WARM_UP),
        "seed": protocol.seed,
    }
    for source, per_source in pool_selectors.pools_by_source(pool_selectors.pools()).items():
        initial[f"pool_{source}"] = pools.get(source, per_source[0])
        for lesion_class in LESION_CLASSES:
            initial[_cell(source, lesion_class)] = protocol.test.get(source, {}).get(lesion_class, 0)
    return initial


def _cell(source: str, lesion_class: str) -> str:
    return f"n_{source}_{lesion_class}"
