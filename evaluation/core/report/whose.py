"""Whose lines of a results page are shown: the panel's, one reader's, or everybody's."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

PANEL: Final = "panel"
EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sections of a page as far as they were chosen.

    Attributes
    ----------
    whose : `PANEL` (all readers together, groups and contrasts), `EVERYBODY`, or the name of a reader
    names : readers who have lines of their own, sorted
    sections : as `page.to_json` writes them, each with `n_hidden`, the number of its lines that were not chosen
    """

    whose: str
    names: tuple[str, ...]
    sections: tuple[dict[str, Any], ...]


def choose(sections: Sequence[dict[str, Any]], *, readers: Collection[str], whose: str) -> Chosen:
    """Choose lines; where nobody or an unknown reader is asked for, the panel's.

    Parameters
    ----------
    sections : as `page.to_json` writes them
    readers : names of all readers of the study
    whose : what an address asks for
    """
    found = {line["reader"] for section in sections for part in section["parts"] for line, _ in part["rows"]}
    names = tuple(sorted(found.intersection(readers)))
    if whose not in {PANEL, EVERYBODY, *names}:
        whose = PANEL

    def is_chosen(line: dict[str, Any]) -> bool:
        if whose == PANEL:
            return line["reader"] not in names
        return whose in {EVERYBODY, line["reader"]}

    return Chosen(whose, names, tuple(_of(section, is_chosen) for section in sections))


def _of(section: dict[str, Any], is_chosen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    n_lines = sum(len(part["rows"]) for part in section["parts"])
    parts = [
        {**part, "rows": rows}
        for part in section["parts"]
        if (rows := [row for row in part["rows"] if is_chosen(row[0])])
    ]
    return {**section, "parts": parts, "n_hidden": n_lines - sum(len(part["rows"]) for part in parts)}
