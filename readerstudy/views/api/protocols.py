"""The protocol of a study as JSON, in the form in which it is stored."""

from typing import Annotated, Any

from ninja import Field

from generation.core.errors import InputError
from generation.views.api.schemas import Body, Line, Seed, Text
from readerstudy.core import protocol as protocols
from readerstudy.core.protocol import MAX_PANELS, Protocol

Quotas = dict[Line, dict[Line, Annotated[int, Field(ge=0, le=MAX_PANELS)]]]
_MAX_TEXT = 100


class QuestionIn(Body):
    """One question about the reader."""

    label: Line
    kind: Line = "text"
    choices: list[Line] = Field(default_factory=list, max_length=_MAX_TEXT)
    required: bool = True


class ArrivalIn(Body):
    """What comes before the first panel."""

    consent: Text = Field(default="", description="Markdown that a reader has to agree to.")
    instructions: Text = Field(default="", description="Markdown; empty for the built-in text.")
    questions: list[QuestionIn] = Field(default_factory=list, max_length=_MAX_TEXT)
    display_check: bool = False


class ConductIn(Body):
    """The rules of a reading session; what is left out is as the software has it."""

    comment: bool | None = None
    undo: bool | None = None
    time_limit_seconds: int | None = None
    min_viewing_seconds: int | None = None
    break_every: int | None = None
    n_repeats: int | None = None
    repeat_distance: int | None = None
    n_checks: int | None = None
    warm_up_mode: Line | None = None
    refresher_after_days: int | None = None
    n_refresher: int | None = None


class ProtocolIn(Body):
    """What a study fixes before its first answer; what is left out is as the software has it."""

    test: Quotas = Field(
        description="Test panels per source and lesion class, as {'real': {'benign': 40, ...}, 'dcgan': {...}}."
    )
    warm_up: Quotas = Field(description="The same for the panels whose origin readers are shown.")
    seed: Seed = Field(description="Of the draw of cases from the pools.")
    question: Line | None = None
    confidence_levels: int | None = Field(None, ge=0, le=100)
    real_key: Line | None = None
    synthetic_key: Line | None = None
    layout: Line | None = None
    interpolation: Line | None = None
    own_subtraction: bool | None = None
    language: Line | None = None
    equivalence_margin_points: int | None = None
    conduct: ConductIn = Field(default_factory=ConductIn)
    arrival: ArrivalIn = Field(default_factory=ArrivalIn)
    format_version: int | None = None

    def checked(self) -> Protocol:
        """The protocol, or a sentence about what in it cannot be used."""
        try:
            return protocols.from_json(_stated(self.dict()))
        except InputError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError):
            raise InputError("The protocol has a value of a kind that its field does not take.") from None


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is null, also inside."""
    return {
        name: _stated(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }
