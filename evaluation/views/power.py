"""What a planned study can show, as a page and as a part of the page on which a study is designed."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evaluation.core.study_power import MAX_READERS, Assumptions, StudyPower, of_study
from evaluation.core.wording import origin
from generation.core.errors import InputError
from generation.core.labels import DCGAN, REAL, WGAN, parse_source

PANELS = "panels_"  # fields with the numbers of panels: panels_real, panels_dcgan ...
MAX_PANELS = 10_000
MAX_SOURCES = 10
_DEFAULT = Assumptions()
_PER_CENT = {"accuracy", "margin", "difference", "reader_sd"}


class AssumptionForm(forms.Form):
    """What is assumed of readers who do not exist yet, in per cent where it is a fraction."""

    accuracy = forms.FloatField(
        label="True accuracy, %",
        min_value=1,
        max_value=99,
        initial=100 * _DEFAULT.accuracy,
        help_text="Of a reader, for every source; 50 % is guessing.",
    )
    margin = forms.FloatField(
        label="Margin around 50 %, points",
        min_value=1,
        max_value=49,
        initial=100 * _DEFAULT.margin,
        help_text="Up to here an accuracy counts as guessing. Fix it before the data.",
    )
    difference = forms.FloatField(
        label="Difference of generators, points",
        min_value=0.5,
        max_value=98,
        initial=100 * _DEFAULT.difference,
        help_text="By which one is found out more often than the other.",
    )
    n_readers = forms.IntegerField(
        label="Readers",
        min_value=1,
        max_value=MAX_READERS,
        initial=_DEFAULT.n_readers,
        help_text="Two or more speak for others; better five.",
    )
    reader_sd = forms.FloatField(
        label="SD between readers, points",
        min_value=0,
        max_value=49,
        initial=100 * _DEFAULT.reader_sd,
        help_text="Published: 21.5 before and 15.8 after readers had a clue (Higaki 2022).",
    )
    case_correlation = forms.FloatField(
        label="Correlation of readers on a panel",
        min_value=0,
        max_value=0.99,
        initial=_DEFAULT.case_correlation,
        help_text="0: each is fooled by other panels; towards 1: all by the same.",
    )

    def __init__(self, data: Any, *, is_part: bool = False) -> None:
        super().__init__(data, auto_id="power_%s")
        for field in self.fields.values():
            field.widget.attrs |= {"step": "any"}
            if (
                is_part
            ):  # on the designer's page: belongs to no form there, so that it is not sent with the study
                field.widget.attrs |= {"form": "power-assumptions", "data-assumption": ""}

    def assumptions(self) -> Assumptions:
        """The values as fractions.

        Raises
        ------
        InputError
            If they do not go together.
        """
        values = self.cleaned_data
        return Assumptions(
            **{name: value / 100 if name in _PER_CENT else value for name, value in values.items()}
        )


class PanelsForm(forms.Form):
    """Test panels of each source that the address names."""

    def __init__(self, data: Any, sources: list[str]) -> None:
        super().__init__(data, auto_id="power_%s")
        for source in sources:
            self.fields[PANELS + source] = forms.IntegerField(
                label=f"{origin(source)} panels", min_value=0, max_value=MAX_PANELS, required=False
            )

    def panels(self) -> dict[str, int]:
        """Panels by source."""
        return {name.removeprefix(PANELS): n or 0 for name, n in self.cleaned_data.items()}


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """Show the power of each analysis; with `part` only the tables, for the designer's page."""
    is_part = "part" in request.GET
    sources = _sources(request)
    given = request.GET.dict() if request.GET else {}
    panels = PanelsForm(_with_defaults(given), sources)
    form = AssumptionForm(_with_initial(given), is_part=is_part)
    found = _power(form, panels) if form.is_valid() and panels.is_valid() else None
    template = "evaluation/power_part.html" if is_part else "evaluation/power.html"
    status = 200 if found else 422
    return render(request, template, {"form": form, "panels": panels, "power": found}, status=status)


def _power(form: AssumptionForm, panels: PanelsForm) -> StudyPower | None:
    try:
        return of_study(panels.panels(), form.assumptions())
    except InputError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None


def _sources(request: HttpRequest) -> list[str]:
    """Sources named by the address, real first; those of the paper where it names none."""
    named: list[str] = []
    for name in request.GET:
        if name.startswith(PANELS):
            try:
                named.append(parse_source(name.removeprefix(PANELS)))
            except InputError:
                continue
    return sorted(set(named), key=lambda source: (source != REAL, source))[:MAX_SOURCES] or [
        REAL,
        DCGAN,
        WGAN,
    ]


def _with_defaults(given: dict[str, str]) -> dict[str, str]:
    """The paper's numbers where the address names no panels."""
    if any(name.startswith(PANELS) for name in given):
        return given
    return {f"{PANELS}{REAL}": "240", f"{PANELS}{DCGAN}": "120", f"{PANELS}{WGAN}": "120"}


def _with_initial(given: dict[str, str]) -> dict[str, Any]:
    """Assumptions that the address leaves out are ours."""
    return {name: given.get(name, f"{field.initial:g}") for name, field in AssumptionForm.base_fields.items()}
