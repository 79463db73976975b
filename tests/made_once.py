"""What is costly to make is made by the first test that asks for it and put back for the others: its rows and its files.

Each test has rows and files of its own, as if it had made them, so that none meets what another did to them.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model


class Repeatable(Protocol):
    """Something besides rows that tests change: each gets one of its own."""

    def again(self) -> Self: ...


Made = TypeVar("Made", bound=Model | Repeatable)
Rows = dict[type[Model], dict[Any, Model]]
_KEPT: dict[Callable[[], Any], "_Kept"] = {}


@dataclass(frozen=True)
class _Kept:
    made: Any
    rows: Rows
    folder: Path


def once(make: Callable[[], Made], folders: pytest.TempPathFactory) -> Made:
    """What `make` returned, with everything that it stored."""
    if make in _KEPT:
        _put_back(_KEPT[make])
    else:
        _KEPT[make] = _keep(make, folders.mktemp("made-once"))
    made: Made = _KEPT[make].made
    return type(made)._base_manager.get(pk=made.pk) if isinstance(made, Model) else made.again()


def _keep(make: Callable[[], Any], folder: Path) -> _Kept:
    data: Path = settings.READERSTUDY_DATA
    before = _rows()
    assert not data.exists() or not any(data.iterdir()), "files of this test would be put back for others"
    made = make()
    after = _rows()
    for model, rows in before.items():
        for known, row in rows.items():
            assert _values(after[model][known]) == _values(row), (
                f"{row!r} was there before and is not put back"
            )
    shutil.copytree(data, folder, dirs_exist_ok=True)
    new = {
        model: {known: row for known, row in rows.items() if known not in before[model]}
        for model, rows in after.items()
    }
    return _Kept(made, new, folder)


def _put_back(kept: _Kept) -> None:
    shutil.copytree(kept.folder, settings.READERSTUDY_DATA, dirs_exist_ok=True)
    for model, rows in kept.rows.items():
        if rows:
            model._base_manager.bulk_create(rows.values())


def _rows() -> Rows:
    models = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    return {model: model._base_manager.in_bulk() for model in models if not model._meta.proxy}


def _values(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}
