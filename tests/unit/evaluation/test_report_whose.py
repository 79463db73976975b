"""Whose lines of a results page are shown: every line is somebody's, and none is shown to nobody."""

from typing import Any

import pytest

from evaluation.core.report.whose import EVERYBODY, PANEL, choose


def line(reader: str, n: int = 1) -> tuple[dict[str, Any], str]:
    return ({"reader": reader, "n": n}, "how")


def section(key: str, *rows: tuple[dict[str, Any], str]) -> dict[str, Any]:
    return {"family": {"key": key}, "parts": [{"title": "Part", "common": "", "rows": list(rows)}]}


SECTIONS = [
    section("chance", line("R01"), line("R02")),
    section("panel", line("all readers"), line("group layperson"), line("R02")),
]
READERS = {"R01", "R02", "R03"}


def shown(whose: str) -> list[list[str]]:
    chosen = choose(SECTIONS, readers=READERS, whose=whose)
    return [[row["reader"] for part in one["parts"] for row, _ in part["rows"]] for one in chosen.sections]


@pytest.mark.parametrize("whose", ["", PANEL, "R99", "group layperson"])
def test_the_panel_is_shown_unless_somebody_known_is_asked_for(whose: str) -> None:
    assert choose(SECTIONS, readers=READERS, whose=whose).whose == PANEL
    assert shown(whose) == [[], ["all readers", "group layperson"]]


def test_a_reader_and_everybody() -> None:
    assert shown("R02") == [["R02"], ["R02"]]
    assert shown("R01") == [["R01"], []]
    assert shown(EVERYBODY) == [["R01", "R02"], ["all readers", "group layperson", "R02"]]


def test_the_choices_together_are_everything_once() -> None:
    names = choose(SECTIONS, readers=READERS, whose="").names
    assert names == ("R01", "R02")  # R03 has no line of their own
    pieces = [one for whose in (PANEL, *names) for part in shown(whose) for one in part]
    assert sorted(pieces) == sorted(one for part in shown(EVERYBODY) for one in part)


def test_what_is_hidden_is_counted() -> None:
    assert [one["n_hidden"] for one in choose(SECTIONS, readers=READERS, whose="").sections] == [2, 1]
    assert [one["n_hidden"] for one in choose(SECTIONS, readers=READERS, whose=EVERYBODY).sections] == [0, 0]
