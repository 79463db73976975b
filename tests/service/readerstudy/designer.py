"""What a browser sends when the designer's form is left as it came, or changed here and there."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from readerstudy.models import Pool
from readerstudy.views.study_form import StudyForm

SMALL = {
    "name": "Breast DCE reader study",
    "warm_up_real": "3",
    "warm_up_synthetic": "3",
    "seed": "7",
}


def shown(client: Client, address: str | None = None) -> StudyForm:
    """The form of a page."""
    form: StudyForm = client.get(address or reverse("readerstudy:study_new")).context["form"]
    return form


def filled_in(form: StudyForm) -> dict[str, str]:
    """Every control of a form with its value, as a browser sends it."""
    fields = [*form, *form.questions.management_form, *(field for row in form.questions for field in row)]
    return {
        field.html_name: str(_plain(field.value()))
        for field in fields
        if not (isinstance(field.field, forms.BooleanField) and not field.value())
    }


def small_design(client: Client, **changes: str | None) -> dict[str, str]:
    """The form as it comes, with 4 real panels per class, 2 of each generator; None leaves a control out."""
    numbers = {
        f"n_{pool.source}_{lesion_class}": "4" if pool.source == "real" else "2"
        for pool in Pool.objects.all()
        for lesion_class in ("benign", "malignant", "no_findings")
    }
    values: dict[str, str | None] = {**filled_in(shown(client)), **numbers, **SMALL, **changes}
    return {name: value for name, value in values.items() if value is not None}


def post(client: Client, address: str | None = None, **changes: str | None) -> HttpResponse:
    """Send a small design with changes."""
    return client.post(address or reverse("readerstudy:study_new"), small_design(client, **changes))


def _plain(value: Any) -> Any:
    return (
        value.pk if isinstance(value, Pool) else "on" if value is True else value if value is not None else ""
    )
