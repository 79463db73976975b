"""The whole form: every part of a protocol, and what is wrong said beside where it is wrong."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from generation.core.errors import InputError
from readerstudy.core.arrival import USUAL_QUESTIONS, Arrival, ExpertiseQuestion
from readerstudy.core.conduct import Conduct
from readerstudy.core.draw import check_supply
from readerstudy.core.protocol import Protocol
from readerstudy.views.study_form.arrival import ArrivalFields, QuestionRows
from readerstudy.views.study_form.conduct import ConductFields
from readerstudy.views.study_form.panels import PLAIN, PanelFields
from readerstudy.views.study_form.quotas import QuotaFields, cell

TEST, QUESTIONS = "test", "questions"  # parts that can be wrong as a whole

_CONDUCT = tuple(Conduct.__dataclass_fields__)
_ARRIVAL = tuple(ArrivalFields.base_fields)
_SETTINGS = (*PLAIN, "seed")

# The order of the page, for the list of what is wrong; quotas stand between.
_FIRST = ("name", "question", "language")
_LAST = (
    "equivalence_margin_points", "seed", "warm_up_real", "warm_up_synthetic", "warm_up_mode", "refresher_after_days",
    "n_refresher", "layout", "interpolation", "own_subtraction", "real_key", "synthetic_key", "confidence_levels",
    "comment", "undo", "time_limit_seconds", "min_viewing_seconds", "break_every", "n_repeats", "repeat_distance",
    "n_checks", "consent", "withdrawal", "display_check", "instructions",
)  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One line of the list above the form: where to go and what to mend."""

    anchor: str
    label: str
    sentence: str


class StudyForm(PanelFields, ConductFields, ArrivalFields, QuotaFields):
    """Everything that a study fixes before its first answer."""

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.order_fields([*_FIRST, *self._quota_cells(), *_LAST])
        asked: tuple[ExpertiseQuestion, ...] = (initial or {}).get(QUESTIONS, USUAL_QUESTIONS)
        self.questions = QuestionRows(data, asked)
        self.part_errors: dict[str, list[str]] = {}

    def is_valid(self) -> bool:
        return super().is_valid() and self.questions.is_valid() and not self.part_errors

    def clean(self) -> dict[str, Any]:
        """Build each part by itself, so that everything that is wrong is said at once."""
        values = super().clean() or {}
        conduct = self._built(_CONDUCT, lambda: self.conduct(values))
        asked = self.questions.questions() if self.questions.is_valid() else ()
        arrival = self._built(_ARRIVAL, lambda: self.arrival(values, asked))
        quotas = self._built(self._quota_names(), lambda: self.quotas(values))
        if quotas is None:
            return values
        test, warm_up = quotas
        values["pools"] = self.chosen_pools(values)
        holdings = {pool.source: pool for pool in values["pools"]}
        plain = self._built((), lambda: Protocol(test=test, warm_up=warm_up, seed=0))
        if plain is not None:
            self._built((), lambda: check_supply(plain, holdings))
            values["protocol"] = self._built(
                _SETTINGS,
                lambda: Protocol(
                    test=test,
                    warm_up=warm_up,
                    seed=values["seed"],
                    conduct=conduct or Conduct(),
                    arrival=arrival or Arrival(),
                    **self.panel_settings(values),
                ),
            )
        return values

    def refuse(self, error: InputError) -> None:
        """Say what was refused beside the field that the error names."""
        part, _, rest = error.field.partition(".")
        name = error.field
        if part == TEST and rest:
            name = cell(*rest.split("."))
        elif part == "pool":
            name = f"pool_{rest}"
        if name in self.fields:
            self.add_error(name, str(error))
        elif name in {TEST, QUESTIONS}:
            self.part_errors.setdefault(name, []).append(str(error))
        else:
            self.add_error(None, str(error))

    @property
    def power_query(self) -> str:
        """The numbers of the form as the page of the power preview takes them."""
        panels = {f"panels_{source}": n for source, n in self.totals().items()}
        return urlencode(panels | {"margin": self["equivalence_margin_points"].value()})

    @property
    def test_errors(self) -> list[str]:
        return self.part_errors.get(TEST, [])

    @property
    def questions_errors(self) -> list[str]:
        return [*self.part_errors.get(QUESTIONS, []), *self.questions.non_form_errors()]

    def complaints(self) -> Iterator[Complaint]:
        """Everything that is wrong, in the order of the page, each with where it is."""
        if not self.is_bound:
            return
        for sentence in self.non_field_errors():
            yield Complaint("", "", str(sentence))
        for sentence in self.test_errors:
            yield Complaint("panels", "Panels of the test", sentence)
        for name in self.fields:
            field = self[name]
            for sentence in field.errors:
                anchor = field.id_for_label or f"{field.auto_id}_0"  # the first of several buttons
                yield Complaint(anchor, str(field.label), str(sentence))
        for sentence in self.questions_errors:
            yield Complaint("questions", "Questions about the reader", sentence)
        for number, row in enumerate(self.questions.forms, start=1):
            for name, sentences in row.errors.items():
                for sentence in sentences:
                    yield Complaint(
                        row[name].id_for_label, f"Question {number} about the reader", str(sentence)
                    )

    def _quota_cells(self) -> list[str]:
        return [name for name in self.fields if name.startswith("pool_") or name in self.cells]

    def _quota_names(self) -> list[str]:
        return [*self._quota_cells(), "warm_up_real", "warm_up_synthetic"]

    def _built(self, names: Iterable[str], build: Callable[[], T]) -> T | None:
        """Build a part of the protocol once its own fields are in order; what it refuses is said beside them."""
        if any(name in self.errors for name in names):
            return None
        try:
            return build()
        except InputError as error:
            self.refuse(error)
            return None
