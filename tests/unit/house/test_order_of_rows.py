"""Rows of the same moment keep their order: a database may give equals in any, and another one on the next page."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

MODELS = [
    model
    for app in ("generation", "readerstudy", "evaluation")
    for model in apps.get_app_config(app).get_models()
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_is_ordered_by_time_is_ordered_by_key_in_the_end(model: Any) -> None:
    names = [name.removeprefix("-") for name in model._meta.ordering]
    times = [
        name
        for name in names
        if "__" not in name and name != "pk" and isinstance(model._meta.get_field(name), models.DateField)
    ]
    assert not times or names[-1] == "pk"
