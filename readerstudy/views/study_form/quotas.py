"""Which panels: a line per source, a column per lesion class, and the warm-up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, REAL
from readerstudy.core import conduct as conducts
from readerstudy.core import protocol as protocols
from readerstudy.core.names import source_title
from readerstudy.core.protocol import Quotas
from readerstudy.models import Pool
from readerstudy.selectors import pools as pool_selectors

MAX_SEED = 2**31 - 1
WARM_UP_MODE_CHOICES = [
    (conducts.LABELLED, "Each panel with its origin, as in the paper"),
    (conducts.ANSWER_THEN_REVEAL, "The reader answers, then the origin is told"),
]


@dataclass(frozen=True, slots=True)
class Line:
    """One source: its pools and its number fields."""

    source: str
    title: str
    pool: Any
    numbers: list[Any]

    @property
    def errors(self) -> list[str]:
        """What is wrong with the line, said below it."""
        return [error for field in (self.pool, *self.numbers) for error in field.errors]


class PoolChoiceField(forms.ModelChoiceField):
    """Pools of one source, each with its numbers."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({' / '.join(str(n) for _, n in pool_selectors.offered(obj))})"


class QuotaFields(forms.Form):
    """How many panels of each kind, from which pools, and the seed of the draw."""

    warm_up_real = forms.IntegerField(
        min_value=0, max_value=1000, label="Real panels", help_text="Spread over the lesion classes."
    )
    warm_up_synthetic = forms.IntegerField(
        min_value=0,
        max_value=1000,
        label="Synthetic panels",
        help_text="Spread over classes and generators.",
    )
    warm_up_mode = forms.ChoiceField(
        label="When the origin is told",
        choices=WARM_UP_MODE_CHOICES,
        widget=forms.RadioSelect,
        help_text="Answering first teaches more and costs one key press per panel; the origin can be fetched only"
        " after the answer is stored.",
    )
    refresher_after_days = forms.IntegerField(
        min_value=0,
        max_value=365,
        label="Again after a pause of days",
        help_text="Who comes back after days has forgotten what the sources look like, and drifts. 0: never.",
    )
    n_refresher = forms.IntegerField(
        min_value=1,
        max_value=conducts.MAX_REFRESHER_PANELS,
        label="Panels of the refresher",
        help_text="Taken from the warm-up. Used only if a pause is set.",
    )
    seed = forms.IntegerField(
        min_value=0,
        max_value=MAX_SEED,
        label="Seed of the draw",
        help_text="The same seed draws the same cases from the same pools. The order of the panels is each reader’s"
        " own and does not depend on it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cells: set[str] = set()  # names of the number fields of the table
        self.grouped = pool_selectors.pools_by_source(pool_selectors.pools())
        for source, offered in self.grouped.items():
            queryset = Pool.objects.filter(pk__in=[pool.pk for pool in offered]).select_related("patch_set")
            title = source_title(source)
            self.fields[f"pool_{source}"] = PoolChoiceField(
                queryset, required=False, empty_label="none", label=f"Pool of {title}"
            )
            for lesion_class in LESION_CLASSES:
                number = forms.IntegerField(
                    min_value=0, max_value=protocols.MAX_PANELS, label=f"{title}, {lesion_class.words}"
                )
                number.widget.attrs["data-quota"] = source
                self.fields[cell(source, lesion_class)] = number
                self.cells.add(cell(source, lesion_class))

    def lines(self) -> Iterator[Line]:
        """The table of quotas, for the template."""
        for source in self.grouped:
            cells = [self[cell(source, lesion_class)] for lesion_class in LESION_CLASSES]
            yield Line(source, source_title(source), self[f"pool_{source}"], cells)

    def totals(self) -> dict[str, int]:
        """Test panels of each source, as they stand in the form."""
        return {
            source: sum(_number(self[cell(source, c)].value()) for c in LESION_CLASSES)
            for source in self.grouped
        }

    def sources(self, values: dict[str, Any]) -> list[str]:
        """Sources with at least one panel in the test."""
        return [source for source in self.grouped if any(values[cell(source, c)] for c in LESION_CLASSES)]

    def chosen_pools(self, values: dict[str, Any]) -> list[Pool]:
        """The pool of each source that has panels."""
        chosen = [values[f"pool_{source}"] for source in self.sources(values)]
        return [pool for pool in chosen if pool is not None]

    def quotas(self, values: dict[str, Any]) -> tuple[Quotas, Quotas]:
        """Test and warm-up.

        Raises
        ------
        InputError
            If no generator has a panel.
        """
        sources = self.sources(values)
        generators = [source for source in sources if source != REAL]
        if not generators:
            raise InputError("No generator has panels in the test; give at least one a number.", field="test")
        test = {source: {c: values[cell(source, c)] for c in LESION_CLASSES} for source in sources}
        warm_up = protocols.spread_warm_up(values["warm_up_real"], values["warm_up_synthetic"], generators)
        return test, warm_up


def _number(value: object) -> int:
    """A number as it stands in the form, 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def cell(source: str, lesion_class: str) -> str:
    """Name of the number field of one source and class."""
    return f"n_{source}_{lesion_class}"
